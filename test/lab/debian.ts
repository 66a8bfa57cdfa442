import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../src/errors.ts';
import { cacheFolder, cacheKey, exists, filledFolder, type Say } from './cache.ts';
import { findProgram, outputOf } from './command.ts';

export interface DebianOptions {
  /** With everything the packages depend on, as if nothing were installed; else exactly the packages named. */
  readonly closure: boolean;
  readonly say?: Say;
}

/** Whether this machine can fetch and unpack Debian packages. */
export async function hasDebianPackages(): Promise<boolean> {
  const programs = await Promise.all(['apt-get', 'dpkg-deb'].map(findProgram));
  return programs.every(program => program !== undefined);
}

/**
 * Folder with the files of Debian `packages`, unpacked as they are: no script of a package runs, nothing is installed
 * and no root rights are needed. The folder is kept in the cache and must not be changed: copy it.
 * Throws a UserError where there is no apt, or a package cannot be had.
 */
export async function debianRoot(packages: readonly string[], options: DebianOptions): Promise<string> {
  const { closure, say = () => undefined } = options;
  if (!(await hasDebianPackages()))
    throw new UserError(
      `Debian packages "${packages.join(' ')}" need apt-get and dpkg-deb. Use a Debian or Ubuntu machine.`,
    );
  const key = cacheKey([...packages].sort().concat(String(closure), process.arch, await release()));
  const folder = join(cacheFolder(), 'lab', `debian-${key}`);
  return filledFolder(folder, part => fetchAndUnpack(packages, { closure, say }, part), say);
}

async function release(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^VERSION_ID=.*$/m.exec(text)?.[0] ?? '';
}

async function fetchAndUnpack(
  packages: readonly string[],
  options: Required<DebianOptions>,
  root: string,
): Promise<void> {
  const archives = `${root}.debs`;
  await rm(archives, { recursive: true, force: true });
  await mkdir(archives);
  try {
    options.say(`Fetching Debian packages ${packages.join(', ')}.`);
    await download(packages, options, archives);
    for (const archive of await readdir(archives)) {
      if (archive.endsWith('.deb')) await outputOf('dpkg-deb', ['-x', join(archives, archive), root]);
    }
  } finally {
    await rm(archives, { recursive: true, force: true });
  }
}

/** With the machine's package lists when it has some, else, or when these are out of date, with lists of our own. */
async function download(packages: readonly string[], options: Required<DebianOptions>, folder: string): Promise<void> {
  const { closure, say } = options;
  const fetch = async (apt: Apt) => {
    const wanted = closure ? await closureOf(packages, folder, apt) : packages;
    await apt(['download', ...wanted], folder);
  };
  if (await hasLists()) {
    const failure = await fetch(aptWith([])).catch((error: unknown) => error);
    if (failure === undefined) return;
    say('The package lists of this machine did not do; fetching newer ones into the cache.');
  }
  await fetch(await aptWithOwnLists());
}

type Apt = (args: readonly string[], cwd: string) => Promise<string>;

// Root's apt would hand the download to a user who may not write into our folder.
const unsandboxed = ['-o', 'APT::Sandbox::User=root'];

function aptWith(options: readonly string[]): Apt {
  return (args, cwd) => outputOf('apt-get', ['-qq', ...unsandboxed, ...options, ...args], { cwd });
}

async function hasLists(): Promise<boolean> {
  const names = await readdir('/var/lib/apt/lists').catch(() => []);
  return names.some(name => name.includes('_Packages'));
}

async function aptWithOwnLists(): Promise<Apt> {
  const folder = join(cacheFolder(), 'lab', 'apt');
  for (const part of ['lists/partial', 'cache/archives/partial']) await mkdir(join(folder, part), { recursive: true });
  const apt = aptWith(['-o', `Dir::State::lists=${folder}/lists`, '-o', `Dir::Cache=${folder}/cache`]);
  await apt(['update'], folder);
  return apt;
}

/** `name=version` of the packages and all they need: with an empty status file apt believes that nothing is installed. */
async function closureOf(packages: readonly string[], folder: string, apt: Apt): Promise<readonly string[]> {
  const status = join(folder, 'status');
  if (!(await exists(status))) await writeFile(status, '');
  const simulated = ['install', '--print-uris', '-y', '--no-install-recommends', '-o', `Dir::State::status=${status}`];
  const lines = (await apt([...simulated, ...packages], folder)).split('\n').filter(line => line.startsWith("'"));
  return lines.map(line => {
    const [name, version] = (line.split(' ')[1] ?? '').split('_');
    return `${name}=${decodeURIComponent(version ?? '')}`;
  });
}
