import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Repository, type RunEvent, type RunOptions, type RunRecord, run } from '../support/runner/index.ts';

/** A push to the main branch. */
export const push: RunEvent = {
  name: 'push',
  ref: 'refs/heads/main',
  sha: '5f0c8a1b2c3d4e5f60718293a4b5c6d7e8f90123',
  payload: { repository: { id: 4711, full_name: 'acme/shop', owner: { id: 815 } }, sender: { login: 'octocat' } },
};

/** Makes a repository of these files. */
export async function repositoryOf(
  files: Readonly<Record<string, string>>,
  name = 'acme/shop',
): Promise<Repository & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'repository-'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return { name, folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** Runs the workflow `ci.yml` among these files; each key of `jobs` is the YAML of one job. */
export async function runFiles(
  files: Readonly<Record<string, string>>,
  options: Partial<RunOptions> = {},
): Promise<RunRecord> {
  await using repository = await repositoryOf(files);
  return await run({ repository, workflow: 'ci.yml', event: push, ...options });
}

/** Runs one job with these steps, given as YAML. */
export function runSteps(steps: string, more = '', options: Partial<RunOptions> = {}): Promise<RunRecord> {
  const text = steps
    .trimEnd()
    .split('\n')
    .map(line => `      ${line}`)
    .join('\n');
  return runFiles(
    { 'ci.yml': `on: push\n${more}\njobs:\n  main:\n    runs-on: ubuntu-latest\n    steps:\n${text}\n`, ...actions },
    options,
  );
}

/** Actions that the tests use by `$/`. */
export const actions: Readonly<Record<string, string>> = {
  'say/action.yml': `name: Say
description: Says and remembers
inputs:
  what: { description: Text, default: nothing }
  token: { description: Token, default: '\${{ github.token }}' }
outputs:
  said: { description: What was said }
runs: { using: node24, main: main.cjs, post: post.cjs }
`,
  'say/main.cjs': `const fs = require('node:fs');
console.log('says ' + process.env.INPUT_WHAT);
fs.appendFileSync(process.env.GITHUB_OUTPUT, 'said<<END\\n' + process.env.INPUT_WHAT + '\\nEND\\n');
fs.appendFileSync(process.env.GITHUB_STATE, 'what=' + process.env.INPUT_WHAT + '\\n');
fs.appendFileSync(process.env.GITHUB_STEP_SUMMARY, '### ' + process.env.INPUT_WHAT + '\\n');
`,
  'say/post.cjs': `console.log('post of ' + process.env.STATE_what);`,
  'twice/action.yml': `name: Twice
description: Says a thing twice
inputs:
  what: { description: Text, required: true }
outputs:
  both: { description: Both, value: '\${{ steps.one.outputs.said }}+\${{ steps.two.outputs.said }}' }
runs:
  using: composite
  steps:
    - { id: one, uses: $/say, with: { what: '\${{ inputs.what }}' } }
    - { id: two, uses: $/say, with: { what: 'again' } }
    - run: echo "input in env is '\${INPUT_WHAT-}'"
      shell: bash
`,
};

/** All lines of all steps. */
export function linesOf(record: RunRecord): readonly string[] {
  return record.jobs.flatMap(job => job.steps.flatMap(step => step.log));
}
