import { createHash } from 'node:crypto';
import type { Platform } from './image-manifest.ts';
import type { Runtime } from './project.ts';

/** Raise it whenever equal content must give another image than before. */
const recipe = 1;

/** All that decides what the image of an app contains. */
export interface ImageContent {
  /** Digest of the base's manifest for the platform. */
  readonly baseDigest: string;
  /** Hex hash of the app's files, lockfiles included. */
  readonly contentHash: string;
  readonly platform: Platform;
  readonly runtime: Runtime;
}

/** Name of an image's content, 32 hex digits: equal content has an equal key on every machine. */
export function contentKey({ baseDigest, contentHash, platform, runtime }: ImageContent): string {
  const parts = JSON.stringify([recipe, baseDigest, contentHash, platform, runtime]);
  return createHash('sha256').update(parts).digest('hex').slice(0, 32);
}

/** Tag under which an image of this content is found again. */
export function contentTag(key: string): string {
  return `aks-functions-${key}`;
}
