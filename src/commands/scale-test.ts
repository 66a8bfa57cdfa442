import { resolve } from 'node:path';
import { declaredFunctions } from '../core/declared-functions.ts';
import { parseScaleTestInputs, type ScaleTestInputs } from '../core/inputs/inputs.ts';
import { appNameOf } from '../core/resolve-app.ts';
import { type ScaleResult, scaleFailure, scaleOutputs, scaleSummary, scaleText } from '../core/scale-report.ts';
import { HttpClient } from '../edges/http/http-client.ts';
import { openStorageQueue } from '../edges/queue/storage-queue.ts';
import { systemClock } from '../edges/system-clock.ts';
import { textFiles } from '../edges/text-files.ts';
import { AppFolder } from '../edges/workspace/app-folder.ts';
import { describeError, UserError } from '../errors.ts';
import { loadConfig, readSettings } from '../flows/prepare.ts';
import { runScaleTest, type ScaleTest } from '../flows/scale-test.ts';
import type { Surroundings } from '../inputs.ts';
import type { Output } from '../outputs.ts';
import { openAzure } from './azure.ts';
import type { Command } from './command.ts';
import { openTarget } from './target.ts';

/** Puts messages into the queue of a deployed function and measures how its workload scales; not ok when a limit is broken. */
export const scaleTest: Command = async (raw, surroundings, output, signal) => {
  const inputs = parseScaleTestInputs(raw);
  const test = await output.group('Read the app', () => readTest(inputs, surroundings, output));
  using azure = await openAzure(inputs, { surroundings, output, signal });
  const { cluster } = await openTarget(inputs, azure, { surroundings, output, signal });
  using http = new HttpClient(signal);
  let known: ScaleResult | undefined;
  const result = await output.group('Scale', () =>
    runScaleTest(test, {
      learn: partial => {
        known = partial;
      },
      cluster,
      log: output,
      mask: output.mask,
      clock: systemClock,
      signal,
      openQueue: (connection, name) => openStorageQueue(connection, name, { http, clock: systemClock, signal }),
    }).catch(async error => {
      if (known) await output.report(scaleOutputs(known), scaleSummary(known));
      else await output.report({}, scaleFailure(test.name, describeError(error)));
      throw error;
    }),
  );
  if (result.faults.length > 0) output.fail(new UserError(result.faults.map(message => ({ message }))));
  return {
    outputs: scaleOutputs(result),
    summary: output.redact(scaleSummary(result)),
    text: output.redact(scaleText(result)),
    ok: result.faults.length === 0,
  };
};

async function readTest(inputs: ScaleTestInputs, surroundings: Surroundings, output: Output): Promise<ScaleTest> {
  const files = textFiles(process.cwd());
  const folder = new AppFolder({
    directory: resolve(inputs.appDirectory),
    log: output,
    environment: surroundings.environment,
  });
  const source = await folder.readSource();
  const config = await loadConfig(inputs, files, source);
  const name = appNameOf(inputs.name, config, source.folder);
  assertConfirmed(inputs.confirm, name);
  const { discoverProject } = await import('../core/discovery.ts');
  const [project, settings] = await Promise.all([
    discoverProject(source, declaredFunctions(config)),
    readSettings(inputs, config, { files, mask: output.mask }),
  ]);
  const { expectReplicas, firstReplicaWithin, drainedWithin, namespace, messages, messageBody, timeout } = inputs;
  const limits = { expectReplicas, firstReplicaWithin, drainedWithin };
  return { name, namespace, project, settings, function: inputs.function, messages, messageBody, limits, timeout };
}

/** Before anything is contacted: the messages are real, and whoever reads the queue acts on them. */
function assertConfirmed(confirm: string | undefined, name: string): void {
  if (confirm === name) return;
  const got = confirm === undefined ? 'which is missing' : `got "${confirm}"`;
  throw new UserError(
    `Input "confirm" must be "${name}", the name of the app, ${got}. The test puts real messages into the queue of the app; confirm that this may be done.`,
  );
}
