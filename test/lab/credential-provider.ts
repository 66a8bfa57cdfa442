import { text } from 'node:stream/consumers';
import * as v from 'valibot';

/** The kubelet's sign-in at a registry of the emulated cloud: a request on standard input, the credentials on standard output. */
const request = v.object({ image: v.string() });
const identityToken = v.object({ access_token: v.string() });
const registryToken = v.object({ refresh_token: v.string() });
const user = '00000000-0000-0000-0000-000000000000';
const resource = 'https://containerregistry.azure.net';
const { CLOUD_ADDRESS: cloud = '', IDENTITY_CLIENT_ID: client_id = '' } = process.env;

const { image } = v.parse(request, JSON.parse(await text(process.stdin)));
const service = image.split('/')[0] ?? '';
const password = await exchanged(service, await nodeToken());
const auth = password === undefined ? {} : { [service]: { username: user, password } };
const response = {
  ...{ apiVersion: 'credentialprovider.kubelet.k8s.io/v1', kind: 'CredentialProviderResponse' },
  ...{ cacheKeyType: 'Registry', cacheDuration: '0s', auth },
};
process.stdout.write(JSON.stringify(response));

/** The token of the node's identity, from the machine's metadata service. */
async function nodeToken(): Promise<string> {
  const query = new URLSearchParams({ 'api-version': '2018-02-01', resource, client_id });
  const answer = await fetch(`${cloud}/metadata/identity/oauth2/token?${query}`, {
    headers: { metadata: 'true' },
  });
  return v.parse(identityToken, await answer.json()).access_token;
}

/** What the registry gives for the token; undefined when the identity has no role there. */
async function exchanged(service: string, access_token: string): Promise<string | undefined> {
  const body = new URLSearchParams({ grant_type: 'access_token', service, access_token });
  const answer = await fetch(`${cloud}/oauth2/exchange`, { method: 'POST', body });
  return answer.ok ? v.parse(registryToken, await answer.json()).refresh_token : undefined;
}
