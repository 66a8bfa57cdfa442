import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

/** A value that must not be shown: every text form of it is `***`; only an edge calls `reveal`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The secret that a value of `data` in a Kubernetes Secret holds. */
  static fromBase64(encoded: string): Secret {
    return new Secret(Buffer.from(encoded, 'base64').toString('utf8'));
  }

  /** The value itself. Call it only where it leaves for its destination. */
  reveal(): string {
    return this.#value;
  }

  /** The same secret as base64 of its UTF-8 bytes, the form of `data` in a Kubernetes Secret. */
  toBase64(): Secret {
    return new Secret(Buffer.from(this.#value, 'utf8').toString('base64'));
  }

  /** Hex SHA-256 of the value, for comparison only; never shown in full. */
  digest(): string {
    return createHash('sha256').update(this.#value).digest('hex');
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [inspect.custom](): string {
    return '***';
  }
}
