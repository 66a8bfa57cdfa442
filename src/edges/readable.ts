import { accessSync, constants, lstatSync } from 'node:fs';

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

/** Whether anything has this path, a link to nothing included; false when that cannot be told. Synchronous for the same reason. */
export function isTaken(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}
