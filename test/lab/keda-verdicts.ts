import * as v from 'valibot';
import type { KubernetesObject } from './api.ts';
import type { Lab } from './lab.ts';
import { waitUntil } from './processes.ts';

const events = v.object({
  items: v.array(
    v.object({
      metadata: v.object({ namespace: v.string() }),
      regarding: v.object({ kind: v.string() }),
      note: v.optional(v.string(), ''),
    }),
  ),
});

/** What KEDA made of a ScaledObject: a scaler, or an attempt that failed only at the network; else the reason against it. */
export type Verdict = 'built' | 'unreachable' | { readonly refused: string };

/** Kinds that KEDA reads beside the ScaledObject itself. */
const readByKeda = new Set(['Secret', 'ConfigMap', 'Deployment', 'TriggerAuthentication', 'ScaledObject']);

/**
 * Applies each group of objects into a namespace of its own, with no replicas, and waits for what KEDA makes of its
 * ScaledObject. Gives the verdicts in the order of the groups.
 */
export async function verdictsOf(
  lab: Lab,
  groups: readonly (readonly KubernetesObject[])[],
): Promise<readonly Verdict[]> {
  const namespaceOf = (index: number) => `verdict-${index}`;
  const rest = groups.entries();
  const applyRest = async () => {
    for (const [index, objects] of rest) await applyInto(lab, namespaceOf(index), objects);
  };
  await Promise.all(Array.from({ length: 8 }, applyRest));
  let verdicts: readonly (Verdict | undefined)[] = [];
  const allGiven = async () => {
    const notes = await notesOf(lab);
    verdicts = groups.map((_, index) => verdictOf(notes.get(namespaceOf(index)) ?? []));
    return verdicts.every(verdict => verdict !== undefined);
  };
  await waitUntil('KEDA looked at every ScaledObject', allGiven, 120_000);
  return verdicts.filter(verdict => verdict !== undefined);
}

async function applyInto(lab: Lab, namespace: string, objects: readonly KubernetesObject[]): Promise<void> {
  await lab.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  for (const object of objects.filter(({ kind }) => readByKeda.has(kind))) {
    const { spec } = object;
    const idle = object.kind === 'Deployment' && typeof spec === 'object' ? { spec: { ...spec, replicas: 0 } } : {};
    await lab.apply({ ...object, ...idle, metadata: { ...object.metadata, namespace } });
  }
}

/** What KEDA says about ScaledObjects, by namespace. */
async function notesOf(lab: Lab): Promise<ReadonlyMap<string, readonly string[]>> {
  const { items } = v.parse(events, (await lab.request('GET', '/apis/events.k8s.io/v1/events')).json());
  const said = items.filter(({ regarding }) => regarding.kind === 'ScaledObject');
  const byNamespace = Map.groupBy(said, ({ metadata }) => metadata.namespace);
  return new Map([...byNamespace].map(([namespace, all]) => [namespace, all.map(({ note }) => note)]));
}

/** Undefined while KEDA has said nothing that counts. */
function verdictOf(notes: readonly string[]): Verdict | undefined {
  if (notes.some(note => /^Scaler \S+ is built$/.test(note))) return 'built';
  if (notes.some(note => /\bdial tcp\b|\blookup \S+ on \S+:53\b|no such host/.test(note))) return 'unreachable';
  const [refused] = notes;
  return refused === undefined ? undefined : { refused };
}
