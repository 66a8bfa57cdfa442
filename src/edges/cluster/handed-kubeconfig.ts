import { Secret } from '../../core/secret.ts';
import type { KubeConfig } from './kubeconfig.ts';

/** What a connection is authorised by, beside what its kubeconfig holds: a header, and a certificate with its key in PEM. */
export interface HandedCredential {
  readonly Authorization?: string;
  readonly cert?: string;
  readonly key?: string;
}

/**
 * A kubeconfig of the current context alone, written by means of `empty`, with the credential itself in place of a command
 * or a file that gives it. Its token is never renewed.
 */
export function renderKubeconfig(empty: KubeConfig, config: KubeConfig, credential: HandedCredential): Secret {
  const [cluster, user] = [config.getCurrentCluster(), config.getCurrentUser()];
  const context = config.getContextObject(config.getCurrentContext());
  if (!cluster || !context) throw new Error('the kubeconfig of a connection has a current cluster');
  const { authProvider: _, exec: __, ...own } = user ?? { name: context.user };
  empty.loadFromOptions({
    clusters: [cluster],
    users: [{ ...own, ...userOf(credential) }],
    contexts: [context],
    currentContext: context.name,
  });
  // The new file may lie in another folder.
  empty.makePathsAbsolute(process.cwd());
  return new Secret(empty.exportConfig());
}

function userOf({ Authorization = '', cert, key }: HandedCredential) {
  const token = /^Bearer (.+)$/.exec(Authorization)?.[1];
  return {
    ...(token ? { token } : {}),
    ...(cert && key ? { certData: toBase64(cert), keyData: toBase64(key) } : {}),
  };
}

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}
