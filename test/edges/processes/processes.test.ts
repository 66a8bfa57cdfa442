import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { childEnvironment, runProgram } from '../../../src/edges/processes.ts';
import { fakePrograms } from '../../support/registry-programs.ts';

const signal = new AbortController().signal;
const shell = (script: string, deadline = 10_000) => ({
  program: '/bin/sh',
  arguments: ['-c', script],
  environment: { PATH: '/usr/bin:/bin' },
  deadline,
  whenMissing: 'Install it.',
});

describe('environment of children', () => {
  it('has neither inputs nor tokens of the job', () => {
    const given = {
      PATH: '/bin',
      HOME: '/root',
      INPUT_REGISTRY: 'a',
      'INPUT_REGISTRY-PASSWORD': 'b',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'c',
      ACTIONS_ID_TOKEN_REQUEST_URL: 'd',
      ACTIONS_RUNTIME_TOKEN: 'c',
      ACTIONS_RESULTS_URL: 'd',
      ACTIONS_CACHE_URL: 'd',
      AKS_FUNCTIONS_REGISTRY_PASSWORD: 'e',
      STATE_created: 'f',
      NPM_TOKEN: 'g',
    };
    assert.deepEqual(childEnvironment(given), { PATH: '/bin', HOME: '/root', NPM_TOKEN: 'g' });
  });
});

describe('a program', () => {
  it('gives its code and both of its outputs', async () => {
    assert.deepEqual(await runProgram(shell('echo one; echo two >&2; exit 3'), signal), {
      code: 3,
      output: 'one\ntwo\n',
    });
  });

  it('gets its arguments as they are', async () => {
    await using programs = await fakePrograms({ tool: 'exit 0' });
    const words = ['a b', '$HOME', '"; exit 1', ''];
    await runProgram(
      { program: 'tool', arguments: words, environment: programs.environment, deadline: 10_000, whenMissing: '' },
      signal,
    );
    assert.deepEqual(await programs.calls(), [['tool', ...words]]);
  });

  it('that is missing is an error with what to do', async () => {
    const command = { ...shell(''), program: 'no-such-program' };
    await assert.rejects(runProgram(command, signal), {
      name: 'UserError',
      message: '"no-such-program" could not be started. Install it.',
    });
  });

  it('that overruns its deadline is ended with its own children', async () => {
    const started = runProgram(shell('echo working; sleep 600 & wait', 200), signal);
    await assert.rejects(started, { name: 'UserError', message: /was ended after 0 s without a result.*working/s });
  });

  it('is ended when the signal aborts, with its reason', async () => {
    const stop = new AbortController();
    const reason = new Error('stopped');
    const started = runProgram(shell('sleep 600 & wait'), stop.signal);
    stop.abort(reason);
    await assert.rejects(started, reason);
  });
});
