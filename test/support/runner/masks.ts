/** Forms in which the runner hides a secret: as it is, in base64 at each of three offsets, and escaped in six ways. */
const encoders: readonly ((secret: string) => string)[] = [
  secret => secret,
  ...[0, 1, 2].map(offset => (secret: string) => base64(Buffer.from(secret).subarray(offset))),
  secret => secret.replaceAll('"', '\\"'),
  secret => secret.replaceAll("'", "''"),
  secret => JSON.stringify(secret).slice(1, -1),
  secret => encodeURIComponent(secret),
  secret => secret.replace(/[<>&"']/g, sign => xml[sign] ?? sign),
  secret => secret.replace(/^"(.*)"$/s, '$1'),
];

const xml: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;', "'": '&apos;' };

/** Base64 without its last, half-filled group, whose text depends on what follows the secret. */
function base64(bytes: Buffer): string {
  return bytes.subarray(0, bytes.length - (bytes.length % 3)).toString('base64');
}

/** The secrets of a job. */
export class Masks {
  readonly #texts = new Set<string>();

  /** Hides a secret, every line of it, and their encoded forms from now on. */
  add(secret: string): void {
    const parts = [secret, ...secret.split(/\r?\n/).map(line => line.trim())].filter(part => part !== '');
    for (const part of parts) for (const encode of encoders) this.#texts.add(encode(part));
    this.#texts.delete('');
  }

  /** The text with `***` for each secret. */
  hide(text: string): string {
    return [...this.#texts]
      .sort((a, b) => b.length - a.length)
      .reduce((hidden, secret) => hidden.replaceAll(secret, '***'), text);
  }

  /** Whether the text holds a secret, so that an output of it is dropped. */
  holds(text: string): boolean {
    return this.hide(text) !== text;
  }
}
