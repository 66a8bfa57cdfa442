import { isRecord, parseJson } from '../json.ts';
import type { Manifest } from '../manifests/object.ts';
import { labelKeys, shortHash } from '../names.ts';
import { type ClusterFeature, featureNames, type Grant, keyOfRemedy, type Purpose } from './remedies.ts';

/** Name of the ConfigMap that remembers what the doctor made for an app. */
export function recordName(app: string): string {
  return `${app}.doctor`;
}

/** An empty record. It has not the label of the app's own objects, since it must outlive them. */
export function emptyRecord(app: string, namespace: string): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: recordName(app),
      namespace,
      labels: { 'app.kubernetes.io/managed-by': 'aks-functions', [labelKeys.doctor]: app },
    },
  };
}

/** Key of a grant in the record: two that write at once do not get in each other's way. */
export function recordKey(grant: Grant): string {
  return `${grant.kind}.${shortHash(keyOfRemedy(grant), 16)}`;
}

/** Entry of a grant, to be merged into the record. */
export function recordEntry(grant: Grant): Readonly<Record<string, string>> {
  return { [recordKey(grant)]: JSON.stringify(grant) };
}

/** Grants of a record; an entry that is not understood is left out, and what it tells of stays. */
export function parseRecord(data: Readonly<Record<string, string>> | undefined): readonly Grant[] {
  return Object.values(data ?? {}).flatMap(text => parseGrant(parseJson(text)) ?? []);
}

function parseGrant(value: unknown): Grant | undefined {
  if (!isRecord(value)) return undefined;
  switch (value.kind) {
    case 'role-assignment':
      return parseRoleGrant(value);
    case 'federated-credential':
      return parseCredentialGrant(value);
    case 'cluster-feature': {
      const feature = Object.keys(featureNames).find((name): name is ClusterFeature => name === value.feature);
      return isPath(value.cluster) && feature ? { kind: value.kind, cluster: value.cluster, feature } : undefined;
    }
    default:
      return undefined;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function parseRoleGrant({ scope, role, principalId, purpose }: Fields): Grant | undefined {
  const known = parsePurpose(purpose);
  if (!isPath(scope) || typeof principalId !== 'string' || !known || !isRecord(role)) return undefined;
  const { id, name } = role;
  if (typeof id !== 'string' || typeof name !== 'string') return undefined;
  return { kind: 'role-assignment', scope, role: { id, name }, principalId, purpose: known };
}

function parsePurpose(purpose: unknown): Purpose | undefined {
  if (!isRecord(purpose)) return undefined;
  const { kind, host, clientId } = purpose;
  if (kind === 'pull' && typeof host === 'string') return { kind, host };
  return kind === 'identity' && typeof clientId === 'string' ? { kind, clientId } : undefined;
}

function parseCredentialGrant({ identity, clientId, issuer, subject, audience }: Fields): Grant | undefined {
  if (!isPath(identity)) return undefined;
  if (typeof clientId !== 'string' || typeof issuer !== 'string') return undefined;
  if (typeof subject !== 'string' || typeof audience !== 'string') return undefined;
  return { kind: 'federated-credential', identity, clientId, issuer, subject, audience };
}

/** A path of the Resource Manager that leads nowhere else: whoever may write to the namespace could have put it there. */
function isPath(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    /^\/subscriptions(\/[\p{L}\p{N}_.()-]+)+$/u.test(value) &&
    !/\/\.{1,2}(\/|$)/.test(value)
  );
}
