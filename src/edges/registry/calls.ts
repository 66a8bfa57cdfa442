import type { IncomingMessage } from 'node:http';
import { manifestTypes } from '../../core/image-manifest.ts';
import { UserError } from '../../errors.ts';
import type { Call } from './session.ts';

/** Reads a manifest by tag or digest. */
export function manifestCall(repository: string, name: string, signal: AbortSignal): Call {
  return {
    method: 'GET',
    repository,
    path: `/v2/${repository}/manifests/${name}`,
    doing: `read "${repository}:${name}"`,
    headers: { accept: manifestTypes.join(', ') },
    accepts: [200],
    signal,
  };
}

/** Reads a blob. */
export function blobCall(repository: string, digest: string, signal: AbortSignal): Call {
  return {
    method: 'GET',
    repository,
    path: `/v2/${repository}/blobs/${digest}`,
    doing: `read "${repository}@${digest}"`,
    accepts: [200],
    signal,
  };
}

/** Begins an upload. */
export function uploadCall(repository: string, signal: AbortSignal): Call {
  return {
    method: 'POST',
    repository,
    path: `/v2/${repository}/blobs/uploads/`,
    doing: `push to "${repository}"`,
    body: Buffer.alloc(0),
    accepts: [202, 204],
    signal,
  };
}

/** Where the registry wants the next request of an upload; throws UserError when it does not say. */
export function locationOf(answer: IncomingMessage): string {
  const { location } = answer.headers;
  if (location !== undefined) return location;
  throw new UserError(
    'The registry accepted an upload without naming a place for it. Check that input "registry" names a registry of the OCI or Docker kind.',
  );
}
