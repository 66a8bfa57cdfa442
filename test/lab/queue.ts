import { join } from 'node:path';
import { QueueServiceClient } from '@azure/storage-queue';
import type { Cloud } from './cloud/cloud.ts';
import { addStorageAccount } from './cloud/resources.ts';
import type { Ground } from './ground.ts';

/** Azurite's queue service. */
export interface LabQueue {
  /** One for pods, KEDA and this process alike. */
  readonly connectionString: string;
  create(name: string): Promise<void>;
  /** Puts texts as the Functions host expects them, in Base64, 32 at a time; their order is not kept. */
  put(name: string, texts: readonly string[]): Promise<void>;
  /** How many messages the service says are in the queue, those being worked on included. */
  count(name: string): Promise<number>;
  clear(name: string): Promise<void>;
  delete(name: string): Promise<void>;
}

// Public: the emulator knows no other account.
const account = 'devstoreaccount1';
const accountKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const parallel = 32;

/** Starts Azurite on `host`: an address that pods reach too, where there are real ones. */
export async function startQueue(ground: Omit<Ground, 'network' | 'teardown'>, host: string): Promise<LabQueue> {
  const port = ground.port();
  const script = join(import.meta.dirname, 'node_modules', 'azurite', 'dist', 'src', 'queue', 'main.js');
  const flags = ['--inMemoryPersistence', '--skipApiVersionCheck', '--disableTelemetry', '--silent'];
  const place = ['--queueHost', host, '--queuePort', String(port)];
  ground.processes.start(process.execPath, [script, ...flags, ...place], { name: 'azurite' });
  const endpoint = `http://${host}:${port}/${account}`;
  await ground.processes.until('Azurite answers', async () => (await fetch(endpoint)).status > 0);
  if (ground.cloud) addToCloud(ground.cloud.cloud, endpoint);
  return queueAt(
    `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${accountKey};QueueEndpoint=${endpoint};`,
  );
}

/** For clients that sign in with tokens; they see the same messages. */
function addToCloud(cloud: Cloud, endpoint: string): void {
  const queueEndpoint = `https://${account}.queue.core.windows.net/`;
  addStorageAccount(cloud.state, cloud.home, { name: account, queueEndpoint });
  cloud.serveQueues({ endpoint, account, key: accountKey });
}

function queueAt(connectionString: string): LabQueue {
  const service = QueueServiceClient.fromConnectionString(connectionString);
  const queue = (name: string) => service.getQueueClient(name);
  return {
    connectionString,
    async create(name) {
      await queue(name).createIfNotExists();
    },
    async put(name, texts) {
      const rest = texts.values();
      const putRest = async () => {
        for (const text of rest) await queue(name).sendMessage(Buffer.from(text).toString('base64'));
      };
      await Promise.all(Array.from({ length: parallel }, putRest));
    },
    async count(name) {
      return (await queue(name).getProperties()).approximateMessagesCount ?? 0;
    },
    async clear(name) {
      await queue(name).clearMessages();
    },
    async delete(name) {
      await queue(name).deleteIfExists();
    },
  };
}
