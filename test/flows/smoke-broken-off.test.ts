import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smokeChecksOf } from '../../src/core/smoke-checks.ts';
import { type CheckResult, smokeOutputs, smokeSummary } from '../../src/core/smoke-report.ts';
import { Interrupted } from '../../src/errors.ts';
import { runSmokeTest } from '../../src/flows/smoke-test.ts';
import { FakeQueues } from '../support/fake-queues.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { keepingLog } from '../support/quiet-log.ts';

test('hands over each check as it ends, so that a run that breaks off can still say how it went', async () => {
  const known: CheckResult[] = [];
  const checks = smokeChecksOf([{ get: '/a' }, { get: '/b' }, { get: '/c' }], undefined);
  const app = { name: 'shop', namespace: 'team', project: undefined, url: new URL('https://shop.example.com') };
  const run = runSmokeTest(
    { ...app, checks, retries: 0, timeout: 60 },
    {
      cluster: undefined,
      http: {
        send: async ({ url }) => {
          if (url.pathname === '/c') throw new Interrupted('The run was interrupted.');
          return { status: url.pathname === '/a' ? 200 : 500, headers: {}, body: '', milliseconds: 1 };
        },
      },
      openQueue: new FakeQueues().open,
      log: keepingLog(),
      mask: () => {},
      clock: new ManualClock(),
      signal: new AbortController().signal,
      learn: result => known.push(result),
    },
  );
  await assert.rejects(run, Interrupted);
  const { passed, failed } = smokeOutputs(known);
  assert.deepEqual([passed, failed], ['1', '1']);
  assert.match(
    smokeSummary('shop', known, 'The run was interrupted.'),
    /^### Smoke test of shop: broken off after 2 checks\n\n> The run was interrupted\.\n[\s\S]*✅[\s\S]*❌/,
  );
});
