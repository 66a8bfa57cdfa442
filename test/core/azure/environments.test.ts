import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  endpointsUrl,
  environments,
  faultOfResourceManager,
  parseEndpoints,
} from '../../../src/core/azure/environments.ts';
import { UserError } from '../../../src/errors.ts';

const url = 'https://arm.example.com/';
const document = {
  name: 'Own',
  authentication: {
    loginEndpoint: 'https://login.example.com/',
    audiences: ['https://management.example.com/', 'https://arm.example.com/'],
  },
  resourceManager: 'https://arm.example.com/',
  suffixes: { acrLoginServer: '.azurecr.example.com', storage: 'core.example.com' },
};

const described = {
  name: url,
  resourceManager: 'https://arm.example.com',
  authority: 'https://login.example.com',
  isKnownAuthority: false,
  tokenExchangeAudience: 'api://AzureADTokenExchange',
  registrySuffix: 'azurecr.example.com',
  storageSuffix: 'core.example.com',
  scopes: { ...environments.AzureCloud.scopes, resourceManager: 'https://arm.example.com/.default' },
};

test('a Resource Manager describes its cloud', () => {
  assert.deepEqual(parseEndpoints(url, document), described);
});

test('the cloud that was asked is chosen from a list', () => {
  assert.deepEqual(
    parseEndpoints(url, [{ ...document, resourceManager: 'https://other.example.com' }, document]),
    described,
  );
});

test('a known authority brings its audience for the exchange', () => {
  const authentication = { ...document.authentication, loginEndpoint: 'https://login.microsoftonline.us/' };
  const { isKnownAuthority, tokenExchangeAudience } = parseEndpoints(url, { ...document, authentication });
  assert.deepEqual(
    { isKnownAuthority, tokenExchangeAudience },
    {
      isKnownAuthority: true,
      tokenExchangeAudience: 'api://AzureADTokenExchangeUSGov',
    },
  );
});

const login = (loginEndpoint: unknown) => ({
  ...document,
  authentication: { ...document.authentication, loginEndpoint },
});
const astray = [
  {
    name: 'a sign-in without TLS',
    given: login('http://login.example.com'),
    says: /names "http:\/\/login\.example\.com" for the sign-in/,
  },
  { name: 'a sign-in that is no URL', given: login('login.example.com'), says: /must be an https URL/ },
  { name: 'no sign-in', given: login(undefined), says: /must be an https URL/ },
  {
    name: 'a user in the address of the sign-in',
    given: login('https://a:b@login.example.com'),
    says: /must be an https URL/,
  },
  {
    name: 'another Resource Manager',
    given: { ...document, resourceManager: 'https://evil.example.com' },
    says: /says that the Resource Manager is "https:\/\/evil\.example\.com", which is not trusted/,
  },
  {
    name: 'the same host without TLS',
    given: { ...document, resourceManager: 'http://arm.example.com' },
    says: /not trusted/,
  },
  { name: 'no cloud', given: { hello: 1 }, says: /without naming the endpoints/ },
  { name: 'no JSON', given: undefined, says: /without naming the endpoints/ },
];

for (const { name, given, says } of astray) {
  test(`a document with ${name} is refused`, () => {
    assert.throws(
      () => parseEndpoints(url, given),
      (error: unknown) => error instanceof UserError && says.test(error.message),
    );
  });
}

test('a base URL may have a path', () => {
  assert.equal(
    endpointsUrl('https://a.example/arm/').href,
    'https://a.example/arm/metadata/endpoints?api-version=2022-09-01',
  );
});

for (const text of [
  'http://management.azure.com',
  'management.azure.com',
  'https://u:p@a.example',
  'https://a.example?x=1',
  'AzureGermanCloud',
]) {
  test(`"${text}" names no Azure environment`, () => {
    assert.match(faultOfResourceManager(text) ?? '', /^must be one of AzureCloud, .*, got "/);
  });
}
