import { declaredFunctions } from '../core/declared-functions.ts';
import { parseRegistry, repositoryOf } from '../core/image.ts';
import { parseTeardownInputs, type TeardownInputs } from '../core/inputs/inputs.ts';
import { appNameOf } from '../core/resolve-app.ts';
import { teardownOutputs, teardownSummary, teardownText } from '../core/teardown-report.ts';
import { HttpClient } from '../edges/http/http-client.ts';
import { openStorageQueue } from '../edges/queue/storage-queue.ts';
import type { Registries } from '../edges/registry/registries.ts';
import { systemClock } from '../edges/system-clock.ts';
import { textFiles } from '../edges/text-files.ts';
import { describeError, UserError } from '../errors.ts';
import type { Cluster } from '../flows/cluster-port.ts';
import { loadConfig, readSettings } from '../flows/prepare.ts';
import type { OpenQueue } from '../flows/queue-port.ts';
import { assertDeletable, type Teardown, teardownApp } from '../flows/teardown.ts';
import type { SetUpPlace } from '../flows/teardown-everything.ts';
import type { ImageRepository } from '../flows/teardown-images.ts';
import type { NamespaceWish } from '../flows/teardown-namespace.ts';
import type { QueueSearch } from '../flows/teardown-queues.ts';
import type { Surroundings } from '../inputs.ts';
import type { Output } from '../outputs.ts';
import { bareSource, readSourceIfThere } from './app-source.ts';
import { type Azure, type AzureSetting, openAzure } from './azure.ts';
import type { Command } from './command.ts';
import { openRegistries, withLoginServer } from './registries.ts';
import { connectionOptions, openTarget } from './target.ts';

/** Removes an app from its cluster and, when asked, its images, queues and namespace; not ok when something stays. */
export const teardown: Command = async (raw, surroundings, output, signal) => {
  const given = parseTeardownInputs(raw);
  assertPossible(given);
  using http = new HttpClient(signal);
  using azure = await openAzure(given, { surroundings, output, signal });
  const inputs = await withLoginServer(given, azure?.known, signal);
  using registries = openRegistries(inputs, { surroundings, output, azure: azure?.registries });
  const openQueue: OpenQueue = (connection, name) =>
    openStorageQueue(connection, name, { http, clock: systemClock, signal });
  const request = await readRequest(inputs, { surroundings, output, registries, openQueue });
  const { cluster, setUp } = await openPlace(inputs, azure, { surroundings, output, signal });
  const known: string[] = [];
  try {
    const result = await teardownApp(
      { ...request, setUp },
      {
        cluster,
        log: output,
        mask: output.mask,
        clock: systemClock,
        signal,
        learn: key => known.push(key),
      },
    );
    if (result.faults.length > 0) output.fail(new UserError(result.faults.map(message => ({ message }))));
    return {
      outputs: teardownOutputs(result),
      summary: output.redact(teardownSummary(result)),
      text: output.redact(teardownText(result)),
      ok: result.faults.length === 0,
    };
  } catch (error) {
    await output.report(
      teardownOutputs({ deleted: known }),
      `### ${request.name}: not removed\n\n**${describeError(error).split('\n')[0]}**\n`,
    );
    throw error;
  }
};

/** The cluster, and with `everything` where to take back what the doctor made. */
async function openPlace(
  inputs: TeardownInputs,
  azure: Azure | undefined,
  setting: AzureSetting,
): Promise<{ readonly cluster: Cluster; readonly setUp: SetUpPlace | undefined }> {
  if (!inputs.everything) return { cluster: (await openTarget(inputs, azure, setting)).cluster, setUp: undefined };
  const { connectForInspection } = await import('../edges/cluster/inspected-cluster.ts');
  const ready = await azure?.readyCluster();
  const { cluster, inspection } = await connectForInspection(connectionOptions(inputs, ready, { ...setting, azure }));
  const manager = azure?.resourceManager;
  const place = ready && manager && { manager, cluster: ready.cluster.id };
  return { cluster, setUp: { inspection, azure: place } };
}

function assertPossible({ deleteNamespace, deleteImages, namespace, registry }: TeardownInputs): void {
  if (deleteNamespace) assertDeletable(namespace);
  if (deleteImages && !registry)
    throw new UserError(
      'Input "registry" is missing. With "delete-images" it must name the registry that the images of the app are in.',
    );
}

interface Setting {
  readonly surroundings: Surroundings;
  readonly output: Output;
  readonly registries: Registries;
  readonly openQueue: OpenQueue;
}

async function readRequest(inputs: TeardownInputs, setting: Setting): Promise<Omit<Teardown, 'setUp'>> {
  const files = textFiles(process.cwd());
  const config = await loadConfig(inputs, files, bareSource(inputs));
  const name = appNameOf(inputs.name, config, bareSource(inputs).folder);
  const { namespace, dryRun, timeout } = inputs;
  const queues = inputs.deleteQueues ? await queueSearchOf(inputs, config, files, setting) : undefined;
  return {
    name,
    namespace,
    dryRun,
    timeout,
    queues,
    deleteNamespace: wishOf(inputs),
    images: imagesOf(inputs, name, setting),
  };
}

function wishOf({ deleteNamespace, everything }: TeardownInputs): NamespaceWish {
  if (deleteNamespace) return 'asked';
  return everything ? 'everything' : 'no';
}

/** With `everything` but no registry the images are not known to be ours. */
function imagesOf(
  { deleteImages, everything, registry }: TeardownInputs,
  name: string,
  { registries, output }: Setting,
): ImageRepository | undefined {
  if (!deleteImages && !everything) return undefined;
  if (!registry) {
    output.notice('The images of the app stay, since the input "registry" does not say where they are.');
    return undefined;
  }
  const address = parseRegistry(registry);
  return { registry: registries.at(address.host), host: address.host, repository: repositoryOf(address, name) };
}

async function queueSearchOf(
  inputs: TeardownInputs,
  config: Awaited<ReturnType<typeof loadConfig>>,
  files: ReturnType<typeof textFiles>,
  { surroundings, output, openQueue }: Setting,
): Promise<QueueSearch> {
  const source = await readSourceIfThere(inputs, files, surroundings, output);
  const project =
    source && (await (await import('../core/discovery.ts')).discoverProject(source, declaredFunctions(config)));
  return {
    project,
    settings: await readSettings(inputs, config, { files, mask: output.mask }),
    openQueue,
    log: output,
  };
}
