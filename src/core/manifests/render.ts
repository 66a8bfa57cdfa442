import { dump } from 'js-yaml';
import { keyOf } from '../plan.ts';
import { Secret } from '../secret.ts';
import type { Manifest } from './object.ts';

/** How objects become text. */
export interface RenderOptions {
  readonly format: 'yaml' | 'json';
  /** Otherwise Secrets keep their keys and every value is `***`, which the API server refuses. */
  readonly includeSecrets: boolean;
}

/** Text of the objects, the same bytes for the same objects. */
export function renderObjects(objects: readonly Manifest[], options: RenderOptions): string {
  const shown = objects.map(object => plainOf(object, options.includeSecrets));
  if (options.format === 'json')
    return `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: shown }, undefined, 2)}\n`;
  return shown.map(object => `---\n${dump(object, { lineWidth: -1, noRefs: true })}`).join('');
}

/** Keys (`Secret/name`) of the rendered objects whose values were left out. */
export function hiddenSecretsOf(objects: readonly Manifest[]): readonly string[] {
  return objects.filter(object => object.kind === 'Secret').map(keyOf);
}

function plainOf(value: unknown, includeSecrets: boolean): unknown {
  if (value instanceof Secret) return includeSecrets ? value.reveal() : '***';
  if (Array.isArray(value)) return value.map(item => plainOf(item, includeSecrets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([key, field]) => [key, plainOf(field, includeSecrets)]),
  );
}
