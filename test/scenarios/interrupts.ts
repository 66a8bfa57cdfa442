import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { waitUntil } from '../lab/processes.ts';
import { root, type StepResult } from '../support/action.ts';
import type { AppOnDisk } from '../support/registry-app.ts';
import { fakePrograms } from '../support/registry-programs.ts';
import { messagesOf } from './faults-shown.ts';
import { answering, type Scene, writeGreeting, writeNodeApp } from './lab-scene.ts';

/** Milliseconds within which an interrupted run must have ended. */
const promised = 5000;

interface Interruption {
  readonly scene: Scene;
  readonly app: Pick<AppOnDisk, 'path'>;
  readonly namespace: string;
  readonly signal: NodeJS.Signals;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Sends the signal as soon as the log has this. */
  readonly at?: RegExp;
  /** Is given what sends the signal. */
  readonly when?: (interrupt: () => void) => void;
}

/** Deploys and interrupts; fails when the run takes longer to end than promised. */
async function interrupted(interruption: Interruption): Promise<StepResult> {
  const { scene, app, namespace, signal, at, when, inputs = {}, env = {} } = interruption;
  let process_: number | undefined;
  let sent: number | undefined;
  let log = '';
  const interrupt = () => {
    if (sent !== undefined || process_ === undefined) return;
    sent = performance.now();
    process.kill(process_, signal);
  };
  const result = await scene.deploy(app, namespace, inputs, {
    env,
    onStart: pid => {
      process_ = pid;
      when?.(interrupt);
    },
    onLog: text => {
      log += text;
      if (at?.test(log)) interrupt();
    },
  });
  assert(sent !== undefined, `the run was over before it could be interrupted:\n${result.log}`);
  assert(performance.now() - sent < promised, `the run took ${performance.now() - sent} ms to end`);
  assert.equal(result.code, 1);
  assert.match(messagesOf(result), /^The run was interrupted\. .+ run again to complete it\.$/);
  return result;
}

/** Scenarios of runs that are stopped from outside, one for each phase. */
export function interruptTests(scene: () => Scene): void {
  test('are interrupted while the app is read are never made', async () => {
    await using app = await writeGreeting(answering('hello'));
    const at = /::group::Read the app/;
    await interrupted({ scene: scene(), app, namespace: 'i-read', signal: 'SIGINT', at });
    assert.equal((await scene().lab.request('GET', '/api/v1/namespaces/i-read')).status, 404);
  });

  test('are interrupted while packages are installed leave no process and no files behind', async () => {
    await using programs = await fakePrograms({ npm: 'sleep 1000 & echo "$! $$ $PWD" >"$RECORD/started"; wait' });
    const env = { PATH: `${programs.environment.PATH}${delimiter}${process.env.PATH}` };
    const app = { path: join(root, 'test/apps/crashing') };
    const when = (interrupt: () => void) => {
      void waitUntil('npm runs', async () => (await programs.read('started')) !== '').then(interrupt);
    };
    await interrupted({ scene: scene(), app, namespace: 'i-install', signal: 'SIGTERM', env, when });
    const [sleeping, shell, folder = ''] = (await programs.read('started')).trim().split(' ');
    for (const pid of [sleeping, shell]) assert(!isRunning(pid), `process ${pid} still runs`);
    assert(!existsSync(folder), `folder ${folder} is still there`);
    assert.equal((await scene().lab.request('GET', '/api/v1/namespaces/i-install')).status, 404);
  });

  test('are interrupted while the image is uploaded are never made, and the next run makes them', async () => {
    const { registry } = scene().lab;
    await using app = await writeGreeting(answering('uploaded'));
    const when = (interrupt: () => void) =>
      registry.answerInstead(({ method, path }) => {
        if (method !== 'POST' || !path.includes('/blobs/uploads/')) return undefined;
        interrupt();
        return { status: 503, code: 'UNAVAILABLE', message: 'later', headers: { 'retry-after': '30' } };
      });
    await interrupted({ scene: scene(), app, namespace: 'i-upload', signal: 'SIGINT', when });
    registry.answerInstead(undefined);
    assert.equal((await scene().lab.request('GET', '/api/v1/namespaces/i-upload')).status, 404);
    const next = await scene().deploy(app, 'i-upload', { verify: 'ready' });
    assert.equal(next.code, 0, next.log);
  });

  for (const [phase, signal] of [
    ['Apply', 'SIGTERM'],
    ['Wait', 'SIGINT'],
  ] as const) {
    test(`are interrupted in the phase "${phase}" are recorded so, and the next run completes them`, async () => {
      const namespace = `i-${phase.toLowerCase()}`;
      await using app = await writeGreeting(answering(phase));
      const at = new RegExp(`::group::${phase}`);
      const result = await interrupted({ scene: scene(), app, namespace, signal, at });
      assert.deepEqual(await scene().releases(namespace), { 1: 'interrupted' });
      assert.equal(result.outputs.release, '1');
      assert.match(result.summary, /Release 1 is recorded as interrupted/);
      const next = await scene().deploy(app, namespace, { verify: 'ready' });
      assert.equal(next.code, 0, next.log);
      assert.deepEqual(await scene().releases(namespace), { 1: 'interrupted', 2: 'deployed' });
    });
  }

  test('are interrupted while their functions are verified are recorded so', async t => {
    if (scene().lab.nodeKind === 'fake') return t.skip('without a real node nothing can be verified');
    await using app = await writeNodeApp(
      "const { app } = require('@azure/functions');\nfor (;;);\napp.http('greet', { handler: () => ({}) });\n",
    );
    await interrupted({ scene: scene(), app, namespace: 'i-verify', signal: 'SIGTERM', at: /::group::Verify/ });
    assert.deepEqual(await scene().releases('i-verify'), { 1: 'interrupted' });
  });

  test('are interrupted on the command line end it with 130 and the reason in its last line', async () => {
    await using app = await writeGreeting(answering('hello'));
    const { code, stderr } = await interruptCommand(scene(), app);
    assert.equal(code, 130);
    assert.match(stderr.trimEnd().split('\n').at(-1) ?? '', /^Error: The run was interrupted\./);
    assert.deepEqual(await scene().releases('i-command'), { 1: 'interrupted' });
  });
}

/** Runs the command `deploy`, its secrets in the environment, and interrupts it when it waits. */
async function interruptCommand(
  scene: Scene,
  app: AppOnDisk,
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const inputs = Object.entries(scene.inputs('i-command')).filter(([name]) => name !== 'auth');
  const variables = inputs.map(([name, value]) => [`AKS_FUNCTIONS_${name.toUpperCase().replaceAll('-', '_')}`, value]);
  const child = spawn(process.execPath, [join(root, 'dist/cli.cjs'), 'deploy'], {
    cwd: app.path,
    env: { PATH: process.env.PATH, ...Object.fromEntries(variables) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text;
    if (!child.killed && /^Wait$/m.test(stderr)) child.kill('SIGINT');
  });
  return new Promise(resolve => {
    child.once('close', code => resolve({ code, stderr }));
  });
}

/** Whether the process does anything still; one that has ended may wait for its parent to take notice. */
function isRunning(pid: string | undefined): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) [ZX] /.test(readFileSync(stat, 'utf8'));
}
