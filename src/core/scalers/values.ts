import { findSetting, resolveText } from '../settings.ts';
import type { ScalerContext } from './scaler.ts';

/** A text with its settings put in, and the names of secret ones among them. */
export interface ResolvedText {
  readonly text: string;
  readonly secret: readonly string[];
}

/** The text of a binding's key with its settings, or undefined after a fault. */
export function resolvedOf(context: ScalerContext, key: string, text: string): ResolvedText | undefined {
  const resolution = resolveText(context.settings, text);
  if (resolution.kind === 'text') return resolution;
  const names = resolution.names.map(name => `"${name}"`).join(', ');
  const plural = resolution.names.length > 1;
  context.fault(
    resolution.kind === 'missing'
      ? `Key "${key}" uses the setting${plural ? 's' : ''} ${names}, which ${plural ? 'are' : 'is'} not provided. Add ${plural ? 'them' : 'it'} to the input "settings".`
      : `Key "${key}" uses the setting${plural ? 's' : ''} ${names} of an existing object, whose values are not read. Give ${plural ? 'them' : 'it'} in the input "settings" too.`,
  );
  return undefined;
}

/** The first of a binding's keys that holds a text, as it stands in the code. */
export function givenText(context: ScalerContext, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = context.binding[key];
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
  }
  return undefined;
}

/** A text that the trigger cannot do without; undefined after a fault. `keys` begins with today's name. */
export function requiredText(context: ScalerContext, keys: readonly string[], trigger: string): string | undefined {
  const given = givenText(context, keys);
  if (given !== undefined) return shownText(context, keys, given);
  context.fault(`Key "${keys[0]}" of the ${trigger} is missing. Give it as a text or as "%SETTING%".`);
  return undefined;
}

/** A text with a default; undefined after a fault. */
export function optionalText(context: ScalerContext, keys: readonly string[], otherwise: string): string | undefined {
  const given = givenText(context, keys);
  return given === undefined ? otherwise : shownText(context, keys, given);
}

function shownText(context: ScalerContext, keys: readonly string[], given: string): string | undefined {
  const resolved = resolvedOf(context, keys.find(key => context.binding[key] === given) ?? keys[0] ?? '', given);
  for (const setting of resolved?.secret ?? []) {
    context.notice?.(
      `Setting "${setting}" is secret but part of "${keys[0]}", which stands in the ScaledObject in clear.`,
      { ofScaler: true },
    );
  }
  if (resolved?.text.trim() !== '') return resolved?.text.trim();
  context.fault(`Key "${keys[0]}" is empty once its settings are put in. Give the setting a value.`);
  return undefined;
}

/** A number of `host.json`: where it may stand below `extensions.<extension>`, today's path first, and its limits. */
export interface HostNumber {
  readonly extension: string;
  readonly paths: readonly string[];
  readonly otherwise: number;
  readonly max?: number;
}

/** The threshold of the file, else the number of `host.json` or of the setting that overrides it; undefined after a fault. */
export function thresholdOf(context: ScalerContext, number: HostNumber): string | undefined {
  const value = context.config.threshold ?? hostNumber(context, number);
  return value === undefined ? undefined : String(value);
}

function hostNumber(context: ScalerContext, { extension, paths, otherwise, max }: HostNumber): number | undefined {
  for (const path of paths) {
    const full = `extensions.${extension}.${path}`;
    const given = overrideOf(context, full) ?? valueAt(context.host, full.split('.'));
    if (given === undefined || given === null) continue;
    const value = typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : given;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= (max ?? Number.MAX_SAFE_INTEGER))
      return value;
    const range = max === undefined ? 'above 0' : `from 1 to ${max}`;
    context.fault(`Key "${full}" of host.json must be a whole number ${range}, got ${JSON.stringify(given)}.`);
    return undefined;
  }
  return otherwise;
}

/** The host lets a setting stand for each key of `host.json`. */
function overrideOf({ settings }: ScalerContext, path: string): string | undefined {
  const state = findSetting(settings, `AzureFunctionsJobHost__${path.replaceAll('.', '__')}`);
  return state.kind === 'value' ? state.value : undefined;
}

/** A text of `host.json` below `extensions`, or of the setting that overrides it; undefined when it is not there. */
export function hostText(context: Pick<ScalerContext, 'host' | 'settings'>, path: string): string | undefined {
  const full = `extensions.${path}`;
  const state = findSetting(context.settings, `AzureFunctionsJobHost__${full.replaceAll('.', '__')}`);
  const value = state.kind === 'value' ? state.value : valueAt(context.host, full.split('.'));
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** The host reads its configuration without regard to case. */
function valueAt(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const found = Object.entries(value).find(([name]) => name.toLowerCase() === key.toLowerCase());
  return found && valueAt(found[1], rest);
}

/** Metadata of the activation that the file gives, under the scaler's own key. */
export function activationOf(context: ScalerContext, key: string): Readonly<Record<string, string>> {
  const { activation } = context.config;
  return activation === undefined ? {} : { [key]: String(activation) };
}
