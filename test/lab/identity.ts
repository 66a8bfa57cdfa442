import * as v from 'valibot';
import { UserError } from '../../src/errors.ts';
import type { Api } from './api.ts';
import { kubeconfigOf } from './api.ts';

/** A rule of a Role or ClusterRole. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

const tokenAnswer = v.object({ status: v.object({ token: v.string() }) });
const group = 'rbac.authorization.k8s.io';

/** An identity and all it may do. */
export interface Restriction {
  readonly name: string;
  readonly namespace: string;
  /** In the namespace. */
  readonly rules: readonly PolicyRule[];
  /** In the whole cluster. */
  readonly clusterRules: readonly PolicyRule[];
}

/** A kubeconfig, as text, of a new identity, good for an hour. Its namespace is made when missing. */
export async function restrictedKubeconfig(api: Api, restriction: Restriction): Promise<string> {
  const { name, namespace } = restriction;
  await grantRules(api, [{ kind: 'ServiceAccount', name, namespace }], restriction);
  const token = await serviceAccountToken(api, { name, namespace });
  return kubeconfigOf({ server: api.access.server, ca: api.access.ca, token });
}

/** Who gets rights, in the words of role bindings. */
export interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly apiGroup?: string;
}

/** Gives the subjects the rights, by roles and bindings of the restriction's name. The namespace is made when missing. */
export async function grantRules(api: Api, subjects: readonly Subject[], restriction: Restriction): Promise<void> {
  const { name, namespace, rules, clusterRules } = restriction;
  const metadata = { name, namespace };
  const apiVersion = `${group}/v1`;
  await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await api.apply({ apiVersion, kind: 'Role', metadata, rules });
  await api.apply({
    apiVersion,
    kind: 'RoleBinding',
    metadata,
    subjects,
    roleRef: { apiGroup: group, kind: 'Role', name },
  });
  if (clusterRules.length > 0) {
    const roleRef = { apiGroup: group, kind: 'ClusterRole', name };
    await api.apply({ apiVersion, kind: 'ClusterRole', metadata: { name }, rules: clusterRules });
    await api.apply({ apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, subjects, roleRef });
  }
}

/** A service account and what its token is for: the API server unless audiences are given, for an hour. */
export interface TokenWish {
  readonly name: string;
  readonly namespace: string;
  readonly audiences?: readonly string[];
  readonly expirationSeconds?: number;
}

/** A token of a service account, which is made when missing; its namespace is there. */
export async function serviceAccountToken(api: Api, { name, namespace, ...spec }: TokenWish): Promise<string> {
  await api.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } });
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const answer = await api.request('POST', path, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec,
  });
  if (answer.status !== 201)
    throw new UserError(`No token for "${namespace}/${name}" (${answer.status}): ${answer.text}`);
  return v.parse(tokenAnswer, answer.json()).status.token;
}
