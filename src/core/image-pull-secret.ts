import { Secret } from './secret.ts';

/** Text of a Docker configuration that signs in to one registry, as in a `kubernetes.io/dockerconfigjson` Secret. */
export function dockerConfigJson(host: string, username: string, password: Secret): Secret {
  const auth = Buffer.from(`${username}:${password.reveal()}`, 'utf8').toString('base64');
  return new Secret(
    JSON.stringify({ auths: { [host === 'docker.io' ? 'https://index.docker.io/v1/' : host]: { auth } } }),
  );
}
