import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JSONWebKeySet } from 'jose';
import { type Authority, certificateOf, newAuthority, serverCertificate } from '../certificates.ts';
import { containerRegistries } from './acr.ts';
import { resourceManager } from './arm.ts';
import { Entra } from './entra.ts';
import type { CloudContext, CloudSettings, NamedPart } from './exchange.ts';
import { GitHub, githubIssuer, type RunningJob } from './github.ts';
import type { JobOptions } from './github-job.ts';
import { metadataService } from './imds.ts';
import type { Behaviour, Target } from './misbehaviour.ts';
import { type CloudProxy, startProxy } from './proxy.ts';
import { publicNames } from './public-names.ts';
import type { CloudRequest } from './records.ts';
import { assign } from './roles.ts';
import { CloudServer } from './server.ts';
import { SigningKey } from './signing-key.ts';
import {
  addPrincipal,
  type CloudState,
  type Home,
  newCloud,
  type Principal,
  type RoleAssignment,
  trust,
} from './state.ts';
import { type QueueBackend, queueService } from './storage.ts';
import { EntraTokens } from './tokens.ts';

export interface CloudOptions {
  /** Signs the server's certificate; a new one when not given. */
  readonly authority?: Authority;
  /** Addresses beside loopback on which the server listens, for pods. */
  readonly hosts?: readonly string[];
  /** Folder for its files, where somebody removes what a killed run leaves; the system's one when not given. */
  readonly within?: string;
}

/** Azure and GitHub's issuer of tokens, in this process. */
export interface Cloud extends AsyncDisposable {
  /** Of all its services, without a slash at its end; also the Resource Manager's. */
  readonly address: string;
  /** The same services under a certificate for another name. */
  readonly misnamedAddress: string;
  /** PEM text of the CA of its certificates. */
  readonly ca: string;
  /** Path of a file with the same. */
  readonly caFile: string;
  /** Leads to the same services under the names of the real ones. */
  readonly proxy: Pick<CloudProxy, 'address' | 'asked'>;
  readonly state: CloudState;
  readonly home: Home;
  readonly settings: CloudSettings;
  readonly tokens: EntraTokens;
  /** Who deploys from the main branch of `acme/shop`. It has no rights yet. */
  readonly deployer: Principal;
  /** Identities of the machine whose metadata service this is. */
  readonly machineIdentities: Principal[];
  /** Every token that was given out until now, by who issued it. */
  issued(): Readonly<Record<'github' | 'entra' | 'acr', readonly string[]>>;
  /** All that arrived, in order. */
  readonly requests: readonly CloudRequest[];
  /** Gives a principal a role on a scope; `role` is its name. */
  assign(principal: Pick<Principal, 'objectId'>, role: string, scope: string): RoleAssignment;
  /** Begins a job on GitHub. */
  job(options?: JobOptions): RunningJob;
  /** Answers such requests otherwise, always or some times; gives what takes it back. */
  misbehave(target: Target, behaviour: Behaviour, times?: number): () => void;
  /** Lets Entra check the signatures of an issuer. */
  addIssuer(issuer: string, keys: () => Promise<JSONWebKeySet>): void;
  /** Lets clients reach queues with tokens. */
  serveQueues(backend: QueueBackend): void;
  /** Adds a service. */
  add(part: NamedPart): void;
  /** Opens one more address for all services. */
  listen(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts the cloud on free ports of loopback. */
export async function startCloud({ authority, hosts = [], within = tmpdir() }: CloudOptions = {}): Promise<Cloud> {
  const signer = authority ?? (await newAuthority());
  const certificate = await serverCertificate(signer, ['127.0.0.1', 'localhost', ...hosts, ...publicNames]);
  const server = new CloudServer();
  const address = await server.listen(certificate);
  for (const host of hosts) await server.listen(certificate, host, Number(new URL(address).port));
  const misnamedAddress = await server.listen(await serverCertificate(signer, ['elsewhere.example']));
  const folder = await mkdtemp(join(within, 'aks-functions-cloud-'));
  const caFile = join(folder, 'ca.crt');
  await writeFile(caFile, certificateOf(signer));
  const parts = await startParts(address);
  server.add(...parts.served);
  const proxy = await startProxy(address, hosts);
  const stop = async () => {
    await Promise.all([proxy.close(), server.close()]);
    await rm(folder, { recursive: true, force: true });
  };
  return {
    ...{ address, misnamedAddress, caFile, proxy, stop, ca: certificateOf(signer), requests: server.requests },
    ...parts.cloud,
    misbehave: (target, behaviour, times) => server.misbehave(target, behaviour, times),
    serveQueues: backend => server.add(queueService(parts.context, backend)),
    add: part => server.add(part),
    listen: () => server.listen(certificate),
    [Symbol.asyncDispose]: stop,
  };
}

type OfParts =
  | 'state'
  | 'home'
  | 'settings'
  | 'tokens'
  | 'deployer'
  | 'machineIdentities'
  | 'assign'
  | 'issued'
  | 'job'
  | 'addIssuer';

async function startParts(address: string): Promise<{
  readonly context: CloudContext;
  readonly served: readonly NamedPart[];
  readonly cloud: Pick<Cloud, OfParts>;
}> {
  const { state, home } = newCloud();
  const settings: CloudSettings = { tokenLife: 3600, assertionLife: 300, trustDelay: 0, blocked: new Set() };
  const [key, acrKey] = await Promise.all([SigningKey.generate('entra'), SigningKey.generate('acr')]);
  const tokens = new EntraTokens(key, state);
  const context: CloudContext = { state, home, address, tokens, settings };
  const github = await GitHub.start(context);
  const entra = new Entra(context, key.published);
  entra.issuers.set(githubIssuer, async () => github.key.published);
  const machineIdentities: Principal[] = [];
  const cloud = {
    ...{ state, home, settings, tokens, machineIdentities, deployer: addDeployer(state, home) },
    assign: ({ objectId }: Pick<Principal, 'objectId'>, role: string, scope: string) =>
      assign(state, objectId, role, scope),
    job: (options?: JobOptions) => github.job(options),
    issued: () => ({ github: [...github.key.signed], entra: [...key.signed], acr: [...acrKey.signed] }),
    addIssuer: (issuer: string, keys: () => Promise<JSONWebKeySet>) => void entra.issuers.set(issuer, keys),
  };
  const services = [metadataService(context, machineIdentities), resourceManager(context)];
  const served = [github.part, entra.part, ...services, containerRegistries(context, acrKey)];
  return { context, served, cloud };
}

function addDeployer(state: CloudState, { tenantId }: Home): Principal {
  const deployer = addPrincipal(state, { name: 'deployer', tenantId });
  trust(deployer, { name: 'main', issuer: githubIssuer, subject: 'repo:acme/shop:ref:refs/heads/main' });
  return deployer;
}
