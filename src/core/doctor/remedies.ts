import { createHash } from 'node:crypto';
import { shortHash } from '../names.ts';

/** A built-in role of Azure. */
export interface Role {
  readonly id: string;
  readonly name: string;
}

/** Roles that the doctor gives. */
export const roles = {
  acrPull: { id: '7f951dda-4ed3-4680-a7ca-43fe172d538d', name: 'AcrPull' },
  repositoryReader: { id: 'b93aa761-3e63-49ed-ac28-beffa264f7ac', name: 'Container Registry Repository Reader' },
  queueContributor: { id: '974c5e8b-45b9-4653-ba55-5f855dd0fb88', name: 'Storage Queue Data Contributor' },
} as const satisfies Readonly<Record<string, Role>>;

/** What can be turned on in an AKS cluster. */
export type ClusterFeature = 'keda' | 'oidc-issuer' | 'workload-identity';

/** A role for a principal on one resource. */
export interface RoleGrant {
  readonly kind: 'role-assignment';
  /** Path of the resource. */
  readonly scope: string;
  readonly role: Role;
  readonly principalId: string;
  readonly purpose: Purpose;
}

/** What a role is for: the nodes' pulls from a registry, or an identity of apps. While others need it too, it stays. */
export type Purpose =
  | { readonly kind: 'pull'; readonly host: string }
  | { readonly kind: 'identity'; readonly clientId: string };

/** Trust of a managed identity in a service account of the cluster. */
export interface CredentialGrant {
  readonly kind: 'federated-credential';
  /** Path of the identity. */
  readonly identity: string;
  readonly clientId: string;
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

/** Something turned on in the cluster. */
export interface FeatureSwitch {
  readonly kind: 'cluster-feature';
  /** Path of the cluster. */
  readonly cluster: string;
  readonly feature: ClusterFeature;
}

/** Pods of KEDA's operator made anew, so that they get what was turned on after them. */
export interface OperatorRestart {
  readonly kind: 'operator-restart';
  readonly namespace: string;
}

/** What can be taken back later. */
export type Grant = RoleGrant | CredentialGrant | FeatureSwitch;

/** What `fix` can do about a problem. */
export type Remedy = Grant | OperatorRestart;

/** Namespace of our name-based UUIDs. */
const uuidNamespace = '5f0c7d0e-6b64-4d0b-9a52-3f5b8f7c1f6d';

/** Id of a role assignment, the same for the same scope, principal and role: asked for twice, it is there once. */
export function assignmentIdOf({ scope, principalId, role }: RoleGrant): string {
  return uuidOf([scope.toLowerCase(), principalId.toLowerCase(), role.id].join('|'));
}

/** Name of a federated credential, the same for the same trust. */
export function credentialNameOf({ issuer, subject, audience }: CredentialGrant): string {
  return `aks-functions-${shortHash([issuer, subject, audience].join('|'), 12)}`;
}

/** Path of what a grant makes. */
export function pathOfGrant(grant: RoleGrant | CredentialGrant): string {
  return grant.kind === 'role-assignment'
    ? `${grant.scope}/providers/Microsoft.Authorization/roleAssignments/${assignmentIdOf(grant)}`
    : `${grant.identity}/federatedIdentityCredentials/${credentialNameOf(grant)}`;
}

/** Key of a remedy: the same for the same thing. */
export function keyOfRemedy(remedy: Remedy): string {
  switch (remedy.kind) {
    case 'role-assignment':
    case 'federated-credential':
      return pathOfGrant(remedy).toLowerCase();
    case 'cluster-feature':
      return `${remedy.cluster.toLowerCase()}#${remedy.feature}`;
    case 'operator-restart':
      return `${remedy.namespace}/keda-operator`;
  }
}

/** What a remedy does, to go on from "Would" or to be said of a change. */
export function describeRemedy(remedy: Remedy): string {
  switch (remedy.kind) {
    case 'role-assignment':
      return `role ${remedy.role.name} for ${holderOf(remedy.purpose)} on ${nameOfPath(remedy.scope)}`;
    case 'federated-credential':
      return `federated credential for ${remedy.subject} at the identity ${nameOfPath(remedy.identity)}`;
    case 'cluster-feature':
      return `${featureNames[remedy.feature]} of the cluster ${nameOfPath(remedy.cluster)}`;
    case 'operator-restart':
      return `restart of KEDA's operator in the namespace ${remedy.namespace}`;
  }
}

/** The command with which somebody who may does the same. */
export function commandOf(remedy: Remedy): string {
  switch (remedy.kind) {
    case 'role-assignment':
      return assignmentCommand(remedy);
    case 'federated-credential':
      return credentialCommand(remedy);
    case 'cluster-feature':
      return featureCommand(remedy);
    case 'operator-restart':
      return `kubectl -n ${remedy.namespace} rollout restart deployment keda-operator`;
  }
}

/** Last part of a path. */
export function nameOfPath(path: string): string {
  return path.split('/').at(-1) ?? path;
}

/** Words of a feature. */
export const featureNames: Readonly<Record<ClusterFeature, string>> = {
  keda: 'KEDA add-on',
  'oidc-issuer': 'OIDC issuer',
  'workload-identity': 'workload identity',
};

const featureFlags: Readonly<Record<ClusterFeature, string>> = {
  keda: '--enable-keda',
  'oidc-issuer': '--enable-oidc-issuer',
  'workload-identity': '--enable-workload-identity',
};

function holderOf(purpose: Purpose): string {
  return purpose.kind === 'pull' ? "the cluster's kubelet identity" : `the identity ${purpose.clientId}`;
}

function assignmentCommand({ role, principalId, scope }: RoleGrant): string {
  return `az role assignment create --assignee-object-id ${principalId} --assignee-principal-type ServicePrincipal --role "${role.name}" --scope "${scope}"`;
}

function credentialCommand(grant: CredentialGrant): string {
  const { subscription, group, name } = placeOf(grant.identity);
  return `az identity federated-credential create --subscription ${subscription} --resource-group "${group}" --identity-name "${name}" --name ${credentialNameOf(grant)} --issuer "${grant.issuer}" --subject "${grant.subject}" --audiences "${grant.audience}"`;
}

function featureCommand({ cluster, feature }: FeatureSwitch): string {
  const { subscription, group, name } = placeOf(cluster);
  return `az aks update --subscription ${subscription} --resource-group "${group}" --name "${name}" ${featureFlags[feature]}`;
}

function placeOf(path: string): { readonly subscription: string; readonly group: string; readonly name: string } {
  const parts = path.split('/');
  return { subscription: parts[2] ?? '', group: parts[4] ?? '', name: nameOfPath(path) };
}

/** A UUID of version 5, made of a name as RFC 9562 says. */
function uuidOf(name: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(uuidNamespace.replaceAll('-', ''), 'hex'))
    .update(name, 'utf8')
    .digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
