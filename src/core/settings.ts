import type { Fault } from '../errors.ts';
import type { Secret } from './secret.ts';

/** Settings that stand in an object which exists in the cluster. */
export interface SettingsSource {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly name: string;
  /** Hash of the value by setting name; undefined when the object was not read, as in an offline run. */
  readonly keys?: ReadonlyMap<string, string> | undefined;
}

/** Settings of one origin: an input, a file, a key of the configuration. */
export interface SettingsLayer {
  readonly plain: ReadonlyMap<string, string>;
  readonly secret: ReadonlyMap<string, Secret>;
}

/** All settings that the app will be deployed with. */
export interface Settings extends SettingsLayer {
  readonly sources: readonly SettingsSource[];
}

/** No settings at all. */
export const noSettings: Settings = { plain: new Map(), secret: new Map(), sources: [] };

/** One layer from plain values by name. */
export function plainLayer(values: Readonly<Record<string, string>> | ReadonlyMap<string, string>): SettingsLayer {
  return { plain: values instanceof Map ? values : new Map(Object.entries(values)), secret: new Map() };
}

/** One layer from secrets by name. */
export function secretLayer(values: ReadonlyMap<string, Secret>): SettingsLayer {
  return { plain: new Map(), secret: values };
}

/** Settings of all layers; a later layer wins over an earlier one, whether its value is secret or not. */
export function mergeSettings(layers: readonly SettingsLayer[], sources: readonly SettingsSource[] = []): Settings {
  const plain = new Map<string, string>();
  const secret = new Map<string, Secret>();
  for (const layer of layers) {
    for (const [name, value] of layer.plain) {
      secret.delete(name);
      plain.set(name, value);
    }
    for (const [name, value] of layer.secret) {
      plain.delete(name);
      secret.set(name, value);
    }
  }
  return { plain, secret, sources };
}

/** Faults for names that one origin gives both as a setting and as a secret. */
export function overlapFaults(
  plain: ReadonlyMap<string, unknown>,
  secret: ReadonlyMap<string, unknown>,
): readonly Fault[] {
  return [...plain.keys()]
    .filter(name => secret.has(name))
    .map(name => ({ message: `Setting "${name}" is in "settings" and in "secret-settings". Keep one of them.` }));
}

/** What is known of one setting. */
export type SettingState =
  | { readonly kind: 'value'; readonly name: string; readonly value: string; readonly secret: boolean }
  /** It is in an existing object, whose values are not read. */
  | { readonly kind: 'hidden'; readonly name: string; readonly source: SettingsSource }
  /** It may be in an object whose keys are not known. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'missing' };

/** The setting of that name as the host finds it: exact name first, then without regard to case, `:` being `__`. */
export function findSetting(settings: Settings, name: string): SettingState {
  const wanted = name.replaceAll(':', '__');
  const plainName = matchingName(settings.plain, wanted);
  const secretName = matchingName(settings.secret, wanted);
  if (plainName !== undefined && secretName !== wanted) {
    return { kind: 'value', name: plainName, value: settings.plain.get(plainName) ?? '', secret: false };
  }
  // Decisions about bindings need the text itself: the queue's name, the account of a connection.
  if (secretName !== undefined) {
    return { kind: 'value', name: secretName, value: settings.secret.get(secretName)?.reveal() ?? '', secret: true };
  }
  return findInSources(settings.sources, wanted);
}

/** Whether a setting of that name is certainly there. */
export function hasSetting(settings: Settings, name: string): boolean {
  const { kind } = findSetting(settings, name);
  return kind === 'value' || kind === 'hidden';
}

/** The last source wins, as in a container's `envFrom`. */
function findInSources(sources: readonly SettingsSource[], name: string): SettingState {
  for (const source of sources.toReversed()) {
    const key = source.keys && matchingName(source.keys, name);
    if (key !== undefined) return { kind: 'hidden', name: key, source };
  }
  return sources.some(source => source.keys === undefined) ? { kind: 'unknown' } : { kind: 'missing' };
}

function matchingName(names: ReadonlyMap<string, unknown>, wanted: string): string | undefined {
  if (names.has(wanted)) return wanted;
  const lowerCase = wanted.toLowerCase();
  for (const name of names.keys()) if (name.toLowerCase() === lowerCase) return name;
  return undefined;
}

/** A text with its `%NAME%` parts replaced, or the names that stand in the way. */
export type Resolution =
  /** `secret` names the settings that were secret and are now in the text. */
  | { readonly kind: 'text'; readonly text: string; readonly secret: readonly string[] }
  /** No setting has these names. */
  | { readonly kind: 'missing'; readonly names: readonly string[] }
  /** These settings are, or may be, in existing objects whose values are not read. */
  | { readonly kind: 'hidden'; readonly names: readonly string[] };

/** The text as the host reads it, with each `%NAME%` replaced by that setting's value. */
export function resolveText(settings: Settings, text: string): Resolution {
  const names = [...text.matchAll(/%([^%\s]+)%/g)].map(match => match[1] ?? '');
  const states = new Map(names.map(name => [name, findSetting(settings, name)]));
  const missing = names.filter(name => states.get(name)?.kind === 'missing');
  if (missing.length > 0) return { kind: 'missing', names: [...new Set(missing)] };
  const hidden = names.filter(name => states.get(name)?.kind !== 'value');
  if (hidden.length > 0) return { kind: 'hidden', names: [...new Set(hidden)] };
  const secret: string[] = [];
  const resolved = text.replace(/%([^%\s]+)%/g, (part, name: string) => {
    const state = states.get(name);
    if (state?.kind !== 'value') return part;
    if (state.secret) secret.push(state.name);
    return state.value;
  });
  return { kind: 'text', text: resolved, secret: [...new Set(secret)] };
}
