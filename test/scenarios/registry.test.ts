import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { runStep } from '../support/action.ts';
import { writeApp } from '../support/registry-app.ts';
import { addBaseImage } from '../support/registry-base.ts';
import { answer, RegistryServer, type RegistryServerOptions } from '../support/registry-server.ts';
import { messagesOf } from './faults-shown.ts';
import { connectionString, queueApp } from './faulty-apps.ts';

const connected = { 'secret-settings': `Orders=${connectionString('a2V5LW9mLW5vYm9keQ==')}` };
const users = { ci: 'right-password' };
const signedIn = { 'registry-username': 'ci', 'registry-password': 'right-password' };

/** Builds the app into a registry that behaves as told, and renders the manifests. */
async function build(options: RegistryServerOptions, inputs: Readonly<Record<string, string>> = {}) {
  await using registry = await RegistryServer.start(options);
  addBaseImage(registry, 'base', 'v1');
  await using app = await writeApp(queueApp);
  const result = await runStep('root', {
    with: {
      ...{ ...connected, auth: 'none', name: 'shop', mode: 'render', 'manifests-directory': 'out' },
      ...{ registry: `${registry.host}/apps`, 'base-image': `${registry.host}/base:v1`, ...inputs },
    },
    workspace: app.path,
  });
  return { result, registry, host: registry.host, calls: registry.calls };
}

/** Answers the first `times` requests of a method and path in its own way. */
function once(wanted: RegExp, respond: (response: ServerResponse) => void, times = Number.POSITIVE_INFINITY) {
  let count = 0;
  return ({ method, url }: IncomingMessage, response: ServerResponse) => {
    if (!wanted.test(`${method} ${url}`) || count >= times) return false;
    count += 1;
    respond(response);
    return true;
  };
}

const uploads = /^POST .*\/blobs\/uploads\//;

const refusals = [
  {
    name: 'wrong credentials',
    options: { signIn: 'bearer', users },
    inputs: { 'registry-username': 'ci', 'registry-password': 'wrong-password' },
    says: /Registry "HOST" refused user "ci" to .+ Check inputs "registry-username" and "registry-password"\./,
  },
  {
    name: 'no credentials',
    options: { signIn: 'basic', users },
    inputs: {},
    says: /Registry "HOST" wants a sign-in to .+ Set inputs "registry-username" and "registry-password"/,
  },
  {
    name: 'no right to push',
    options: { signIn: 'basic', users, intercept: once(uploads, response => answer(response, 403, 'DENIED')) },
    inputs: signedIn,
    says: /User "ci" of registry "HOST" has no right to push to "apps\/shop"\. Give it the right, on Azure by .+AcrPush/,
  },
  {
    name: 'an unknown repository',
    options: { intercept: once(uploads, response => answer(response, 404, 'NAME_UNKNOWN', 'no such project')) },
    inputs: {},
    says: /Registry "HOST" does not know what is needed to push to "apps\/shop" \(".*NAME_UNKNOWN.*"\)\. Check the name, and create/,
  },
  {
    name: 'a full disk, as status 507',
    options: { intercept: once(uploads, response => answer(response, 507)) },
    inputs: {},
    says: /Registry "HOST" has no space left to push to "apps\/shop"\. Delete old images or enlarge its storage\./,
  },
  {
    name: 'a full disk, as an error of its own',
    options: {
      intercept: once(uploads, response => answer(response, 500, 'UNKNOWN', 'write: no space left on device')),
    },
    inputs: {},
    says: /Registry "HOST" has no space left to push to "apps\/shop" \(".*no space left on device"\)\. Delete old images/,
  },
  {
    name: 'a quota that is used up',
    options: { intercept: once(uploads, response => answer(response, 403, 'DENIED', 'storage quota exceeded')) },
    inputs: {},
    says: /Registry "HOST" has no space left to push to "apps\/shop" \(".*quota exceeded"\)\. Delete old images/,
  },
] as const satisfies readonly { readonly options: RegistryServerOptions; readonly [key: string]: unknown }[];

for (const { name, options, inputs, says } of refusals) {
  test(`a registry that refuses for ${name} is quoted with what to do`, async () => {
    const { result, host } = await build(options, inputs);
    assert.equal(result.code, 1);
    const message = messagesOf(result).replaceAll(host, 'HOST');
    assert.match(message, says);
    assert.match(result.summary.replaceAll(host, 'HOST'), says);
    assert.equal(result.outputs.name, 'shop');
    assert.equal(result.outputs.image, undefined);
    assert(!result.log.includes('wrong-password') || /::add-mask::wrong-password/.test(result.log));
  });
}

test('a base image that does not exist is named', async () => {
  const { result } = await build({
    intercept: once(/manifests\/v1$/, response => answer(response, 404, 'MANIFEST_UNKNOWN')),
  });
  assert.equal(result.code, 1);
  assert.match(messagesOf(result), /Registry ".+" does not know what is needed to read "base:v1".+Check the name/);
});

test('a registry that nobody listens for is named with its host', async () => {
  const gone = await RegistryServer.start();
  const { host } = gone;
  await gone[Symbol.asyncDispose]();
  const { result } = await build({}, { registry: host });
  assert.equal(result.code, 1);
  assert.match(
    messagesOf(result),
    new RegExp(`^Registry "${host}", asked to .+, refused the connection\\. Check the host`),
  );
});

test('a registry that never answers ends the run', async () => {
  const { result, host } = await build({ intercept: () => true });
  assert.equal(result.code, 1);
  assert.match(
    messagesOf(result),
    new RegExp(`^Registry "${host}", asked to say how to sign in, did not answer in time\\.`),
  );
});

test('a registry that is too busy is asked again when it says so', async () => {
  const busy = once(
    uploads,
    response => {
      response.setHeader('retry-after', '1');
      answer(response, 429, 'TOOMANYREQUESTS');
    },
    2,
  );
  const { result } = await build({ intercept: busy });
  assert.equal(result.code, 0, result.log);
  assert.equal(result.outputs.built, 'true');
});
