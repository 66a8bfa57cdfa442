import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import type { Cloud } from './cloud.ts';
import { githubIssuer } from './github.ts';
import type { JobOptions } from './github-job.ts';
import { startTrustedCloud } from './trusting.ts';

describe("GitHub's tokens for jobs", () => {
  let cloud: Cloud;
  before(async () => {
    cloud = await startTrustedCloud();
  });
  after(() => cloud?.stop());

  async function ask(environment: Readonly<Record<string, string>>, audience = '', token?: string): Promise<Response> {
    const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: own } = environment;
    const headers = { authorization: `Bearer ${token ?? own}` };
    return fetch(`${url}${audience && `&audience=${encodeURIComponent(audience)}`}`, { headers });
  }

  async function tokenOf(environment: Readonly<Record<string, string>>, audience?: string): Promise<string> {
    const { value } = (await (await ask(environment, audience)).json()) as { value: string };
    return value;
  }

  test('are signed with the published key, for the audience that was asked for, for five minutes', async () => {
    const { environment } = cloud.job();
    const token = await tokenOf(environment, 'api://AzureADTokenExchange');
    const keys = createRemoteJWKSet(new URL(`${cloud.address}/github/.well-known/jwks`));
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      issuer: githubIssuer,
      audience: 'api://AzureADTokenExchange',
    });
    assert.equal(protectedHeader.alg, 'RS256');
    assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 300);
    assert.equal((payload.iat ?? 0) - (payload.nbf ?? 0), 600);
    assert.equal(payload.repository, 'acme/shop');
    assert.equal(payload.job_workflow_ref, 'acme/shop/.github/workflows/deploy.yml@refs/heads/main');
  });

  test("are for the owner's address without an audience", async () => {
    assert.equal(decodeJwt(await tokenOf(cloud.job().environment)).aud, 'https://github.com/acme');
  });

  const subjects: readonly (readonly [name: string, options: JobOptions, subject: string])[] = [
    ['a branch', {}, 'repo:acme/shop:ref:refs/heads/main'],
    ['a tag', { ref: 'refs/tags/v1' }, 'repo:acme/shop:ref:refs/tags/v1'],
    [
      'a pull request',
      { event: 'pull_request', ref: 'refs/pull/7/merge', immutableSubject: true },
      'repo:acme@815/shop@4711:pull_request',
    ],
    [
      'an environment, which goes before all else',
      { environment: 'live', event: 'pull_request' },
      'repo:acme/shop:environment:live',
    ],
    ['a branch, with ids', { immutableSubject: true }, 'repo:acme@815/shop@4711:ref:refs/heads/main'],
  ];
  for (const [name, options, subject] of subjects) {
    test(`have the subject of ${name}`, async () => {
      const job = cloud.job(options);
      assert.equal(job.subject, subject);
      assert.equal(decodeJwt(await tokenOf(job.environment)).sub, subject);
    });
  }

  test('are not to be had without the permission, nor for a pull request from a fork', () => {
    for (const options of [{ idToken: false }, { fork: true, event: 'pull_request' }])
      assert.deepEqual(
        Object.keys(cloud.job(options).environment).filter(name => name.startsWith('ACTIONS_')),
        [],
      );
  });

  test('are given to none but the job', async () => {
    assert.equal((await ask(cloud.job().environment, '', 'other')).status, 401);
  });

  test('leave no trace in the record', async () => {
    const token = await tokenOf(cloud.job().environment, 'api://x');
    await fetch(`${cloud.address}/github/nowhere?hint=${token}&audience=y`);
    const [asked, echoed] = cloud.requests.slice(-2);
    assert.deepEqual(asked, {
      method: 'GET',
      path: '/github/idtoken/1?api-version=2.0&audience=api://x',
      part: 'github',
      principal: 'repo:acme/shop:ref:refs/heads/main',
      about: 'api://x',
      status: 200,
    });
    assert.equal(echoed?.path, '/github/nowhere?hint=***&audience=y');
    assert.equal(echoed?.part, 'none');
  });
});
