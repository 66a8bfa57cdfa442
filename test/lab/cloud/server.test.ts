import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type { Cloud } from './cloud.ts';
import { startTrustedCloud } from './trusting.ts';

describe("the cloud's server", () => {
  let cloud: Cloud;
  before(async () => {
    cloud = await startTrustedCloud();
  });
  after(() => cloud?.stop());

  const keys = () => `${cloud.address}/${cloud.home.tenantId}/discovery/keys`;
  const target = { part: 'entra', path: /\/discovery\/keys$/, method: 'GET' };

  test('answers as told, as often as told', async () => {
    cloud.misbehave(target, { kind: 'answer', status: 503, headers: { 'x-reason': 'maintenance' }, body: { a: 1 } }, 1);
    const answer = await fetch(keys());
    assert.equal(answer.status, 503);
    assert.equal(answer.headers.get('x-reason'), 'maintenance');
    assert.deepEqual(await answer.json(), { a: 1 });
    assert.equal((await fetch(keys())).status, 200);
    assert.deepEqual(
      cloud.requests.slice(-2).map(({ status }) => status),
      [503, 200],
    );
  });

  test('throttles with and without saying for how long', async () => {
    cloud.misbehave(target, { kind: 'throttle' }, 1);
    cloud.misbehave(target, { kind: 'throttle', retryAfter: 7 }, 1);
    const answers = [await fetch(keys()), await fetch(keys())];
    assert.deepEqual(
      answers.map(({ status, headers }) => [status, headers.get('retry-after')]),
      [
        [429, '7'],
        [429, null],
      ],
    );
  });

  test('sends garbage until it is taken back', async () => {
    const takeBack = cloud.misbehave(target, { kind: 'garbage' });
    const answer = await fetch(keys());
    assert.equal(answer.headers.get('content-type'), 'application/json');
    await assert.rejects(answer.json());
    takeBack();
    assert.equal((await fetch(keys())).status, 200);
  });

  test('breaks connections, and hangs', async () => {
    cloud.misbehave(target, { kind: 'reset' }, 1);
    await assert.rejects(fetch(keys()), hasCause('ECONNRESET', 'UND_ERR_SOCKET'));
    cloud.misbehave(target, { kind: 'hang' }, 1);
    await assert.rejects(fetch(keys(), { signal: AbortSignal.timeout(200) }), { name: 'TimeoutError' });
    assert.equal(cloud.requests.at(-1)?.status, 0);
  });

  test('leaves other requests alone', async () => {
    const takeBack = cloud.misbehave({ ...target, part: 'github' }, { kind: 'garbage' });
    const alsoBack = cloud.misbehave({ ...target, method: 'POST' }, { kind: 'garbage' });
    assert.equal((await fetch(keys())).status, 200);
    takeBack();
    alsoBack();
  });

  test('is also there under a wrong name, and at as many addresses as are asked for', async () => {
    await assert.rejects(fetch(cloud.misnamedAddress), hasCause('ERR_TLS_CERT_ALTNAME_INVALID'));
    assert.equal((await fetch(`${await cloud.listen()}/nothing`)).status, 404);
  });

  test('names a file with its CA, which is gone afterwards', async () => {
    assert.equal(await readFile(cloud.caFile, 'utf8'), cloud.ca);
    await cloud.stop();
    await assert.rejects(readFile(cloud.caFile));
  });
});

function hasCause(...codes: readonly string[]): (error: unknown) => boolean {
  return error => {
    const cause = error instanceof Error ? error.cause : undefined;
    return cause instanceof Error && 'code' in cause && codes.includes(String(cause.code));
  };
}
