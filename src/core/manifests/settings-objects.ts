import type { App } from '../app.ts';
import { shortHash } from '../names.ts';
import { type Manifest, metadataOf } from './object.ts';

/** Names of the immutable objects that hold the app's own settings; undefined where there are none of that kind. */
export interface SettingsNames {
  readonly configMap: string | undefined;
  readonly secret: string | undefined;
}

/** Names made of the content: changed settings are new objects, so that pods restart and KEDA looks again. */
export function settingsNamesOf(app: App): SettingsNames {
  const { plain, secret } = app.settings;
  const nameOf = (kind: string, entries: readonly (readonly [string, string])[]) =>
    entries.length === 0 ? undefined : `${app.name}-${kind}-${shortHash(JSON.stringify(entries), 10)}`;
  return {
    configMap: nameOf('settings', sorted(plain)),
    secret: nameOf(
      'secret-settings',
      sorted(secret).map(([name, value]) => [name, value.digest()] as const),
    ),
  };
}

/** ConfigMap and Secret with the app's own settings. */
export function settingsObjectsOf(app: App): readonly Manifest[] {
  const names = settingsNamesOf(app);
  const objects: Manifest[] = [];
  if (names.configMap) {
    objects.push({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadataOf(app, names.configMap),
      immutable: true,
      data: Object.fromEntries(sorted(app.settings.plain)),
    });
  }
  if (names.secret) {
    const data = Object.fromEntries(sorted(app.settings.secret).map(([name, value]) => [name, value.toBase64()]));
    objects.push({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: metadataOf(app, names.secret),
      type: 'Opaque',
      immutable: true,
      data,
    });
  }
  return objects;
}

function sorted<Value>(map: ReadonlyMap<string, Value>): readonly (readonly [string, Value])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
