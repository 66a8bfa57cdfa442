import type { App } from '../app.ts';
import type { Connection } from '../triggers.ts';

/** A queue of a storage account that an identity reads. */
export interface StorageNeed {
  readonly clientId: string;
  readonly account: string;
}

/** Whether the app or one of its scalers signs in with an identity. */
export function usesIdentity(app: App): boolean {
  return app.identityClientId !== undefined || identityConnectionsOf(app).length > 0;
}

/** Client ids of the identities that the app and its scalers use, each once. */
export function clientIdsOf(app: App): readonly string[] {
  const scalers = identityConnectionsOf(app).flatMap(connection => connection.clientId ?? []);
  return [...new Set([...(app.identityClientId === undefined ? [] : [app.identityClientId]), ...scalers])];
}

/** Client ids that KEDA's operator signs in with. */
export function scalerClientIdsOf(app: App): readonly string[] {
  const ids = identityConnectionsOf(app).flatMap(({ clientId = app.identityClientId }) => clientId ?? []);
  return [...new Set(ids)];
}

/** Storage accounts whose queues are read with an identity, each once. */
export function storageNeedsOf(app: App): readonly StorageNeed[] {
  const needs = identityConnectionsOf(app).flatMap(({ type, clientId = app.identityClientId, metadata }) => {
    const account = metadata.accountName;
    return type === 'azure-queue' && clientId !== undefined && account !== undefined ? [{ clientId, account }] : [];
  });
  return [...new Map(needs.map(need => [`${need.clientId}/${need.account}`, need])).values()];
}

function identityConnectionsOf(
  app: App,
): readonly (Extract<Connection, { kind: 'identity' }> & { readonly type: string })[] {
  return app.workloads.flatMap(({ scaling }) =>
    scaling.kind === 'events'
      ? scaling.scalers.flatMap(({ scaler }) =>
          scaler.connection?.kind === 'identity' ? [{ ...scaler.connection, type: scaler.type }] : [],
        )
      : [],
  );
}
