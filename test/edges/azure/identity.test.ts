import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { parseEndpoints } from '../../../src/core/azure/environments.ts';
import { Secret } from '../../../src/core/secret.ts';
import { GitHubToken } from '../../../src/edges/azure/github-token.ts';
import { SignedInIdentity } from '../../../src/edges/azure/identity.ts';
import { Wire } from '../../../src/edges/azure/wire.ts';
import { HttpClient } from '../../../src/edges/http/http-client.ts';
import { systemClock } from '../../../src/edges/system-clock.ts';
import { UserError } from '../../../src/errors.ts';
import type { Cloud } from '../../lab/cloud/cloud.ts';
import { startTrustedCloud } from '../../lab/cloud/trusting.ts';

const never = new AbortController().signal;
const [arm, storage] = ['https://management.azure.com/.default', 'https://storage.azure.com/.default'];

describe('an identity', () => {
  let cloud: Cloud;
  let began = 0;
  let said: string[] = [];
  let masked: string[] = [];

  before(async () => {
    cloud = await startTrustedCloud();
  });
  after(() => cloud?.stop());
  beforeEach(() => {
    [began, said, masked] = [cloud.requests.length, [], []];
  });

  /** An identity that signs in as a job of the main branch. */
  function open(): SignedInIdentity {
    const { address, deployer, home } = cloud;
    const { ACTIONS_ID_TOKEN_REQUEST_URL: url = '', ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken = '' } =
      cloud.job().environment;
    const http = new HttpClient(never);
    const mask = (secret: Secret) => void masked.push(secret.reveal());
    return new SignedInIdentity({
      signIn: { auth: 'oidc', clientId: deployer.clientId, tenantId: home.tenantId },
      environment: parseEndpoints(address, { authentication: { loginEndpoint: address }, resourceManager: address }),
      github: new GitHubToken({
        ...{ http, mask, clock: systemClock, signal: never, audience: 'api://AzureADTokenExchange' },
        source: { url, requestToken: new Secret(requestToken) },
        withoutSource: async () => new UserError('none'),
      }),
      ...{ http, mask, clock: systemClock, signal: never, variables: {} },
      wire: new Wire({ signal: never, deadline: 5000 }),
      info: line => void said.push(line),
      signedIn: ({ objectId }) => void said.push(objectId),
    });
  }

  const asked = (part: string) =>
    cloud.requests.slice(began).filter(request => request.part === part && request.about !== undefined).length;

  test('asks once for a token, however many want it, and once for the token of the job', async () => {
    const identity = open();
    const all = await Promise.all([1, 2, 3].map(() => identity.token(arm, never)));
    await identity.token(storage, never);
    await identity.token(arm, never);
    assert.equal(new Set(all.map(({ token }) => token.reveal())).size, 1);
    assert.deepEqual({ github: asked('github'), entra: asked('entra') }, { github: 1, entra: 2 });
  });

  test('says once who it is, and hides every token', async () => {
    const identity = open();
    const given = [await identity.token(arm, never), await identity.token(storage, never)];
    assert.deepEqual(said, [cloud.deployer.objectId]);
    assert.deepEqual(
      masked.slice(1),
      given.map(({ token }) => token.reveal()),
    );
    assert.equal(JSON.stringify(given).includes('eyJ'), false);
    const { clientId, objectId, tenantId } = cloud.deployer;
    assert.deepEqual(await identity.principal(arm, never), { clientId, objectId, tenantId });
  });

  test('renews its token and that of the job before they end, and not sooner', async ({ mock }) => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const identity = open();
    const first = await identity.token(arm, never);
    mock.timers.setTime(first.expires - 125_000);
    assert.equal(await identity.token(arm, never), first);
    assert.deepEqual({ github: asked('github'), entra: asked('entra') }, { github: 1, entra: 1 });
    mock.timers.setTime(first.expires - 115_000);
    assert.notEqual((await identity.token(arm, never)).token.reveal(), first.token.reveal());
    assert.deepEqual({ github: asked('github'), entra: asked('entra') }, { github: 2, entra: 2 });
  });

  test('lets a caller go who stops waiting, and the others wait on', async () => {
    const identity = open();
    const controller = new AbortController();
    const stopped = new UserError('Stopped.');
    const [one, other] = [identity.token(arm, controller.signal), identity.token(arm, never)];
    controller.abort(stopped);
    await assert.rejects(one, stopped);
    assert((await other).expires > Date.now());
  });

  test('tries again after a failure', async () => {
    cloud.misbehave({ part: 'entra', path: /token/ }, { kind: 'answer', status: 400, body: { error: 'no' } }, 1);
    const identity = open();
    await assert.rejects(identity.token(arm, never), /^UserError: Azure refused the sign-in of identity/);
    assert((await identity.token(arm, never)).expires > Date.now());
  });
});
