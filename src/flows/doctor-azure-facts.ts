import { type Finding, skipped } from '../core/doctor/check.ts';
import type {
  DoctorFacts,
  DoctorSubject,
  IdentityFacts,
  PlannedApp,
  PullFacts,
  SignInFacts,
  StorageFacts,
} from '../core/doctor/facts.ts';
import { clientIdsOf, type StorageNeed, storageNeedsOf } from '../core/doctor/identity-needs.ts';
import { fetchSubscription, findIdentities, findRegistry, listRoles, listStorageAccounts } from './azure-lists.ts';
import type { ManagedCluster, ResourceManager } from './azure-port.ts';
import type { DoctorAzure } from './doctor-port.ts';
import { look, lookAfter, skippedFor } from './look.ts';

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
  const { token: readToken, resourceManager: manager, findCluster } = azure;
  const token = readToken
    ? look(() => readToken(signal))
    : Promise.resolve(skipped('The sign-in uses no token of GitHub.'));
  const signIn = signInAfter(token, () => azure.signIn(signal));
  const ask: Ask = question =>
    manager
      ? lookAfter(signIn, 'Sign-in to Azure', () => question(manager))
      : Promise.resolve(skipped('The inputs name no subscription.'));
  const managed: Promise<Finding<ManagedCluster>> = findCluster
    ? lookAfter(signIn, 'Sign-in to Azure', () => findCluster(signal))
    : Promise.resolve(skipped(withoutAzure));
  const identities = identitiesOf(ask, app, signal);
  return {
    managed,
    signIn,
    facts: gathered({
      token,
      signIn,
      subscription: ask(manager => fetchSubscription(manager, signal)),
      pull: pullOf(managed, ask, { subject, signal }),
      identities,
      storage: storageOf(identities, ask, app, signal),
    }),
  };
}

/** Without the token that it needs, the sign-in would only say the same once more. */
async function signInAfter(
  token: Promise<DoctorFacts['token']>,
  signIn: () => Promise<SignInFacts>,
): Promise<DoctorFacts['signIn']> {
  const found = await token;
  return found.kind === 'failed' ? skippedFor(found, "GitHub's OIDC token") : look(signIn);
}

type Promises<Facts> = { readonly [Name in keyof Facts]: Promise<Facts[Name]> };
type Ask = <Value>(question: (manager: ResourceManager) => Promise<Value>) => Promise<Finding<Value>>;

function noAzure(): AzureQuestions {
  const nothing = Promise.resolve(skipped(withoutAzure));
  const facts = { token: nothing, signIn: nothing, subscription: nothing, pull: nothing };
  return {
    managed: nothing,
    signIn: nothing,
    facts: gathered({ ...facts, identities: nothing, storage: nothing }),
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
  ask: Ask,
  { subject, signal }: { readonly subject: DoctorSubject; readonly signal: AbortSignal },
): Promise<Finding<PullFacts>> {
  const { image } = subject;
  if (!image) return skipped('No registry is given.');
  if (subject.pullsWithSecret) return skipped('The cluster pulls with the credentials that are given, as a secret.');
  const [cluster, registry] = await Promise.all([managed, ask(manager => findRegistry(manager, image.host, signal))]);
  if (registry.kind !== 'known') return registry;
  if (cluster.kind !== 'known') return skippedFor(cluster, 'AKS cluster');
  const { kubeletIdentity } = cluster.value;
  const found = registry.value;
  if (!found)
    return {
      kind: 'forbidden',
      reason: `The subscription has no registry "${image.host}" that may be looked at, so it is not known whether the cluster may pull from it.`,
    };
  if (!kubeletIdentity) return skipped('The cluster has no kubelet identity, so it pulls in another way.');
  const { objectId: kubelet } = kubeletIdentity;
  return ask(async manager => ({
    registry: found,
    kubelet,
    roles: await listRoles(manager, found.id, kubelet, signal),
  }));
}

async function identitiesOf(
  ask: Ask,
  app: Promise<Finding<PlannedApp>>,
  signal: AbortSignal,
): Promise<Finding<readonly IdentityFacts[]>> {
  return ofApp(app, async planned => {
    const clientIds = clientIdsOf(planned.app);
    if (clientIds.length === 0) return skipped('The app uses no identity of Azure.');
    return ask(manager => findIdentities(manager, clientIds, signal));
  });
}

async function storageOf(
  identities: Promise<Finding<readonly IdentityFacts[]>>,
  ask: Ask,
  app: Promise<Finding<PlannedApp>>,
  signal: AbortSignal,
): Promise<Finding<readonly StorageFacts[]>> {
  return ofApp(app, async planned => {
    const needs = storageNeedsOf(planned.app);
    if (needs.length === 0) return skipped('No queue of the app is read with an identity.');
    const found = await identities;
    if (found.kind !== 'known') return found;
    return ask(async manager => {
      const accounts = await listStorageAccounts(manager, signal);
      return Promise.all(
        needs.map(need => storageFactsOf(need, { found: found.value, accounts }, { manager, signal })),
      );
    });
  });
}

async function storageFactsOf(
  { clientId, account }: StorageNeed,
  known: { readonly found: readonly IdentityFacts[]; readonly accounts: ReadonlyMap<string, string> },
  { manager, signal }: { readonly manager: ResourceManager; readonly signal: AbortSignal },
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
  return planned.kind === 'known' ? question(planned.value) : skippedFor(planned, 'Code and configuration');
}
