import type { Scaler, ScalerContext } from './scaler.ts';
import { durableSqlScaler } from './sql.ts';
import { hostText } from './values.ts';

/** Where Durable Functions keeps its state, by `storageProvider.type` in lower case, and why KEDA cannot see it. */
const providers: Readonly<Record<string, string>> = {
  azurestorage: 'KEDA has no scaler for Durable Functions on Azure Storage',
  netherite: 'KEDA has no scaler for Durable Functions on Netherite',
  azuremanaged: 'KEDA has no scaler for the Durable Task Scheduler',
};

const sqlProviders = new Set(['mssql', 'microsoftsql']);

/** The scaler of the app's Durable storage, the same for all of its functions: only MSSQL has one. Undefined otherwise and after a fault. */
export function durableScaler(context: ScalerContext): Scaler | undefined {
  const provider = hostText(context, 'durableTask.storageProvider.type') ?? 'AzureStorage';
  if (!sqlProviders.has(provider.toLowerCase())) {
    context.keepOne?.(providers[provider.toLowerCase()] ?? `KEDA has no scaler for Durable Functions on "${provider}"`);
    return undefined;
  }
  const name = hostText(context, 'durableTask.storageProvider.connectionStringName');
  if (name === undefined) {
    context.fault(
      'Key "extensions.durableTask.storageProvider.connectionStringName" of host.json is missing. Name the setting with the connection string of the database.',
    );
    return undefined;
  }
  context.keepOne?.('orchestrations that wait need a host');
  return durableSqlScaler(context, name);
}
