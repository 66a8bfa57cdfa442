import type { Manifest } from '../manifests/object.ts';
import { parseQuantity } from '../scaled-object-status.ts';
import { advice, ok, problem, type Verdict } from './check.ts';
import type { NamespaceLimits } from './facts.ts';

type Amounts = Readonly<Record<string, string>>;
type Range = NamespaceLimits['ranges'][number];

interface PodNeed {
  readonly name: string;
  readonly requests: Amounts;
  readonly limits: Amounts;
}

/** Whether one pod of each workload of the plan fits into what the namespace has left. */
export function limitsVerdict({ quotas, ranges }: NamespaceLimits, objects: readonly Manifest[]): Verdict {
  if (quotas.length === 0 && ranges.length === 0)
    return ok('The namespace has neither a ResourceQuota nor a LimitRange.');
  const pods = objects.flatMap(podNeedOf).map(pod => withDefaults(pod, ranges));
  const faults = [
    ...quotas.flatMap(quota => quotaFaults(quota, pods, objects)),
    ...ranges.flatMap(range => rangeFaults(range, pods)),
  ];
  if (faults.length > 0)
    return problem(
      faults.join(' '),
      advice('Raise the limit of the namespace, or lower "resources" of the workload in aks-functions.yml.'),
    );
  const names = [...quotas, ...ranges].map(one => `"${one.name}"`).join(', ');
  return ok(`One pod of each workload fits into ${names}.`);
}

/** What the only container of a Deployment's pod asks for. */
function podNeedOf({ kind, metadata, spec }: Manifest): readonly PodNeed[] {
  if (kind !== 'Deployment') return [];
  const template: DeploymentSpec = { ...(typeof spec === 'object' ? spec : {}) };
  const resources = template.template?.spec?.containers?.[0]?.resources ?? {};
  return [{ name: metadata.name, requests: resources.requests ?? {}, limits: resources.limits ?? {} }];
}

interface DeploymentSpec {
  readonly template?: {
    readonly spec?: {
      readonly containers?: readonly {
        readonly resources?: { readonly requests?: Amounts; readonly limits?: Amounts };
      }[];
    };
  };
}

/** As the API server fills them in: a limit stands for a missing request. */
function withDefaults(pod: PodNeed, ranges: readonly Range[]): PodNeed {
  const rows = ranges.flatMap(range => range.limits.filter(limit => limit.type === 'Container'));
  const limits = Object.assign({}, ...rows.map(row => row.default ?? {}), pod.limits);
  const requests = Object.assign({}, limits, ...rows.map(row => row.defaultRequest ?? {}), pod.requests);
  return { ...pod, limits, requests };
}

function quotaFaults(
  { name, hard, used }: NamespaceLimits['quotas'][number],
  pods: readonly PodNeed[],
  objects: readonly Manifest[],
): readonly string[] {
  return Object.entries(hard).flatMap(([key, limit]) => {
    const lacking = pods.filter(pod => amountOf(pod, key) === 'missing').map(pod => `"${pod.name}"`);
    if (lacking.length > 0)
      return [`ResourceQuota "${name}" counts ${key}, which the pods of ${lacking.join(', ')} do not say.`];
    const needed = neededOf(key, pods, objects);
    const free = parseQuantity(limit) - parseQuantity(used[key] ?? '0');
    if (!(needed > free)) return [];
    return [
      `ResourceQuota "${name}" has ${used[key] ?? '0'} of ${limit} ${key} in use; the plan takes ${shown(needed)} more.`,
    ];
  });
}

/** How much of a quota's key the plan needs at first: one pod of each workload. */
function neededOf(key: string, pods: readonly PodNeed[], objects: readonly Manifest[]): number {
  if (key === 'pods' || key === 'count/pods') return pods.length;
  const counted = /^count\/(\w+)\.?/.exec(key)?.[1] ?? (plurals.has(key) ? key : undefined);
  if (counted !== undefined) return objects.filter(object => `${object.kind.toLowerCase()}s` === counted).length;
  return pods.reduce((sum, pod) => {
    const amount = amountOf(pod, key);
    return sum + (typeof amount === 'number' ? amount : 0);
  }, 0);
}

const plurals = new Set(['services', 'secrets', 'configmaps']);

/** Amount that a pod counts with; `missing` where the quota refuses pods that do not say it; undefined for another kind of key. */
function amountOf({ requests, limits }: PodNeed, key: string): number | 'missing' | undefined {
  const [, kind = 'requests', resource] = /^(?:(requests|limits)\.)?(cpu|memory)$/.exec(key) ?? [];
  if (resource === undefined) return undefined;
  const text = (kind === 'limits' ? limits : requests)[resource];
  return text === undefined ? 'missing' : parseQuantity(text);
}

function rangeFaults({ name, limits }: Range, pods: readonly PodNeed[]): readonly string[] {
  return limits
    .filter(limit => ['Container', 'Pod'].includes(limit.type))
    .flatMap(limit => pods.flatMap(pod => boundFaults(name, limit, pod)));
}

function boundFaults(name: string, { min = {}, max = {} }: Range['limits'][number], pod: PodNeed): readonly string[] {
  const over = Object.entries(max).flatMap(([resource, bound]) => {
    const text = pod.limits[resource] ?? pod.requests[resource];
    return text !== undefined && parseQuantity(text) > parseQuantity(bound)
      ? [`LimitRange "${name}" allows at most ${bound} ${resource}, the workload "${pod.name}" has ${text}.`]
      : [];
  });
  const under = Object.entries(min).flatMap(([resource, bound]) => {
    const text = pod.requests[resource];
    return text !== undefined && parseQuantity(text) < parseQuantity(bound)
      ? [`LimitRange "${name}" wants at least ${bound} ${resource}, the workload "${pod.name}" requests ${text}.`]
      : [];
  });
  return [...over, ...under];
}

function shown(amount: number): string {
  if (amount >= 1024 ** 2) return `${Math.ceil(amount / 1024 ** 2)}Mi`;
  return amount < 1 && amount > 0 ? `${Math.round(amount * 1000)}m` : String(Math.round(amount * 1000) / 1000);
}
