import { Secret } from '../../core/secret.ts';

/** The JSON that leaves for the API server: the one place where the secrets of a manifest are revealed. */
export function revealed(value: unknown): string {
  // JSON.stringify calls toJSON before the replacer, so the replacer looks the original up in its holder.
  return JSON.stringify(value, function reveal(this: Readonly<Record<string, unknown>>, key, shown: unknown) {
    const original = this[key];
    return original instanceof Secret ? original.reveal() : shown;
  });
}
