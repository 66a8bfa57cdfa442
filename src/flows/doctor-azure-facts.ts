import { type Finding, skipped } from '../core/doctor/check.ts';
import type {
  DoctorFacts,
  DoctorSubject,
  IdentityFacts,
  PlannedApp,
  PullFacts,
  StorageFacts,
} from '../core/doctor/facts.ts';
import { clientIdsOf, type StorageNeed, storageNeedsOf } from '../core/doctor/identity-needs.ts';
import { fetchSubscription, findIdentities, findRegistry, listRoles, listStorageAccounts } from './azure-lists.ts';
import type { ManagedCluster, ResourceManager } from './azure-port.ts';
import type { DoctorAzure } from './doctor-port.ts';
import { look, lookAfter } from './look.ts';

/** Facts that only Azure knows. */
export type AzureSideFacts = Pick<DoctorFacts, 'token' | 'signIn' | 'subscription' | 'pull' | 'identities' | 'storage'>;

/** The cluster as Azure describes it, and the rest of what Azure knows. */
export interface AzureQuestions {
  readonly managed: Promise<Finding<ManagedCluster>>;
  readonly signIn: Promise<DoctorFacts['signIn']>;
  readonly facts: Promise<AzureSideFacts>;
}

/** Why nothing of Azure is looked at. */
export const withoutAzure = 'The inputs name no cluster of Azure, so nothing of Azure is looked at.';

/** Asks Azure everything at once as soon as the sign-in has worked. */
export function askAzure(
  azure: DoctorAzure | undefined,
  app: Promise<Finding<PlannedApp>>,
  { subject, signal }: { readonly subject: DoctorSubject; readonly signal: AbortSignal },
): AzureQuestions {
  if (!azure) return noAzure();
  const { token, resourceManager: manager, cluster } = azure;
  const signIn = look(() => azure.signIn(signal));
  const ask = <Value>(question: () => Promise<Value>) =>
    lookAfter<unknown, Value>(signIn, 'Sign-in to Azure', question);
  const managed: Promise<Finding<ManagedCluster>> = cluster
    ? ask(() => cluster.find(signal))
    : Promise.resolve(skipped(withoutAzure));
  const identities = identitiesOf(ask, app, { manager, signal });
  return {
    managed,
    signIn,
    facts: gathered({
      token: token ? look(() => token(signal)) : Promise.resolve(skipped('The sign-in uses no token of GitHub.')),
      signIn,
      subscription: ask(() => fetchSubscription(manager, signal)),
      pull: pullOf(managed, manager, { subject, signal }),
      identities,
      storage: storageOf(identities, app, { manager, signal }),
    }),
  };
}

type Promises<Facts> = { readonly [Name in keyof Facts]: Promise<Facts[Name]> };
type Ask = <Value>(question: () => Promise<Value>) => Promise<Finding<Value>>;

interface Asking {
  readonly manager: ResourceManager;
  readonly signal: AbortSignal;
}

function noAzure(): AzureQuestions {
  const nothing = skipped(withoutAzure);
  const [token, signIn, subscription, pull, identities, storage] = [
    nothing,
    nothing,
    nothing,
    nothing,
    nothing,
    nothing,
  ];
  return {
    managed: Promise.resolve(nothing),
    signIn: Promise.resolve(nothing),
    facts: Promise.resolve({ token, signIn, subscription, pull, identities, storage }),
  };
}

async function gathered(facts: Promises<AzureSideFacts>): Promise<AzureSideFacts> {
  const [token, signIn, subscription, pull, identities, storage] = await Promise.all([
    facts.token,
    facts.signIn,
    facts.subscription,
    facts.pull,
    facts.identities,
    facts.storage,
  ]);
  return { token, signIn, subscription, pull, identities, storage };
}

async function pullOf(
  managed: Promise<Finding<ManagedCluster>>,
  manager: ResourceManager,
  { subject, signal }: { readonly subject: DoctorSubject; readonly signal: AbortSignal },
): Promise<Finding<PullFacts>> {
  const { image } = subject;
  if (!image) return skipped('No registry is given.');
  if (subject.pullsWithSecret) return skipped('The cluster pulls with the credentials that are given, as a secret.');
  const found = await lookAfter(managed, 'AKS cluster', async ({ kubeletIdentity }) => ({
    kubelet: kubeletIdentity?.objectId,
    registry: await findRegistry(manager, image.host, signal),
  }));
  if (found.kind !== 'known') return found;
  const { kubelet, registry } = found.value;
  if (!registry)
    return {
      kind: 'forbidden',
      reason: `The subscription has no registry "${image.host}" that may be looked at, so it is not known whether the cluster may pull from it.`,
    };
  if (kubelet === undefined) return skipped('The cluster has no kubelet identity, so it pulls in another way.');
  return look(async () => ({ registry, kubelet, roles: await listRoles(manager, registry.id, kubelet, signal) }));
}

async function identitiesOf(
  ask: Ask,
  app: Promise<Finding<PlannedApp>>,
  { manager, signal }: Asking,
): Promise<Finding<readonly IdentityFacts[]>> {
  return ofApp(app, async planned => {
    const clientIds = clientIdsOf(planned.app);
    if (clientIds.length === 0) return skipped('The app uses no identity of Azure.');
    return ask(() => findIdentities(manager, clientIds, signal));
  });
}

async function storageOf(
  identities: Promise<Finding<readonly IdentityFacts[]>>,
  app: Promise<Finding<PlannedApp>>,
  { manager, signal }: Asking,
): Promise<Finding<readonly StorageFacts[]>> {
  return ofApp(app, async planned => {
    const needs = storageNeedsOf(planned.app);
    if (needs.length === 0) return skipped('No queue of the app is read with an identity.');
    return lookAfter(identities, 'Trust of the identity in KEDA', async found => {
      const accounts = await listStorageAccounts(manager, signal);
      return Promise.all(needs.map(need => storageFactsOf(need, { found, accounts }, { manager, signal })));
    });
  });
}

async function storageFactsOf(
  { clientId, account }: StorageNeed,
  known: { readonly found: readonly IdentityFacts[]; readonly accounts: ReadonlyMap<string, string> },
  { manager, signal }: Asking,
): Promise<StorageFacts> {
  const id = known.accounts.get(account.toLowerCase());
  const principalId = known.found.find(identity => identity.clientId === clientId)?.resource?.principalId;
  const roles = id === undefined || principalId === undefined ? [] : await listRoles(manager, id, principalId, signal);
  return { clientId, account, id, principalId, roles };
}

async function ofApp<Value>(
  app: Promise<Finding<PlannedApp>>,
  question: (planned: PlannedApp) => Promise<Finding<Value>>,
): Promise<Finding<Value>> {
  const planned = await app;
  return planned.kind === 'known' ? question(planned.value) : skipped('Needs "Code and configuration", see there.');
}
