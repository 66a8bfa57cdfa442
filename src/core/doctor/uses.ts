import type { Finding } from './check.ts';
import { featureNames, type Grant, keyOfRemedy, nameOfPath } from './remedies.ts';

/** Whose something is, for a message. */
export interface Owner {
  readonly namespace: string;
  readonly name: string;
}

/** What everybody else in the cluster uses. */
export interface ClusterUses {
  /** Registry hosts that pods pull from. */
  readonly hosts: Finding<readonly (Owner & { readonly host: string })[]>;
  /** Objects that KEDA scales. */
  readonly scaled: Finding<readonly Owner[]>;
  /** Client ids that service accounts and scalers sign in with; `any` where an object does not name one. */
  readonly identities: Finding<readonly (Owner & { readonly clientId: string })[]>;
  /** What the doctor has recorded for other apps. */
  readonly records: Finding<readonly (Owner & { readonly grants: readonly Grant[] })[]>;
}

/** A client id that is not said. */
export const anyClientId = 'any';

/** Why a grant must stay, as a sentence; undefined when nobody else needs it. */
export function reasonToKeep(grant: Grant, uses: ClusterUses): string | undefined {
  if (grant.kind === 'cluster-feature' && grant.feature === 'oidc-issuer')
    return 'The OIDC issuer of a cluster cannot be turned off.';
  const key = keyOfRemedy(grant);
  return (
    usedBy(uses.records, record => record.grants.some(other => keyOfRemedy(other) === key), 'recorded for') ??
    usedByOthers(grant, uses)
  );
}

function usedByOthers(grant: Grant, uses: ClusterUses): string | undefined {
  switch (grant.kind) {
    case 'role-assignment':
      return grant.purpose.kind === 'pull'
        ? usedByPulls(uses.hosts, grant.purpose.host)
        : usedByIdentity(uses.identities, grant.purpose.clientId);
    case 'federated-credential':
      // The app's own service account is nobody else's; KEDA's operator acts for all.
      return grant.subject.endsWith(':keda-operator') ? usedByIdentity(uses.identities, grant.clientId) : undefined;
    case 'cluster-feature':
      return grant.feature === 'keda'
        ? usedBy(uses.scaled, () => true, 'used by')
        : usedBy(uses.identities, () => true, 'used by');
  }
}

function usedByPulls(hosts: ClusterUses['hosts'], host: string): string | undefined {
  return usedBy(hosts, one => one.host === host, 'used by');
}

function usedByIdentity(identities: ClusterUses['identities'], clientId: string): string | undefined {
  return usedBy(identities, one => [clientId, anyClientId].includes(one.clientId), 'used by');
}

function usedBy<Use extends Owner>(
  finding: Finding<readonly Use[]>,
  counts: (use: Use) => boolean,
  how: string,
): string | undefined {
  if (finding.kind !== 'known') return `It cannot be told whether others use it: ${finding.reason}`;
  const owners = [...new Set(finding.value.filter(counts).map(({ namespace, name }) => `${namespace}/${name}`))];
  if (owners.length === 0) return undefined;
  const more = owners.length > listedLimit ? ` and ${owners.length - listedLimit} more` : '';
  return `It is ${how} ${owners.slice(0, listedLimit).join(', ')}${more} too.`;
}

const listedLimit = 5;

/** Name of a grant among the things that a teardown deletes: `Role/AcrPull@shop`. */
export function nameOfGrant(grant: Grant): string {
  switch (grant.kind) {
    case 'role-assignment':
      return `Role/${grant.role.name}@${nameOfPath(grant.scope)}`;
    case 'federated-credential':
      return `Credential/${grant.subject}@${nameOfPath(grant.identity)}`;
    case 'cluster-feature':
      return `Feature/${featureNames[grant.feature]}@${nameOfPath(grant.cluster)}`;
  }
}

/** The order in which grants are taken back: KEDA last. */
export function inOrderOfRemoval(grants: readonly Grant[]): readonly Grant[] {
  const rank = (grant: Grant) => {
    if (grant.kind !== 'cluster-feature') return 0;
    return grant.feature === 'keda' ? 2 : 1;
  };
  return grants.toSorted((one, other) => rank(one) - rank(other));
}
