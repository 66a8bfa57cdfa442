import { connectionFor, identityConnection, storageAccountOf } from './connect.ts';
import type { Connection, Scaler, ScalerContext } from './scaler.ts';
import { activationOf, requiredText, thresholdOf } from './values.ts';

const trigger = 'blob trigger';

/** Whether the host is told of new blobs over HTTP instead of looking for them. */
export function isFromEventGrid(binding: { readonly [key: string]: unknown }): boolean {
  return String(binding.source).toLowerCase() === 'eventgrid';
}

/**
 * KEDA's `azure-blob`, which counts every blob that is there and not those that wait: made only for a function whose
 * `threshold` stands in the file, beside one replica that always stays. Undefined otherwise and after a fault.
 */
export function blobScaler(context: ScalerContext): Scaler | undefined {
  const path = requiredText(context, ['path', 'blobName'], trigger);
  const connection = connectionOf(context);
  if (path === undefined || connection === undefined) return undefined;
  if (context.config.threshold === undefined) {
    context.keepOne?.(
      'KEDA counts every blob that is in the container and not the new ones, so the workload would never return to zero. Set "threshold" for it when its blobs are deleted or moved, or use "source": "EventGrid"',
    );
    return undefined;
  }
  context.keepOne?.('the host finds new blobs by looking for them, and KEDA counts all of them');
  const [container = '', ...rest] = path.split('/');
  const blobCount = thresholdOf(context, { extension: 'blobs', paths: [], otherwise: 8 });
  if (blobCount === undefined) return undefined;
  return {
    type: 'azure-blob',
    metadata: {
      blobContainerName: container.toLowerCase(),
      blobCount,
      ...activationOf(context, 'activationBlobCount'),
      ...prefixOf(rest),
      recursive: 'true',
    },
    connection,
  };
}

/** Whole folders before the first part with a pattern; KEDA puts the delimiter after them. */
function prefixOf(segments: readonly string[]): Readonly<Record<string, string>> {
  const folders = segments.slice(0, -1);
  const pattern = folders.findIndex(segment => segment.includes('{'));
  const literal = pattern === -1 ? folders : folders.slice(0, pattern);
  return literal.length === 0 ? {} : { blobPrefix: literal.join('/') };
}

function connectionOf(context: ScalerContext): Connection | undefined {
  const found = connectionFor(context, {
    keys: ['connection'],
    otherwise: 'AzureWebJobsStorage',
    trigger,
    service: 'storage',
    address: 'accountName',
  });
  if (found?.kind === 'string') return { kind: 'string', setting: found.setting };
  const metadata =
    found && storageAccountOf(context, found, { trigger, service: 'blob', parts: ['blobServiceUri', 'serviceUri'] });
  return found && metadata && identityConnection(found, metadata);
}
