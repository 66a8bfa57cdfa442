import type { AssertionClaims } from '../core/azure/claims.ts';
import { isLoginServer } from '../core/azure/container-registry.ts';
import type { AzureEnvironment } from '../core/azure/environment.ts';
import { missingTokenFault } from '../core/azure/missing-token.ts';
import type { TargetInputs } from '../core/inputs/target.ts';
import { parseJson } from '../core/json.ts';
import { openEnvironment } from '../edges/azure/endpoints.ts';
import { GitHubToken } from '../edges/azure/github-token.ts';
import { type IdentityOptions, SignedInIdentity } from '../edges/azure/identity.ts';
import { AksClusters } from '../edges/azure/managed-clusters.ts';
import type { Patient } from '../edges/azure/patient-fetch.ts';
import { AzureResourceManager } from '../edges/azure/resource-manager.ts';
import { Wire } from '../edges/azure/wire.ts';
import { HttpClient } from '../edges/http/http-client.ts';
import { systemClock } from '../edges/system-clock.ts';
import { textFiles } from '../edges/text-files.ts';
import { UserError } from '../errors.ts';
import type { AzureIdentity, ManagedClusters, ResourceManager } from '../flows/azure-port.ts';
import { AzureRegistries } from '../flows/azure-registries.ts';
import { type ReadyCluster, readyCluster } from '../flows/ready-cluster.ts';
import type { AccessSources } from '../flows/registry-access.ts';
import type { JobSurroundings, Surroundings } from '../inputs.ts';
import type { Output } from '../outputs.ts';

/** Longest time for one request, in milliseconds. */
const requestDeadline = 15_000;
/** Milliseconds that others may wait for the cluster's first answer, which three requests one after another take. */
const departureTime = 250;

/** What Azure is opened with, beside the inputs. */
export interface AzureSetting {
  readonly surroundings: Surroundings;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** What is reached in Azure as the signed-in identity. Dispose of it to close its connections. */
export interface Azure extends Disposable {
  readonly identity: AzureIdentity;
  /** What the job's token says, with "auth: oidc". */
  readonly assertion: (() => Promise<AssertionClaims>) | undefined;
  /** There when the inputs name a subscription. */
  readonly resourceManager: ResourceManager | undefined;
  readonly clusters: ManagedClusters | undefined;
  /** The named cluster once it serves, and its kubeconfig; asked for at the first call, undefined when none is named. */
  readyCluster(): Promise<ReadyCluster> | undefined;
  /** Asks for the cluster ahead of need; settles when it has answered or has failed, or after a short time. */
  begin(): Promise<void>;
  /** The part that registries need. */
  readonly registries: NonNullable<AccessSources['azure']>;
  /** The registries of the subscription, when the inputs name one. */
  readonly known: AzureRegistries | undefined;
}

/**
 * Opens what the inputs name in Azure; undefined when they sign in to nothing. The first request, for the job's OIDC token,
 * has left when this returns; nothing else was asked.
 */
export async function openAzure(inputs: TargetInputs, setting: AzureSetting): Promise<Azure | undefined> {
  const { signIn, subscriptionId, azureEnvironment, timeout } = inputs;
  if (!signIn) return undefined;
  const { output, signal } = setting;
  const http = new HttpClient(signal);
  const patient = { http, clock: systemClock, signal, longest: timeout * 1000 };
  const environment = await openEnvironment(azureEnvironment, patient);
  if (URL.canParse(azureEnvironment))
    output.info(`Trusted "${environment.authority}" with the sign-in, since "${azureEnvironment}" names it over HTTPS`);
  const github = signIn.auth === 'oidc' ? gitHubTokenOf(environment, patient, setting) : undefined;
  await github?.begin();
  const deadline = Math.min(requestDeadline, timeout * 1000);
  const identity = identityOf({ signIn, environment, http, github, subscriptionId, deadline }, setting);
  const resourceManager =
    subscriptionId && new AzureResourceManager({ identity, subscriptionId, clock: systemClock, signal, deadline });
  const assertion = github && (async () => (await github.fetch()).claims);
  return reached({ identity, assertion, resourceManager: resourceManager || undefined, http }, inputs, setting);
}

interface Reached {
  readonly identity: AzureIdentity;
  readonly assertion: Azure['assertion'];
  readonly resourceManager: ResourceManager | undefined;
  readonly http: HttpClient;
}

function reached(
  { identity, assertion, resourceManager, http }: Reached,
  inputs: TargetInputs,
  setting: AzureSetting,
): Azure {
  const clusters = resourceManager && new AksClusters(resourceManager);
  const known = resourceManager && new AzureRegistries(resourceManager, identity.environment);
  let ready: Promise<ReadyCluster> | undefined;
  const ask = () => {
    const { cluster, timeout } = inputs;
    if (!clusters || !cluster) return undefined;
    ready ??= readyCluster(cluster, timeout, {
      ...{ clusters, log: setting.output, clock: systemClock, signal: setting.signal },
    });
    // Whoever needs it awaits it, perhaps later; until then a failure is nobody's.
    ready.catch(() => {});
    return ready;
  };
  return {
    identity,
    assertion,
    resourceManager,
    clusters,
    readyCluster: ask,
    async begin() {
      const answered = ask()?.then(
        () => undefined,
        () => undefined,
      );
      await Promise.race([answered, systemClock.pause(departureTime, setting.signal)]);
    },
    known,
    registries: {
      identity,
      isRegistry: async (host, signal) =>
        known ? known.isRegistry(host, signal) : isLoginServer(host, identity.environment),
    },
    [Symbol.dispose]: () => http[Symbol.dispose](),
  };
}

function gitHubTokenOf({ tokenExchangeAudience: audience }: AzureEnvironment, patient: Patient, setting: AzureSetting) {
  const { job } = setting.surroundings;
  const { mask } = setting.output;
  return new GitHubToken({ ...patient, audience, mask, source: job.tokenSource, withoutSource: () => tokenless(job) });
}

async function tokenless({ isJob, event, eventFile }: JobSurroundings): Promise<UserError> {
  const text = eventFile === undefined ? undefined : await textFiles(process.cwd()).read(eventFile);
  return new UserError(missingTokenFault({ isJob, event, payload: text && parseJson(text) }));
}

type IdentityParts = Pick<IdentityOptions, 'signIn' | 'environment' | 'http' | 'github'> & {
  readonly subscriptionId: string | undefined;
  readonly deadline: number;
};

function identityOf(parts: IdentityParts, { surroundings, output, signal }: AzureSetting): AzureIdentity {
  const { subscriptionId, deadline, ...options } = parts;
  const { mask, info } = output;
  if (options.signIn.auth === 'client-secret')
    output.notice(
      '"auth: client-secret" needs a secret that expires and may leak. "auth: oidc" needs none and is recommended.',
    );
  const where = subscriptionId === undefined ? '' : `, subscription ${subscriptionId}`;
  return new SignedInIdentity({
    ...options,
    ...{ mask, info, signal, clock: systemClock, variables: surroundings.environment },
    wire: new Wire({ signal, deadline }),
    signedIn: ({ clientId, objectId, tenantId }) =>
      info(`Signed in as ${clientId || 'a user'} (object id ${objectId}) in tenant ${tenantId}${where}`),
  });
}
