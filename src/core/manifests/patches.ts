import { assertNoFaults, type Fault } from '../../errors.ts';
import type { App } from '../app.ts';
import type { Patch } from '../config/config.ts';
import { isRecord } from '../json.ts';
import { jsonPatch, mergePatch, PatchFault } from '../json-patch.ts';
import { didYouMean } from '../nearest.ts';
import type { Manifest } from './object.ts';

/** Kinds whose names are made of their content, or whose content is not ours to show. */
const settingsKinds: ReadonlySet<string> = new Set(['Secret', 'ConfigMap']);

/** The objects with the patches of the file applied in order. Throws UserError with every patch that finds nothing or changes what ties objects together. */
export function patchedObjects(
  objects: readonly Manifest[],
  { patches = [] }: Pick<App, 'patches'>,
): readonly Manifest[] {
  const faults: Fault[] = [];
  let patched = objects;
  for (const [index, patch] of patches.entries()) {
    const about = `Key "patches[${index}]" of aks-functions.yml`;
    const targets = patched.filter(object => isTarget(object, patch));
    const fault =
      targets.length === 0
        ? missingText(patched, patch)
        : settingsKinds.has(patch.target.kind)
          ? settingsText
          : undefined;
    if (fault) faults.push({ message: `${about} ${fault}` });
    else
      patched = patched.map(object =>
        targets.includes(object)
          ? patchedOne(object, patch, message => faults.push({ message: `${about} ${message}` }))
          : object,
      );
  }
  assertNoFaults(faults);
  return patched;
}

const settingsText =
  'changes an object with settings, whose name is made of its content. Use the key "settings" or the input "secret-settings".';

function isTarget({ kind, metadata }: Manifest, { target }: Patch): boolean {
  return kind === target.kind && (target.name === undefined || metadata.name === target.name);
}

function missingText(objects: readonly Manifest[], { target: { kind, name } }: Patch): string {
  const names = objects.filter(object => object.kind === kind).map(object => object.metadata.name);
  const kinds = [...new Set(objects.map(object => object.kind))].filter(one => !settingsKinds.has(one));
  if (names.length === 0)
    return `has the target kind "${kind}", of which the app has no object.${didYouMean(kind, kinds) || ` It has ${quoted(kinds)}.`}`;
  return `has the target "${kind}/${name}", which the app does not have.${didYouMean(name ?? '', names) || ` Its objects of that kind are ${quoted(names)}.`}`;
}

function quoted(words: readonly string[]): string {
  return words.map(word => `"${word}"`).join(', ');
}

function patchedOne(object: Manifest, { patch }: Patch, fault: (message: string) => void): Manifest {
  const result = applied(object, patch, fault);
  const changed =
    result === undefined
      ? []
      : fixedParts.filter(part => JSON.stringify(at(object, part)) !== JSON.stringify(at(result, part)));
  const labels = result === undefined ? [] : changedLabels(object, result);
  for (const part of [...changed.map(path => path.join('.')), ...labels]) {
    fault(
      `changes "${part}" of ${object.kind} "${object.metadata.name}", which ties the objects of the app together. Leave it as it is.`,
    );
  }
  return changed.length === 0 && labels.length === 0 && isManifest(result) ? result : object;
}

function applied(object: Manifest, patch: Patch['patch'], fault: (message: string) => void): unknown {
  try {
    return isList(patch) ? jsonPatch(object, patch) : mergePatch(object, patch);
  } catch (error) {
    if (!(error instanceof PatchFault)) throw error;
    fault(`${error.message}.`);
    return undefined;
  }
}

function isList(patch: Patch['patch']): patch is Extract<Patch['patch'], readonly unknown[]> {
  return Array.isArray(patch);
}

/** Parts that selectors, scalers and the next deployment rely on; replicas of a scaled workload are the scaler's. */
const fixedParts: readonly (readonly string[])[] = [
  ['apiVersion'],
  ['kind'],
  ['metadata', 'name'],
  ['metadata', 'namespace'],
  ['spec', 'selector'],
  ['spec', 'replicas'],
  ['spec', 'scaleTargetRef'],
  ['roleRef'],
  ['subjects'],
];

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (isRecord(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    value,
  );
}

const labelParts = [
  ['metadata', 'labels'],
  ['spec', 'template', 'metadata', 'labels'],
] as const;

/** Labels that we set and that differ afterwards; further labels may be added. */
function changedLabels(before: Manifest, after: unknown): readonly string[] {
  return labelParts.flatMap(path => {
    const own = at(before, path);
    return isRecord(own)
      ? Object.keys(own)
          .filter(key => at(after, [...path, key]) !== own[key])
          .map(key => `${path.join('.')}.${key}`)
      : [];
  });
}

function isManifest(value: unknown): value is Manifest {
  return isRecord(value) && typeof value.kind === 'string' && isRecord(value.metadata);
}
