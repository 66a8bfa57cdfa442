import type { PodOptions } from './config.ts';
import type { Contradiction } from './rules.ts';
import type { YamlPath } from './yaml.ts';

const reserved = /^(functions-keys|writable-\d+)$/;
const validName = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** Keys of a volume that say nothing about where it comes from. */
const besideSource = ['name', 'mountPath', 'readOnly', 'subPath'];

/** Contradictions between the volumes of a pod, and names that Kubernetes refuses. */
export function podFaults({ volumes = [] }: PodOptions, path: YamlPath): readonly Contradiction[] {
  const names = volumes.map(({ name }, index) => (typeof name === 'string' ? name : `volume-${index}`));
  return volumes.flatMap((volume, index) =>
    [
      nameFault(names, index),
      mountFault(volume),
      Object.keys(volume).every(key => besideSource.includes(key))
        ? 'has no source. Add one such as "emptyDir: {}", "secret" or "persistentVolumeClaim"'
        : undefined,
    ].flatMap(message => (message === undefined ? [] : [{ path: [...path, 'volumes', index], message }])),
  );
}

function nameFault(names: readonly string[], index: number): string | undefined {
  const name = names[index] ?? '';
  if (!validName.test(name))
    return `has the name "${name}". Use 1 to 63 characters, "a-z", "0-9" and "-", a letter or digit at both ends`;
  if (reserved.test(name)) return `has the name "${name}", which the product uses itself. Choose another`;
  return names.indexOf(name) < index ? `has the name "${name}" a second time. Choose another` : undefined;
}

function mountFault({ mountPath, readOnly, subPath }: Readonly<Record<string, unknown>>): string | undefined {
  if (mountPath === undefined && (readOnly !== undefined || subPath !== undefined))
    return 'has "readOnly" or "subPath" without "mountPath". Add it';
  const valid = mountPath === undefined || (typeof mountPath === 'string' && /^\/[^:]*$/.test(mountPath));
  return valid ? undefined : 'needs "mountPath" as a path that starts with "/"';
}
