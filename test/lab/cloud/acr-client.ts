import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { fakeNetwork } from '../node-network.ts';
import { freePorts, Processes } from '../processes.ts';
import { type LabRegistry, startRegistry } from '../registry.ts';
import { Teardown } from '../teardown.ts';
import { labTools } from '../tools.ts';
import type { Cloud } from './cloud.ts';
import type { ContainerRegistry, Principal } from './state.ts';

/** A real registry without a lab, and the folder of the lab's programs. */
export interface RegistryGround {
  readonly registry: LabRegistry;
  readonly tools: string;
  readonly dir: string;
  stop(): Promise<void>;
}

/** Starts a real registry for the emulated ones to stand before. */
export async function startRegistryGround(): Promise<RegistryGround> {
  const teardown = new Teardown();
  const say = (line: string) => console.error(line);
  const tools = await labTools(say);
  const dir = await mkdtemp(join(tmpdir(), 'aks-functions-acr-'));
  teardown.add(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, 'registry'));
  const processes = await Processes.in(dir);
  teardown.add(() => processes.stop());
  const port = await freePorts(1);
  const registry = await startRegistry({ dir, tools, processes, port, network: fakeNetwork, teardown, say });
  return { registry, tools, dir, stop: () => teardown.run() };
}

const audience = 'https://containerregistry.azure.net';
const answers = { refresh: v.object({ refresh_token: v.string() }), access: v.object({ access_token: v.string() }) };

/** A refresh token of the registry for a principal's token; undefined when it gives none. */
export async function refreshTokenOf(
  cloud: Cloud,
  { loginServer: service }: ContainerRegistry,
  principal: Principal,
  more: { readonly audience?: string; readonly tenant?: string } = {},
): Promise<string | undefined> {
  const { token } = await cloud.tokens.issue(principal, more.audience ?? audience, 3600);
  const form = {
    grant_type: 'access_token',
    service,
    access_token: token,
    ...(more.tenant ? { tenant: more.tenant } : {}),
  };
  const answer = await fetch(`https://${service}/oauth2/exchange`, { method: 'POST', body: new URLSearchParams(form) });
  return answer.ok ? v.parse(answers.refresh, await answer.json()).refresh_token : undefined;
}

/** An access token with the scopes, or as much of them as there is a right for. */
export async function accessTokenOf(
  { loginServer: service }: ContainerRegistry,
  refreshToken: string,
  ...scopes: readonly string[]
): Promise<string> {
  const body = new URLSearchParams({ grant_type: 'refresh_token', service, refresh_token: refreshToken });
  for (const scope of scopes) body.append('scope', scope);
  const answer = await fetch(`https://${service}/oauth2/token`, { method: 'POST', body });
  return v.parse(answers.access, await answer.json()).access_token;
}

/** Writes a configuration of Docker's that signs in to the registry; gives its folder. */
export async function dockerConfig(dir: string, { loginServer }: ContainerRegistry, token: string): Promise<string> {
  const folder = await mkdtemp(join(dir, 'docker-'));
  const auth = Buffer.from(`00000000-0000-0000-0000-000000000000:${token}`).toString('base64');
  await writeFile(join(folder, 'config.json'), JSON.stringify({ auths: { [loginServer]: { auth } } }), { mode: 0o600 });
  return folder;
}
