import { RegistryServer } from '../support/registry-server.ts';

/** A storage connection whose key is easy to find where it should not be. */
export function connectionString(key: string): string {
  return `DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=${key};EndpointSuffix=core.windows.net`;
}

/** Text of a `function.json` for a queue that is read through the setting `Orders`. */
export const queueFunction = JSON.stringify(
  {
    bindings: [{ type: 'queueTrigger', direction: 'in', name: 'message', queueName: 'orders', connection: 'Orders' }],
  },
  undefined,
  2,
);

/** Files of a good app with one queue function `orders`. */
export const queueApp: Readonly<Record<string, string>> = {
  'package.json': '{"name":"shop","version":"1.0.0"}',
  'orders/function.json': queueFunction,
  'orders/index.js': 'module.exports = async () => {};',
};

/** A kubeconfig with a token for a server that nobody listens on. */
export function kubeconfigFor(server: string, token = 'a-token-of-nobody'): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'shop', cluster: { server } }],
    users: [{ name: 'shop', user: { token } }],
    contexts: [{ name: 'shop', context: { cluster: 'shop', user: 'shop' } }],
    'current-context': 'shop',
  });
}

/** A registry that knows how often it was asked, and the inputs that lead to it and to no cluster. */
export async function startTargets() {
  const registry = await RegistryServer.start();
  const inputs = {
    auth: 'none',
    name: 'shop',
    kubeconfig: kubeconfigFor('https://127.0.0.1:1'),
    registry: `${registry.host}/apps`,
  };
  return { registry, inputs, [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose]() };
}
