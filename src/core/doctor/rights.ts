import type { Manifest } from '../manifests/object.ts';
import { renderObjects } from '../manifests/render.ts';
import type { ClusterUser } from './facts.ts';

/** Verbs on resources, in the words of a Role. */
export interface Rule {
  readonly group: string;
  /** With its subresource, as in `pods/log`. */
  readonly resource: string;
  readonly verbs: readonly string[];
  /** In the whole cluster, not in a namespace. */
  readonly clusterWide?: boolean;
}

/** A rule as the API server answers it when asked for all rights of a user. */
export interface GrantedRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** Name of the Role that the doctor proposes. */
const roleName = 'aks-functions-deployer';

const change = ['get', 'list', 'create', 'patch', 'delete'];
const look = ['get', 'list'];

/** Kinds of which every deployment lists the app's objects, whether it has some or not. */
const ownKinds: Readonly<Record<string, readonly [group: string, resource: string]>> = {
  Deployment: ['apps', 'deployments'],
  Service: ['', 'services'],
  ConfigMap: ['', 'configmaps'],
  Secret: ['', 'secrets'],
  ServiceAccount: ['', 'serviceaccounts'],
  Ingress: ['networking.k8s.io', 'ingresses'],
  Role: ['rbac.authorization.k8s.io', 'roles'],
  RoleBinding: ['rbac.authorization.k8s.io', 'rolebindings'],
  ScaledObject: ['keda.sh', 'scaledobjects'],
  TriggerAuthentication: ['keda.sh', 'triggerauthentications'],
};
const routes = ['gateway.networking.k8s.io', 'httproutes'] as const;

/** What waiting, verifying and explaining read. */
const watching: readonly Rule[] = [
  { group: '', resource: 'pods', verbs: look },
  { group: '', resource: 'pods/log', verbs: ['get'] },
  { group: '', resource: 'pods/proxy', verbs: ['get'] },
  { group: '', resource: 'events', verbs: ['list'] },
  { group: 'discovery.k8s.io', resource: 'endpointslices', verbs: ['list'] },
];

/** Every right that deploying these objects takes; without objects, those that most apps need. */
export function rightsFor(
  objects: readonly Manifest[] | undefined,
  { namespaceExists }: { readonly namespaceExists: boolean },
): readonly Rule[] {
  // A release is recorded in a Secret, and may be taken away again.
  const kinds = new Set(objects ? ['Secret', ...objects.map(object => object.kind)] : Object.keys(ownKinds));
  const own = Object.entries(ownKinds).map(
    ([kind, [group, resource]]): Rule => ({ group, resource, verbs: verbsOn(kind, kinds) }),
  );
  return [
    ...own,
    ...(kinds.has('HTTPRoute') ? [{ group: routes[0], resource: routes[1], verbs: change }] : []),
    ...watching,
    ...(namespaceExists ? [] : [{ group: '', resource: 'namespaces', verbs: ['create'], clusterWide: true }]),
  ];
}

/** Who makes a Role must have the rights that it grants: the host watches its keys. */
function verbsOn(kind: string, kinds: ReadonlySet<string>): readonly string[] {
  if (!kinds.has(kind)) return look;
  return kind === 'Secret' && kinds.has('Role') ? [...change, 'watch'] : change;
}

/** Single questions `may I verb this resource` of a list of rules. */
export function questionsOf(rules: readonly Rule[]): readonly (Rule & { readonly verb: string })[] {
  return rules.flatMap(rule => rule.verbs.map(verb => ({ ...rule, verbs: [verb], verb })));
}

/** Whether the rules that a user has for certain include the right. */
export function isGranted(rule: Rule, granted: readonly GrantedRule[]): boolean {
  return rule.verbs.every(verb =>
    granted.some(
      one =>
        (one.resourceNames ?? []).length === 0 &&
        hasAny(one.verbs, verb) &&
        hasAny(one.apiGroups ?? [], rule.group) &&
        (hasAny(one.resources ?? [], rule.resource) || coversSubresource(one.resources ?? [], rule.resource)),
    ),
  );
}

function hasAny(list: readonly string[], wanted: string): boolean {
  return list.includes('*') || list.includes(wanted);
}

/** A rule on all resources holds for subresources too, and so does one on a subresource of all of them. */
function coversSubresource(list: readonly string[], resource: string): boolean {
  const subresource = resource.split('/')[1];
  return subresource !== undefined && list.includes(`*/${subresource}`);
}

/** Rules that answers leave open, verbs of one resource together. */
export function joinedRules(rules: readonly Rule[]): readonly Rule[] {
  const joined = new Map<string, Rule>();
  for (const rule of rules) {
    const key = `${rule.group}/${rule.resource}`;
    joined.set(key, { ...rule, verbs: [...(joined.get(key)?.verbs ?? []), ...rule.verbs] });
  }
  return [...joined.values()];
}

/** A rule in words: `create, patch on scaledobjects.keda.sh`. */
export function describeRule({ group, resource, verbs }: Rule): string {
  return `${verbs.join(', ')} on ${resource}${group === '' ? '' : `.${group}`}`;
}

/** Role and RoleBinding that give a user the rules, as YAML; with a ClusterRole where one is for the whole cluster. */
export function rbacManifest(rules: readonly Rule[], namespace: string, user: ClusterUser | undefined): string {
  const subject = subjectOf(user);
  const inNamespace = rules.filter(rule => !rule.clusterWide);
  const inCluster = rules.filter(rule => rule.clusterWide);
  const objects = [
    ...(inCluster.length > 0 ? [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }] : []),
    roleOf(inNamespace, namespace),
    bindingOf(subject, namespace),
  ];
  return renderObjects(objects, { format: 'yaml', includeSecrets: false });
}

function roleOf(rules: readonly Rule[], namespace: string): Manifest {
  return {
    apiVersion: rbac,
    kind: 'Role',
    metadata: { name: roleName, namespace },
    rules: shortened(rules),
  };
}

/** Resources of one group with the same verbs stand in one rule, as people write it. */
function shortened(rules: readonly Rule[]): readonly object[] {
  const joined = new Map<string, { apiGroups: string[]; resources: string[]; verbs: readonly string[] }>();
  for (const { group, resource, verbs } of rules) {
    const key = `${group} ${verbs.join()}`;
    const resources = [...(joined.get(key)?.resources ?? []), resource];
    joined.set(key, { apiGroups: [group], resources, verbs });
  }
  return [...joined.values()];
}

function bindingOf(subject: object, namespace: string): Manifest {
  return {
    apiVersion: rbac,
    kind: 'RoleBinding',
    metadata: { name: roleName, namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: roleName },
    subjects: [subject],
  };
}

const rbac = 'rbac.authorization.k8s.io/v1';

function subjectOf(user: ClusterUser | undefined): object {
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user?.name ?? '') ?? [];
  if (namespace !== undefined && name !== undefined) return { kind: 'ServiceAccount', name, namespace };
  return {
    kind: 'User',
    apiGroup: 'rbac.authorization.k8s.io',
    name: user?.name ?? '<object id of the deploying identity>',
  };
}
