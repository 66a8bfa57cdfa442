import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ClientAssertionCredential, ClientSecretCredential } from '@azure/identity';
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose';
import * as v from 'valibot';
import type { Cloud } from './cloud.ts';
import { githubIssuer } from './github.ts';
import type { JobOptions } from './github-job.ts';
import { SigningKey } from './signing-key.ts';
import { addPrincipal, type Principal, trust } from './state.ts';
import { startTrustedCloud } from './trusting.ts';

const audience = 'api://AzureADTokenExchange';
const storage = 'https://storage.azure.com/.default';

describe("Entra's sign-in", () => {
  let cloud: Cloud;
  before(async () => {
    cloud = await startTrustedCloud();
  });
  after(() => cloud?.stop());

  const options = () => ({
    authorityHost: cloud.address,
    disableInstanceDiscovery: true,
    retryOptions: { maxRetries: 0 },
  });

  async function assertionOf(job: JobOptions = {}, asked = audience): Promise<string> {
    const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: own } = cloud.job(job).environment;
    const headers = { authorization: `Bearer ${own}` };
    const answer = await fetch(`${url}&audience=${encodeURIComponent(asked)}`, { headers });
    return v.parse(v.object({ value: v.string() }), await answer.json()).value;
  }

  interface SignIn {
    readonly assertion: string;
    readonly principal?: Principal;
    readonly tenant?: string;
    readonly scope?: string;
  }

  async function signIn({ assertion, principal = cloud.deployer, tenant, scope = storage }: SignIn): Promise<string> {
    const { clientId, tenantId } = principal;
    const credential = new ClientAssertionCredential(tenant ?? tenantId, clientId, async () => assertion, options());
    return (await credential.getToken(scope)).token;
  }

  test('gives whom it trusts a token in the first form, for the audience of the scope', async () => {
    const groups = ['22222222-2222-4222-8222-222222222222'];
    const { tenantId } = cloud.home;
    const principal = addPrincipal(cloud.state, { name: 'grouped', tenantId, groups });
    trust(principal, { issuer: githubIssuer, subject: 'repo:acme/shop:environment:live' });
    const token = await signIn({ principal, assertion: await assertionOf({ environment: 'live' }) });
    const keys = createRemoteJWKSet(new URL(`${cloud.address}/${tenantId}/discovery/keys`));
    const { payload } = await jwtVerify(token, keys, { issuer: `https://sts.windows.net/${tenantId}/` });
    const { aud, oid, appid, tid } = payload;
    const { objectId, clientId } = principal;
    assert.deepEqual(
      { aud, oid, appid, tid },
      { aud: 'https://storage.azure.com', oid: objectId, appid: clientId, tid: tenantId },
    );
    assert.deepEqual(payload.groups, groups);
    const { about, principal: who, part } = cloud.requests.findLast(({ method }) => method === 'POST') ?? {};
    assert.deepEqual({ about, who, part }, { about: storage, who: objectId, part: 'entra' });
  });

  test('takes the tenant by its name, and gives tokens for the AKS application', async () => {
    const scope = '6dae42f8-4368-4678-94ff-3960e28e3630/.default';
    const token = await signIn({ assertion: await assertionOf(), tenant: 'acme.onmicrosoft.com', scope });
    const verdict = await cloud.tokens.check(token, ['6dae42f8-4368-4678-94ff-3960e28e3630']);
    assert.equal(verdict.kind === 'valid' && verdict.principal, cloud.deployer);
    assert.equal((await cloud.tokens.check(token, ['https://management.azure.com'])).kind, 'foreign-audience');
  });

  test('takes a client secret', async () => {
    const { tenantId } = cloud.home;
    const { clientId } = addPrincipal(cloud.state, { name: 'by-secret', tenantId, secret: 'right' });
    const ask = (secret: string) => new ClientSecretCredential(tenantId, clientId, secret, options()).getToken(storage);
    assert.equal((await cloud.tokens.check((await ask('right')).token, ['https://storage.azure.com/'])).kind, 'valid');
    await assert.rejects(ask('wrong'), hasCode(7000215));
  });

  const other = '11111111-1111-4111-8111-111111111111';
  const refusals: readonly (readonly [name: string, code: number, given: () => Promise<SignIn>])[] = [
    ['an unknown tenant', 90002, async () => ({ assertion: 'x', tenant: other })],
    [
      'an unknown application',
      700016,
      async () => ({ assertion: 'x', principal: { ...cloud.deployer, clientId: other } }),
    ],
    ['an issuer nobody trusts', 700211, async () => ({ assertion: await forged({ iss: 'https://other.example' }) })],
    ['another subject', 700213, async () => ({ assertion: await assertionOf({ ref: 'refs/heads/topic' }) })],
    [
      'a subject of the other format',
      700213,
      async () => ({ assertion: await assertionOf({ immutableSubject: true }) }),
    ],
    [
      'a subject in other letters',
      7002138,
      async () => ({ assertion: await assertionOf({ repository: 'Acme/shop' }) }),
    ],
    ['another audience', 700212, async () => ({ assertion: await assertionOf({}, 'api://other') })],
    ['a token that ended', 700024, async () => ({ assertion: await expired() })],
    ['a forged token', 700027, async () => ({ assertion: await forged({}) })],
    ['what is no token', 50027, async () => ({ assertion: 'nonsense' })],
    [
      'a scope without its ending',
      1002012,
      async () => ({ assertion: await assertionOf(), scope: 'https://x.example' }),
    ],
    [
      'a service it does not know',
      500011,
      async () => ({ assertion: await assertionOf(), scope: 'https://x.example/.default' }),
    ],
  ];
  for (const [name, code, given] of refusals) {
    test(`refuses ${name} with ${code}`, async () => {
      const asked = await given();
      const { tenant } = asked;
      // The library asks for the tenant's document first, and says nothing of why there is none.
      if (code === 90002) {
        const answer = await fetch(`${cloud.address}/${tenant}/v2.0/.well-known/openid-configuration`);
        assert.deepEqual(v.parse(errorBody, await answer.json()).error_codes, [90002]);
      }
      await assert.rejects(signIn(asked), code === 90002 ? /endpoints_resolution_error/ : hasCode(code));
    });
  }

  test('refuses a trust that is younger than it takes to be known', async () => {
    cloud.settings.trustDelay = 60_000;
    const refused = await signIn({ assertion: await assertionOf() }).catch((error: unknown) => error);
    cloud.settings.trustDelay = 0;
    assert.ok(hasCode(70021)(refused));
    await signIn({ assertion: await assertionOf() });
  });

  test('keeps out whom a policy blocks, whatever the proof', async () => {
    cloud.settings.blocked.add(cloud.deployer.clientId);
    const refused = await signIn({ assertion: await assertionOf() }).catch((error: unknown) => error);
    cloud.settings.blocked.clear();
    assert.ok(hasCode(53003)(refused));
  });

  test('answers a refusal in the form of OAuth, with its own codes and ids', async () => {
    const { tenantId, clientId } = { ...cloud.home, ...cloud.deployer };
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: 'wrong', scope: storage };
    const body = new URLSearchParams(form);
    const answer = await fetch(`${cloud.address}/${tenantId}/oauth2/v2.0/token`, { method: 'POST', body });
    assert.equal(answer.status, 401);
    const { error, error_codes, error_description, trace_id } = v.parse(errorBody, await answer.json());
    assert.deepEqual({ error, error_codes }, { error: 'invalid_client', error_codes: [7000215] });
    assert.match(error_description, new RegExp(`^AADSTS7000215: .* Trace ID: ${trace_id} `));
    assert.equal(JSON.stringify(cloud.requests.at(-1)).includes('wrong'), false);
  });

  const errorBody = v.object({
    error: v.string(),
    error_description: v.string(),
    error_codes: v.array(v.number()),
    trace_id: v.string(),
    correlation_id: v.string(),
    timestamp: v.string(),
  });

  async function expired(): Promise<string> {
    cloud.settings.assertionLife = -1;
    const assertion = await assertionOf();
    cloud.settings.assertionLife = 300;
    return assertion;
  }

  async function forged(claims: JWTPayload): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const key = await SigningKey.generate('github');
    const sub = 'repo:acme/shop:ref:refs/heads/main';
    return key.sign({ iss: githubIssuer, sub, aud: audience, nbf: now, exp: now + 300, ...claims });
  }
});

/** Whether an error of the library is for that code of Entra. */
function hasCode(code: number): (error: unknown) => boolean {
  return error => error instanceof Error && error.message.includes(`AADSTS${code}:`);
}
