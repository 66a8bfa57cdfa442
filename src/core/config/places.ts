import type { Place } from '../../errors.ts';
import type { Config } from './config.ts';
import type { YamlPath } from './yaml.ts';

const places = new WeakMap<Config, (path: YamlPath) => Place>();

/** Keeps where the keys of a configuration stand, beside it: what is decided from it depends on no place. */
export function keepPlaces(config: Config, placeOf: (path: YamlPath) => Place): void {
  places.set(config, placeOf);
}

/** The place of a key of the configuration, for a fault; nothing for a configuration that was not read from a file. */
export function placeInFile(config: Config, ...path: YamlPath): { readonly place?: Place } {
  const place = places.get(config)?.(path);
  return place ? { place } : {};
}
