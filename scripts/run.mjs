// Starts a task of this repository from any Node since 20: brings Node 24 and the npm packages, then hands over.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, copyFile, mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);
const nodeVersion = '24.21.0';
const oldestNode = [24, 11];

/** What each task runs, and the folders whose npm packages it needs. */
const tasks = {
  demo: { script: 'scripts/demo.ts', packages: ['.', 'test/lab'] },
  lab: { script: 'test/lab/main.ts', packages: ['.', 'test/lab'] },
  test: { script: 'scripts/test.ts', packages: ['.', 'test/lab'] },
  bench: { script: 'scripts/bench.ts', packages: ['.', 'test/lab'] },
  build: { script: 'scripts/build.ts', packages: ['.'] },
  generate: { script: 'scripts/generate.ts', packages: ['.'] },
};

const say = line => console.error(line);
const exists = path => access(path).then(() => true, () => false);
const cache = process.env.AKS_FUNCTIONS_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'aks-functions');

/** Runs a program on our terminal; gives its exit code, or the signal that ended it. Signals sent to us reach it. */
function run(program, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', ...options });
    const pass = signal => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, pass);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      for (const name of signals) process.removeListener(name, pass);
      resolve({ code, signal });
    });
  });
}

/** npm's own start file, so that the Node of our choice can run it: beside this Node, or where `npm` on the path leads. */
async function npmScript() {
  const beside = ['../lib/node_modules/npm/bin/npm-cli.js', 'node_modules/npm/bin/npm-cli.js'];
  const onPath = (process.env.PATH ?? '').split(delimiter).filter(Boolean).map(folder => join(folder, 'npm'));
  const candidates = [process.env.npm_execpath, ...beside.map(path => join(dirname(process.execPath), path)), ...onPath];
  for (const candidate of candidates.filter(Boolean)) {
    const file = await realpath(candidate).catch(() => '');
    if (/npm-cli\.c?js$/.test(file)) return file;
  }
  throw new Error('npm was not found. Install npm, or run this by "npm run".');
}

async function npm(node, args, cwd) {
  // Standard output is the task's; npm reports on standard error.
  const { code, signal } = await run(node, [await npmScript(), ...args], { cwd, stdio: ['ignore', 2, 2] });
  if (code !== 0) throw new Error(`"npm ${args.join(' ')}" in "${cwd}" ended with ${code ?? signal}. Its output is above.`);
}

function isRecent(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
}

/** Path of a Node that runs TypeScript files as they are: this one, or one from the cache, fetched when missing. */
async function provideNode() {
  if (isRecent(process.versions.node)) return process.execPath;
  const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const folder = join(cache, `node-${nodeVersion}-${platform}`);
  if (await exists(join(folder, name))) return join(folder, name);
  say(`Fetching Node ${nodeVersion} (this is ${process.versions.node}) into "${folder}".`);
  const part = `${folder}.${process.pid}`;
  try {
    await mkdir(part, { recursive: true });
    const wanted = `node-${platform}@${nodeVersion}`;
    await npm(process.execPath, ['install', '--prefix', part, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error', wanted], part);
    await mkdir(join(part, 'ready'));
    await copyFile(join(part, 'node_modules', `node-${platform}`, 'bin', name), join(part, 'ready', name));
    // Another run may have been faster; its folder holds the same.
    await rename(join(part, 'ready'), folder).catch(() => undefined);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
  return join(folder, name);
}

/** Installs the packages of one folder when they are missing or were made from another lock file. */
async function providePackages(node, folder) {
  const directory = join(root, folder);
  const lock = createHash('sha256').update(await readFile(join(directory, 'package-lock.json'))).digest('hex');
  const stamp = join(directory, 'node_modules', '.installed-lock');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === lock) return;
  say(`Installing npm packages in "${directory}".`);
  await npm(node, ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'], directory);
  await writeFile(stamp, lock);
}

async function main([name, ...args]) {
  const task = Object.hasOwn(tasks, name ?? '') ? tasks[name] : undefined;
  if (!task) throw new Error(`Task "${name ?? ''}" is not known. Use one of: ${Object.keys(tasks).join(', ')}.`);
  const node = await provideNode();
  for (const folder of task.packages) await providePackages(node, folder);
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` };
  return run(node, [join(root, task.script), ...args], { env });
}

try {
  const { code, signal } = await main(process.argv.slice(2));
  if (signal) process.kill(process.pid, signal);
  process.exitCode = code ?? 1;
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
