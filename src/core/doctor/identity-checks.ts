import type { App } from '../app.ts';
import { serviceAccountOf } from '../manifests/access.ts';
import { advice, command, given, judge, ok, problem, skip, unknown, type Verdict } from './check.ts';
import type { ClusterFacts, DoctorFacts, IdentityFacts, StorageFacts } from './facts.ts';
import { clientIdsOf, scalerClientIdsOf, storageNeedsOf, usesIdentity } from './identity-needs.ts';
import { type CredentialGrant, commandOf, type FeatureSwitch, featureNames, roles } from './remedies.ts';

/** Audience of the cluster's tokens, in every cloud. */
const audience = 'api://AzureADTokenExchange';

const queueReader = '19e7f393-937e-4f77-808e-94535e297925';
const messageProcessor = '8a0f0c08-91a1-4084-bc3d-661d67233fed';

/** Whether the cluster gives its pods tokens that Entra accepts. */
export function workloadIdentityVerdict({ app, cluster }: DoctorFacts): Verdict {
  return whenUsed(app, () =>
    given(cluster, 'AKS cluster', found => {
      const missing = featuresMissing(found);
      if (missing.length === 0) return ok(`Workload identity is on, with the issuer "${found.oidcIssuer}".`);
      const switches = missing.map(
        (feature): FeatureSwitch => ({ kind: 'cluster-feature', cluster: found.id, feature }),
      );
      const [first, ...more] = switches.map(commandOf);
      const flags = more.map(text => text.slice(text.lastIndexOf(' ')));
      return problem(
        `The app signs in with an identity, but the cluster lacks: ${missing.map(feature => featureNames[feature]).join(', ')}.`,
        command(`${first}${flags.join('')}`),
        switches,
      );
    }),
  );
}

function featuresMissing({
  oidcIssuer,
  workloadIdentity,
}: ClusterFacts): readonly ('oidc-issuer' | 'workload-identity')[] {
  return [
    ...(oidcIssuer === undefined ? ['oidc-issuer' as const] : []),
    ...(workloadIdentity ? [] : ['workload-identity' as const]),
  ];
}

/** Whether the identities trust the app's service account. */
export function appCredentialVerdict({ app, cluster, identities, subject }: DoctorFacts): Verdict {
  return whenUsed(app, planned => {
    if (planned.identityClientId === undefined)
      return skip('The app names no identity of its own ("identity-client-id").');
    const account = serviceAccountOf(planned) ?? 'default';
    return credentialVerdict(
      { cluster, identities },
      clientIdsOf(planned),
      `system:serviceaccount:${subject.namespace}:${account}`,
    );
  });
}

/** Whether the identities of the triggers trust KEDA's operator, which reads the queues. */
export function kedaCredentialVerdict({ app, cluster, identities, operator }: DoctorFacts): Verdict {
  return whenUsed(app, planned => {
    const clientIds = scalerClientIdsOf(planned);
    if (clientIds.length === 0) return skip('No trigger of the app uses an identity.');
    return given(operator, "KEDA's operator", found => {
      if (!found) return unknown("KEDA's operator was not found, so its service account is not known.");
      const name = `system:serviceaccount:${found.namespace}:keda-operator`;
      return credentialVerdict({ cluster, identities }, clientIds, name);
    });
  });
}

function credentialVerdict(
  { cluster, identities }: Pick<DoctorFacts, 'cluster' | 'identities'>,
  clientIds: readonly string[],
  subject: string,
): Verdict {
  return given(cluster, 'AKS cluster', ({ oidcIssuer: issuer }) => {
    if (issuer === undefined) return skip("Needs the cluster's OIDC issuer.");
    return judge(identities, all => {
      const wanted = all.filter(identity => clientIds.includes(identity.clientId));
      const unseen = wanted.filter(identity => !identity.resource).map(identity => identity.clientId);
      if (unseen.length > 0) return unseenIdentity(unseen, { issuer, subject });
      const grants = wanted.flatMap(identity => grantFor(identity, { issuer, subject }));
      if (grants.length === 0) return ok(`The identity trusts "${subject}" of the cluster's issuer.`);
      return problem(
        `No federated credential of ${grants.map(grant => grant.clientId).join(', ')} has the subject "${subject}", the issuer "${issuer}" and the audience "${audience}".`,
        command(grants.map(commandOf).join('\n')),
        grants,
      );
    });
  });
}

