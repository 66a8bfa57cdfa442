import { labelKeys } from './names.ts';

/** What is looked at of an object. */
export interface ForeignCandidate {
  readonly kind: string;
  readonly name: string;
  readonly uid: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly owners: readonly { readonly uid: string }[];
}

/** Objects that every namespace has by itself. */
const builtIn = new Set(['ConfigMap/kube-root-ca.crt', 'ServiceAccount/default']);
/** Kinds that tell about other objects, and come and go by themselves. */
const fleeting = new Set(['Event', 'Endpoints', 'EndpointSlice', 'Lease', 'PodMetrics', 'ControllerRevision']);

/**
 * Objects, as `Kind/name`, that do not belong to the app: neither labelled as the app's, nor made for one of its objects.
 * What hangs on a foreign object that is in the list itself is left out.
 */
export function foreignObjects(all: readonly ForeignCandidate[], app: string): readonly string[] {
  const own = withDependants(
    all,
    all.filter(one => one.labels[labelKeys.app] === app),
  );
  const others = all.filter(one => !own.has(one) && !fleeting.has(one.kind) && !builtIn.has(`${one.kind}/${one.name}`));
  const uids = new Set(others.flatMap(one => one.uid ?? []));
  return others
    .filter(one => !one.owners.some(owner => uids.has(owner.uid)))
    .map(one => `${one.kind}/${one.name}`)
    .sort();
}

function withDependants(
  all: readonly ForeignCandidate[],
  roots: readonly ForeignCandidate[],
): ReadonlySet<ForeignCandidate> {
  const found = new Set(roots);
  for (;;) {
    const uids = new Set([...found].flatMap(one => one.uid ?? []));
    const more = all.filter(one => !found.has(one) && one.owners.some(owner => uids.has(owner.uid)));
    if (more.length === 0) return found;
    for (const one of more) found.add(one);
  }
}
