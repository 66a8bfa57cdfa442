import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../src/errors.ts';
import { cacheFolder, cacheKey, exists, filledFolder, type Say } from './cache.ts';
import { findProgram, outputOf } from './command.ts';
import { kedaDefinitions, kwokStages } from './tool-manifests.ts';

/** One Go module below `tools/`: what `go build` gets beside the common flags, and what its programs are called here. */
interface ToolModule {
  readonly name: string;
  readonly flags: readonly string[];
  readonly linker: string;
  readonly programs: readonly string[];
  readonly renamed?: Readonly<Record<string, string>>;
}

const kubernetesVersion = 'k8s.io/component-base/version';

/** Small modules first, so that a machine that cannot build says so early. */
const modules: readonly ToolModule[] = [
  {
    name: 'rest',
    flags: [],
    linker: '-s -w',
    programs: ['crane', 'etcd', 'kwok', 'registry'],
    renamed: { server: 'etcd' },
  },
  {
    name: 'containerd',
    flags: ['-tags', 'no_btrfs no_devmapper no_zfs'],
    linker: '-s -w',
    programs: ['containerd', 'containerd-shim-runc-v2', 'ctr'],
  },
  {
    name: 'kubernetes',
    flags: [],
    // Without these the API server calls itself v0.0.0, and clients that look at versions go astray.
    linker: `-s -w -X ${kubernetesVersion}.gitVersion=v1.36.3 -X ${kubernetesVersion}.gitMajor=1 -X ${kubernetesVersion}.gitMinor=36`,
    programs: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl', 'kubelet'],
  },
  {
    name: 'keda',
    flags: [],
    linker: '-s -w -X github.com/kedacore/keda/v2/version.Version=2.21.0',
    programs: ['keda-operator', 'keda-adapter', 'keda-webhooks'],
    renamed: { operator: 'keda-operator', adapter: 'keda-adapter', webhooks: 'keda-webhooks' },
  },
];

/** Files beside the programs: KEDA's definitions as a JSON list, and the life of pods on fake nodes. */
export const manifestFiles = { definitions: 'keda-crds.json', stages: 'kwok-stages.json' } as const;

const contents = [...modules.flatMap(module => module.programs), ...Object.values(manifestFiles)];
const sources = join(import.meta.dirname, 'tools');

/**
 * Folder with the programs and manifests of the lab: the one that `AKS_FUNCTIONS_LAB_BIN` names, else one in the cache,
 * built from the Go modules beside this file when it is not there yet.
 * Throws a UserError when the named folder is incomplete, Go is missing, or a module cannot be built.
 */
export async function labTools(say: Say): Promise<string> {
  const named = process.env.AKS_FUNCTIONS_LAB_BIN;
  if (named) return checked(named);
  if (!(await findProgram('go')))
    throw new UserError(
      'The lab builds its programs with Go, and "go" was not found. Install Go 1.21 or newer, or name a folder of built programs in AKS_FUNCTIONS_LAB_BIN.',
    );
  const folder = join(cacheFolder(), 'lab', `bin-${await recipeKey()}`);
  return filledFolder(folder, part => buildAll(part, say), say);
}

async function checked(folder: string): Promise<string> {
  const present = await Promise.all(contents.map(name => exists(join(folder, name))));
  const missing = contents.filter((_, index) => !present[index]);
  if (missing.length === 0) return folder;
  throw new UserError(
    `AKS_FUNCTIONS_LAB_BIN names "${folder}", which lacks ${missing.join(', ')}. Add them, or unset the variable to build all.`,
  );
}

/** Changes with everything that shapes the programs: modules, recipe, compiler, machine. */
async function recipeKey(): Promise<string> {
  const files = modules.flatMap(({ name }) => ['go.mod', 'go.sum'].map(file => join(sources, name, file)));
  const hashes = await Promise.all(
    files.map(async file =>
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    ),
  );
  const compiler = await outputOf('go', ['env', 'GOVERSION', 'GOOS', 'GOARCH'], { cwd: join(sources, 'kubernetes') });
  return cacheKey([
    ...hashes,
    JSON.stringify(modules),
    JSON.stringify(manifestFiles),
    'definitions labelled',
    compiler,
  ]);
}

async function buildAll(folder: string, say: Say): Promise<void> {
  say(`Building the lab's programs into "${folder}": once, about 15 minutes on 2 cores.`);
  for (const module of modules) await build(module, folder, say);
  await writeFile(
    join(folder, manifestFiles.definitions),
    JSON.stringify(await kedaDefinitions(folder, join(sources, 'keda'))),
  );
  await writeFile(join(folder, manifestFiles.stages), JSON.stringify(await kwokStages(folder, join(sources, 'rest'))));
  await checked(folder);
}

async function build(module: ToolModule, folder: string, say: Say): Promise<void> {
  const began = Date.now();
  const place = `${modules.indexOf(module) + 1} of ${modules.length}`;
  const title = `module "${module.name}" (${place}: ${module.programs.join(', ')})`;
  const elapsed = () => `${Math.round((Date.now() - began) / 1000)} s`;
  say(`Building ${title}.`);
  const progress = setInterval(() => say(`Still building ${title}, ${elapsed()}.`), 30_000);
  try {
    const args = ['build', '-trimpath', ...module.flags, '-ldflags', module.linker, '-o', `${folder}/`, 'tool'];
    await outputOf('go', args, { cwd: join(sources, module.name), env: { ...process.env, CGO_ENABLED: '0' } });
  } catch (error) {
    throw new UserError(
      `Building ${title} failed after ${elapsed()}. Repair the cause below and start again; what was compiled is kept.`,
      { cause: error },
    );
  } finally {
    clearInterval(progress);
  }
  for (const [built, name] of Object.entries(module.renamed ?? {}))
    await rename(join(folder, built), join(folder, name));
  say(`Built ${title} in ${elapsed()}.`);
}
