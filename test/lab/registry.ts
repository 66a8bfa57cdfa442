import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Ground } from './ground.ts';
import { type RegistryHook, type RegistryRequest, serveFront } from './registry-front.ts';
import { type RegistryUser, RegistryUsers } from './registry-users.ts';

/** The lab's registry: plain HTTP on loopback, with a bearer-token sign-in. */
export interface LabRegistry {
  /** `127.0.0.1:<port>`: what images are named by. */
  readonly host: string;
  /** A user with all rights everywhere. */
  readonly username: string;
  readonly password: string;
  /** `127.0.0.1:<port>` of the same registry without sign-in, for the lab's own images. */
  readonly backend: string;
  /** All requests to `host` until now, oldest first; tokens and passwords are not in it. */
  readonly requests: readonly RegistryRequest[];
  addUser(user: RegistryUser): void;
  /** Tokens given out are good no more. */
  expireTokens(): void;
  /** Asked before each request to `host`: an answer it gives is sent instead of the registry's. Undefined takes it away. */
  answerInstead(hook: RegistryHook | undefined): void;
}

/** Starts the registry and its sign-in. */
export async function startRegistry(ground: Ground): Promise<LabRegistry> {
  const { dir, tools, processes } = ground;
  const store = `127.0.0.1:${ground.port()}`;
  // On disk: images of some hundred megabytes would else fill the memory.
  const flags = ['registry', 'serve', '--address', store, '--disk', join(dir, 'registry')];
  processes.start(join(tools, 'crane'), flags, { name: 'registry' });
  const users = new RegistryUsers();
  const credentials = { username: 'lab', password: randomBytes(12).toString('base64url') };
  users.add({ ...credentials, rights: [{ repository: '*', actions: ['pull', 'push', 'delete'] }] });
  const front = await serveFront(store, users);
  ground.teardown.add(() => front.close());
  await processes.until('the registry answers', async () => (await fetch(`http://${store}/v2/`)).ok);
  return {
    ...credentials,
    host: front.host,
    backend: front.open,
    requests: front.requests,
    addUser: user => users.add(user),
    expireTokens: () => users.expireTokens(),
    answerInstead: front.answerInstead,
  };
}
