import type { Secret } from '../core/secret.ts';

/** One storage queue; throws UserError when it does not exist, refuses the connection or cannot be reached. */
export interface StorageQueue {
  readonly name: string;
  /** Storage account, or the host where the connection does not name it. */
  readonly account: string;
  /** Puts a text as it is, at most 64 KiB. */
  put(text: string): Promise<void>;
  /** Messages in the queue by the service's own count, those being worked on included. */
  count(): Promise<number>;
  /** Texts of the first 32 messages that nobody works on; takes none away. */
  peek(): Promise<readonly string[]>;
  /** Deletes the queue with its messages; false when there is none. */
  remove(): Promise<boolean>;
}

/** Opens a queue by a connection string; sends nothing yet, and throws UserError when the string cannot be used. */
export type OpenQueue = (connection: Secret, name: string) => StorageQueue;