function grantFor(
  identity: IdentityFacts,
  { issuer, subject }: Pick<CredentialGrant, 'issuer' | 'subject'>,
): readonly CredentialGrant[] {
  const isTrusted = identity.credentials.some(
    one => sameIssuer(one.issuer, issuer) && one.subject === subject && one.audiences.includes(audience),
  );
  if (isTrusted || !identity.resource) return [];
  return [
    {
      kind: 'federated-credential',
      identity: identity.resource.id,
      clientId: identity.clientId,
      issuer,
      subject,
      audience,
    },
  ];
}

function unseenIdentity(
  clientIds: readonly string[],
  { issuer, subject }: Pick<CredentialGrant, 'issuer' | 'subject'>,
): Verdict {
  const parameters = JSON.stringify({ name: subject.split(':').at(-1), issuer, subject, audiences: [audience] });
  return unknown(
    `The subscription has no managed identity with the client id ${clientIds.join(', ')} that may be looked at; it may be an application.`,
    command(`az ad app federated-credential create --id ${clientIds[0]} --parameters '${parameters}'`),
  );
}

/** Entra compares issuers letter by letter, but a slash at the end is Azure's own. */
function sameIssuer(one: string, other: string): boolean {
  return one.replace(/\/$/, '') === other.replace(/\/$/, '');
}

/** Whether the identities may read the queues that scale the app. */
export function storageVerdict({ app, storage }: DoctorFacts): Verdict {
  return whenUsed(app, planned => {
    if (storageNeedsOf(planned).length === 0) return skip('No queue of the app is read with an identity.');
    return judge(storage, all => {
      const unseen = all.filter(one => one.id === undefined || one.principalId === undefined);
      const lacking = all.filter(one => !unseen.includes(one) && !mayReadQueues(one));
      if (lacking.length > 0) return lackingRoles(lacking);
      if (unseen.length > 0)
        return unknown(
          `The storage account or the identity is not in this subscription or may not be looked at: ${unseen.map(one => `"${one.account}"`).join(', ')}.`,
          advice(`Give the identity the role "${roles.queueContributor.name}" on the account.`),
        );
      return ok(`The identity may read and change the queues of ${all.map(one => `"${one.account}"`).join(', ')}.`);
    });
  });
}

function lackingRoles(lacking: readonly StorageFacts[]): Verdict {
  const grants = lacking.flatMap(({ id: scope, principalId, clientId }) =>
    scope === undefined || principalId === undefined
      ? []
      : [
          {
            kind: 'role-assignment',
            scope,
            principalId,
            role: roles.queueContributor,
            purpose: { kind: 'identity', clientId },
          } as const,
        ],
  );
  return problem(
    `The identity has no role for the queues of ${lacking.map(one => `"${one.account}"`).join(', ')}: neither KEDA nor the functions could read them.`,
    command(grants.map(commandOf).join('\n')),
    grants,
  );
}

/** Reading the length is one right and taking messages another; one role has both. */
function mayReadQueues({ roles: held }: StorageFacts): boolean {
  const ids = new Set(held.map(role => role.roleId));
  return ids.has(roles.queueContributor.id) || (ids.has(queueReader) && ids.has(messageProcessor));
}

function whenUsed(app: DoctorFacts['app'], verdict: (app: App) => Verdict): Verdict {
  return given(app, 'Code and configuration', ({ app: planned }) =>
    usesIdentity(planned) ? verdict(planned) : skip('The app uses no identity of Azure.'),
  );
}
