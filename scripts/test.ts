import { spawn } from 'node:child_process';
import { glob } from 'node:fs/promises';
import { join, matchesGlob } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '..');
const args = process.argv.slice(2);
const verbose = args.includes('--verbose');

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A part of all that is tested, cheapest first. */
interface Group {
  readonly name: string;
  run(): Promise<Counts>;
}

const none: Counts = { passed: 0, failed: 0, skipped: 0 };
const distTests = ['test/repository/dist.test.ts', 'test/repository/generated.test.ts'];
// What each of these needs starts only once, and several labs at a time would take each other's processor.
const oneByOne = ['--test-concurrency=1'];

const groups: readonly Group[] = [
  { name: 'check', run: checks },
  { name: 'core', run: () => tests(['test/core/**/*.test.ts'], [], ['--test-isolation=none']) },
  {
    name: 'units',
    run: () => tests(['test/**/*.test.ts'], ['test/{core,host,lab,scenarios,apps,golden}/**', ...distTests], []),
  },
  { name: 'dist', run: () => tests(distTests, [], oneByOne) },
  {
    name: 'lab',
    run: () => tests(['test/host/**/*.test.ts', 'test/lab/**/*.test.ts'], ['**/node_modules/**'], oneByOne),
  },
  { name: 'scenarios', run: () => tests(['test/scenarios/**/*.test.ts'], [], oneByOne) },
];

/** Type check and formatting, each counted as one test. */
async function checks(): Promise<Counts> {
  const commands = [
    ['node_modules/typescript/bin/tsc', '--noEmit'],
    ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'],
  ];
  const results: Counts[] = [];
  for (const command of commands) {
    const { code } = await run(command);
    results.push({ ...none, [code === 0 ? 'passed' : 'failed']: 1 });
  }
  return sum(results);
}

/** Runs the test files of the patterns and counts what the reporter says; a run that breaks off counts as a failure. */
async function tests(
  patterns: readonly string[],
  except: readonly string[],
  flags: readonly string[],
): Promise<Counts> {
  const files: string[] = [];
  for await (const file of glob([...patterns], { cwd: root })) {
    if (!except.some(pattern => matchesGlob(file, pattern))) files.push(file);
  }
  if (files.length === 0) return none;
  const { code, counts = none } = await run([
    '--test',
    '--test-reporter=./test/support/reporter.ts',
    ...flags,
    ...files,
  ]);
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/** Runs Node on `command` and passes its output on, apart from the reporter's last line: that comes back as counts. */
async function run(
  command: readonly string[],
): Promise<{ readonly code: number; readonly counts: Counts | undefined }> {
  const environment = { ...process.env, ...(verbose ? { AKS_FUNCTIONS_TESTS: 'verbose' } : {}) };
  const child = spawn(process.execPath, command, { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  const stop = (signal: NodeJS.Signals) => child.kill(signal);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject).once('close', code => resolve(code ?? 1));
  });
  let counts: Counts | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    counts = parseCounts(line) ?? counts;
    if (!parseCounts(line)) console.log(line);
  }
  const code = await ended;
  process.off('SIGINT', stop).off('SIGTERM', stop);
  return { code, counts };
}

function parseCounts(line: string): Counts | undefined {
  const [, passed, failed, skipped] = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(line) ?? [];
  return skipped === undefined
    ? undefined
    : { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}

function sum(all: readonly Counts[]): Counts {
  const total = (key: keyof Counts) => all.reduce((count, counts) => count + counts[key], 0);
  return { passed: total('passed'), failed: total('failed'), skipped: total('skipped') };
}

async function timed(group: Group): Promise<Counts> {
  const start = performance.now();
  const counts = await group.run();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(
    `${group.name.padEnd(10)} ${seconds.padStart(6)} s  ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`,
  );
  return counts;
}

/** The groups that were named, or all. */
function chosenGroups(): readonly Group[] {
  const names = args.filter(arg => !arg.startsWith('-'));
  const unknown = names.filter(name => !groups.some(group => group.name === name));
  if (unknown.length > 0)
    throw new Error(
      `No group of tests is named "${unknown.join('", "')}". There are ${groups.map(group => group.name).join(', ')}.`,
    );
  return names.length === 0 ? groups : groups.filter(group => names.includes(group.name));
}

const results: Counts[] = [];
for (const group of chosenGroups()) results.push(await timed(group));
const { passed, failed, skipped } = sum(results);
if (skipped > 0) console.log(`${skipped} skipped, for the reasons above or shown by --verbose`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
