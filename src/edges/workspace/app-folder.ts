import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { appRoot } from '../../core/image-config.ts';
import { type DependencyPlan, dependencyFolders } from '../../core/image-dependencies.ts';
import type { SourceTree } from '../../core/project.ts';
import { UserError } from '../../errors.ts';
import type { AppContent, Log, StagedApp, Workspace } from '../../flows/ports.ts';
import { childEnvironment } from '../processes.ts';
import { openStaging } from '../staging.ts';
import { hashOf } from './files.ts';
import { installNpm, installPip } from './install.ts';
import { appBounds, type Bounds, type Entry, ignoredByApp, listFolder } from './listing.ts';
import { sourceTreeOf } from './source.ts';
import { tarOf } from './tar.ts';

/** Which folder, and what its children may see. */
export interface AppFolderOptions {
  readonly directory: string;
  readonly log: Log;
  readonly environment: NodeJS.ProcessEnv;
  readonly bounds?: Bounds;
}

const installedFolders: readonly string[] = Object.values(dependencyFolders);
// npm's own notes differ between its versions, and scripts of pip name the Python of this machine.
const neverStaged =
  /^node_modules\/\.package-lock\.json$|^\.python_packages\/lib\/site-packages\/bin\/$|\/__pycache__\/$/;

/** A function app on disk: its sources, and its content for an image. Writes nothing into it. */
export class AppFolder implements Workspace, AppContent {
  readonly #options: AppFolderOptions;
  #listing: Promise<Listing> | undefined;

  constructor(options: AppFolderOptions) {
    this.#options = options;
  }

  async readSource(): Promise<SourceTree> {
    const { root, entries, installed } = await this.#list();
    return sourceTreeOf(root, entries, installed);
  }

  async hash(dependencies: DependencyPlan, signal: AbortSignal): Promise<string> {
    return hashOf(await this.#ownEntries(dependencies), JSON.stringify(dependencies), signal);
  }

  async stage(dependencies: DependencyPlan, signal: AbortSignal): Promise<StagedApp> {
    const own = await this.#ownEntries(dependencies);
    if (dependencies.kind === 'none' || dependencies.kind === 'vendored') return stagedApp(own, undefined);
    await using cleanup = new AsyncDisposableStack();
    const staging = cleanup.use(await openStaging(this.#options.environment));
    await this.#install(dependencies, staging.path, signal);
    const added = await listStaged(staging.path);
    const kept = cleanup.move();
    return stagedApp([...own, ...added], kept);
  }

  async #install(plan: DependencyPlan & { kind: 'npm' | 'pip' }, staging: string, signal: AbortSignal): Promise<void> {
    const { log, environment } = this.#options;
    const { root } = await this.#list();
    // What the tools put aside lies beside what they install: on the same disk, and removed with it.
    const forChildren = { ...childEnvironment(environment), TMPDIR: staging };
    const installation = { app: root, staging, environment: forChildren, log };
    if (plan.kind === 'npm') await installNpm(plan, installation, signal);
    else await installPip(plan, installation, signal);
  }

  // Installed packages of this machine stay out when the image gets its own. Packages come last, as a label of the
  // image says, so that whoever reads its functions can stop before them.
  async #ownEntries(dependencies: DependencyPlan): Promise<readonly Entry[]> {
    const { root, entries } = await this.#list();
    if (dependencies.kind !== 'vendored') return entries;
    const inFolder = await ignoredByApp(root);
    const vendored = await listFolder(
      root,
      path => inFolder(path) || !path.startsWith(`${dependencies.folder}/`),
      this.#options.bounds,
    );
    return [...entries, ...vendored];
  }

  #list(): Promise<Listing> {
    this.#listing ??= list(this.#options);
    return this.#listing;
  }
}

interface Listing {
  /** Real path of the app folder. */
  readonly root: string;
  /** Without installed dependencies. */
  readonly entries: readonly Entry[];
  /** Folders of installed dependencies that are there. */
  readonly installed: readonly string[];
}

async function list({ directory, bounds = appBounds }: AppFolderOptions): Promise<Listing> {
  const root = await realpath(resolve(directory)).catch(error => {
    throw new UserError(
      `The app folder "${directory}" does not exist. Set input "app-directory" to the folder of "host.json".`,
      { cause: error },
    );
  });
  const ignored = await ignoredByApp(root);
  const installed: string[] = [];
  const entries = await listFolder(
    root,
    path => {
      const folder = installedFolders.find(name => path === `${name}/`);
      if (folder !== undefined) installed.push(folder);
      return folder !== undefined || ignored(path);
    },
    bounds,
  );
  return { root, entries, installed };
}

async function listStaged(staging: string): Promise<readonly Entry[]> {
  const dependencies = (path: string) => installedFolders.some(name => `${path}/`.startsWith(`${name}/`));
  return listFolder(staging, path => neverStaged.test(path) || !dependencies(path));
}

function stagedApp(entries: readonly Entry[], cleanup: AsyncDisposable | undefined): StagedApp {
  return {
    tar: signal => tarOf(entries, appRoot.slice(1), signal),
    [Symbol.asyncDispose]: async () => {
      await cleanup?.[Symbol.asyncDispose]();
    },
  };
}
