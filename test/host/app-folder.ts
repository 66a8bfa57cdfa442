import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheFolder, filledFolder } from '../lab/cache.ts';
import { outputOf } from '../lab/command.ts';

const apps = join(import.meta.dirname, '../apps');
const nodeModules = join(import.meta.dirname, '../lab/node_modules');

export interface AppFolder extends AsyncDisposable {
  readonly path: string;
}

/** Copy of one of the sample apps with its dependencies, gone when disposed. */
export async function sampleApp(name: string): Promise<AppFolder> {
  return appFolder(path => cp(join(apps, name), path, { recursive: true }));
}

/** App of the files given by path and text, with the official libraries of both runtimes. */
export async function appOf(files: Readonly<Record<string, string>>): Promise<AppFolder> {
  return appFolder(async path => {
    for (const [name, text] of Object.entries({ 'host.json': '{"version":"2.0"}', ...files })) {
      await mkdir(dirname(join(path, name)), { recursive: true });
      await writeFile(join(path, name), text);
    }
  });
}

async function appFolder(fill: (path: string) => Promise<void>): Promise<AppFolder> {
  const path = await mkdtemp(join(tmpdir(), 'aks-functions-app-'));
  await fill(path);
  await symlink(nodeModules, join(path, 'node_modules'));
  await mkdir(join(path, '.python_packages/lib'), { recursive: true });
  await symlink(await pythonLibrary(), join(path, '.python_packages/lib/site-packages'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Folder with the official Python library, kept in the cache. */
async function pythonLibrary(): Promise<string> {
  const requirement = 'azure-functions==1.26.0';
  const folder = join(cacheFolder(), 'lab', requirement.replace('==', '-'));
  const flags = ['--quiet', '--no-warn-script-location', '--root-user-action=ignore'];
  const install = (part: string) =>
    outputOf('python3', ['-m', 'pip', 'install', ...flags, '--target', part, requirement]);
  return filledFolder(folder, async part => void (await install(part)), console.error);
}
