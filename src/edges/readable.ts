import { accessSync, constants } from 'node:fs';

/**
 * Whether the path can be read. Synchronous on purpose: the asynchronous form would load a tenth of all that is loaded
 * before the first request.
 */
export function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
