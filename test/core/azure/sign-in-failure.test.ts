import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertionClaimsOf, tokenClaimsOf } from '../../../src/core/azure/claims.ts';
import { missingTokenFault } from '../../../src/core/azure/missing-token.ts';
import {
  identityCommand,
  knownCodes,
  parseRefusal,
  parseRefusalBody,
  signInFault,
} from '../../../src/core/azure/sign-in-failure.ts';

const assertion = {
  issuer: 'https://token.actions.githubusercontent.com',
  subject: 'repo:acme/shop:ref:refs/heads/main',
  audience: 'api://AzureADTokenExchange',
  jobWorkflowRef: 'acme/shop/.github/workflows/deploy.yml@refs/heads/main',
  expires: 0,
};
const attempt = {
  auth: 'oidc',
  clientId: 'c1',
  tenantId: 't1',
  authority: 'https://login.microsoftonline.com',
  assertion,
} as const;
const faultOf = (code: number) => signInFault(attempt, { code, text: '', traceId: 'x' });

test('the words of Entra lose what names the request, apart from the trace id', () => {
  const said =
    'invalid_client: Error(s): 700213 - Timestamp: 2026 - Description: AADSTS700213: No matching federated identity record found. Trace ID: 11-22 Correlation ID: 33-44 Timestamp: 2026-11-24 10:00:00Z - Correlation ID: 33-44 - Trace ID: 11-22';
  assert.deepEqual(parseRefusal(said), {
    code: 700213,
    text: 'AADSTS700213: No matching federated identity record found.',
    traceId: '11-22',
  });
});

test('an error without a code keeps its own words', () => {
  assert.deepEqual(parseRefusalBody({ error: 'invalid_request', error_description: 'No such thing' }), {
    code: undefined,
    text: 'invalid_request No such thing',
    traceId: undefined,
  });
  assert.equal(parseRefusalBody('<html>'), undefined);
});

test('a missing credential is said with the command that creates it for this token', () => {
  assert.deepEqual(faultOf(700213).split('\n'), [
    'Azure refused the sign-in (AADSTS700213, trace id x): identity "c1" has no federated credential for subject "repo:acme/shop:ref:refs/heads/main". Add one by the command above, or run from a branch or an environment that has one.',
    'The job\'s token has the subject "repo:acme/shop:ref:refs/heads/main", the issuer "https://token.actions.githubusercontent.com" and the audience "api://AzureADTokenExchange".',
    'It is of the workflow "acme/shop/.github/workflows/deploy.yml@refs/heads/main".',
    'For a managed identity:',
    `  az identity federated-credential create --name github-acme-shop-ref-refs-heads-main --identity-name "$(az identity list --query "[?clientId=='c1'].name" --output tsv)" --resource-group "$(az identity list --query "[?clientId=='c1'].resourceGroup" --output tsv)" --issuer 'https://token.actions.githubusercontent.com' --subject 'repo:acme/shop:ref:refs/heads/main' --audiences 'api://AzureADTokenExchange'`,
    'For an app registration:',
    `  az ad app federated-credential create --id c1 --parameters '{"name":"github-acme-shop-ref-refs-heads-main","issuer":"https://token.actions.githubusercontent.com","subject":"repo:acme/shop:ref:refs/heads/main","audiences":["api://AzureADTokenExchange"]}'`,
  ]);
});

test('a subject with ids says that it is of the newer form', () => {
  const subject = 'repo:acme@815/shop@4711:ref:refs/heads/main';
  const text = signInFault(
    { ...attempt, assertion: { ...assertion, subject } },
    { code: 700213, text: '', traceId: undefined },
  );
  assert.match(text, /ids of owner and repository, the form of repositories made since July 2026/);
  assert.doesNotMatch(faultOf(700213), /July 2026/);
});

test('a subject cannot end the quotes of the command', () => {
  const subject = "repo:acme/shop:environment:a' ; rm -rf ~ #";
  assert.match(
    identityCommand('c1', { ...assertion, subject }),
    /--subject 'repo:acme\/shop:environment:a'\\'' ; rm -rf ~ #' --audiences/,
  );
});

for (const code of knownCodes) {
  test(`code ${code} says what failed and what to do`, () => {
    assert.match(
      faultOf(code).split('\n')[0] ?? '',
      new RegExp(`^Azure refused the sign-in \\(AADSTS${code}, trace id x\\): .+\\. .+\\.$`),
    );
  });
}

test('a code without advice shows the words of Entra', () => {
  const refusal = { code: 50105, text: 'AADSTS50105: Your administrator has blocked it.', traceId: 'x' };
  assert.match(
    signInFault(attempt, refusal),
    /^Azure refused the sign-in of identity "c1": Your administrator has blocked it \(AADSTS50105, trace id x\)\. Look the code up/,
  );
});

const payload = (claims: object) => `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`;

test('claims are read from tokens of both versions', () => {
  assert.deepEqual(tokenClaimsOf(payload({ oid: 'o', appid: 'a', tid: 't' })), {
    objectId: 'o',
    clientId: 'a',
    tenantId: 't',
  });
  assert.deepEqual(tokenClaimsOf(payload({ oid: 'o', azp: 'a', tid: 't' })), {
    objectId: 'o',
    clientId: 'a',
    tenantId: 't',
  });
  assert.deepEqual(
    [tokenClaimsOf('opaque'), tokenClaimsOf('a.b.c'), assertionClaimsOf(payload({ sub: 's' }))],
    [undefined, undefined, undefined],
  );
  assert.deepEqual(assertionClaimsOf(payload({ sub: 's', iss: 'i', aud: ['a', 'b'], exp: 2 })), {
    ...{ issuer: 'i', subject: 's', audience: 'a, b', jobWorkflowRef: undefined, expires: 2000 },
  });
});

const pull = (head: string) => ({
  pull_request: { head: { repo: { full_name: head } }, base: { repo: { full_name: 'acme/shop' } } },
});
const tokenless = [
  {
    name: 'a job without the permission',
    given: { isJob: true, event: 'push', payload: undefined },
    says: /"id-token: write"/,
  },
  {
    name: 'a pull request of the repository',
    given: { isJob: true, event: 'pull_request', payload: pull('acme/shop') },
    says: /"id-token: write"/,
  },
  {
    name: 'a pull request from a fork',
    given: { isJob: true, event: 'pull_request', payload: pull('eve/shop') },
    says: /from a fork, here "eve\/shop"/,
  },
  { name: 'a laptop', given: { isJob: false, event: undefined, payload: undefined }, says: /"auth: azure-cli"/ },
];

for (const { name, given, says } of tokenless) {
  test(`without a way to a token, ${name} is told why`, () => assert.match(missingTokenFault(given), says));
}
