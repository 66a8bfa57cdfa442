import { declaredFunctions } from '../core/declared-functions.ts';
import { parseSmokeTestInputs, type SmokeTestInputs } from '../core/inputs/inputs.ts';
import { appNameOf } from '../core/resolve-app.ts';
import { smokeChecksOf } from '../core/smoke-checks.ts';
import { type CheckResult, resultLine, smokeOutputs, smokeSummary, smokeText } from '../core/smoke-report.ts';
import { HttpClient } from '../edges/http/http-client.ts';
import { openStorageQueue } from '../edges/queue/storage-queue.ts';
import { systemClock } from '../edges/system-clock.ts';
import { textFiles } from '../edges/text-files.ts';
import { describeError, UserError } from '../errors.ts';
import { loadConfig } from '../flows/prepare.ts';
import { runSmokeTest, type SmokeTest } from '../flows/smoke-test.ts';
import type { Surroundings } from '../inputs.ts';
import type { Output } from '../outputs.ts';
import { bareSource, readSourceIfThere } from './app-source.ts';
import { openAzure } from './azure.ts';
import type { Command } from './command.ts';
import { openTarget } from './target.ts';

/** Asks a deployed app what its checks ask; not ok when one of them fails. */
export const smokeTest: Command = async (raw, surroundings, output, signal) => {
  const inputs = parseSmokeTestInputs(raw);
  const test = await output.group('Read the checks', () => readTest(inputs, surroundings, output));
  const isInCluster = inputs.kubeconfig !== undefined || inputs.cluster !== undefined;
  using azure = isInCluster ? await openAzure(inputs, { surroundings, output, signal }) : undefined;
  const target = isInCluster ? await openTarget(inputs, azure, { surroundings, output, signal }) : undefined;
  using http = new HttpClient(signal);
  const known: CheckResult[] = [];
  const results = await output.group('Check', () =>
    runSmokeTest(test, {
      learn: result => known.push(result),
      cluster: target?.cluster,
      http,
      log: output,
      mask: output.mask,
      clock: systemClock,
      signal,
      openQueue: (connection, name) => openStorageQueue(connection, name, { http, clock: systemClock, signal }),
    }).catch(async error => {
      await output.report(smokeOutputs(known), smokeSummary(test.name, known, describeError(error)));
      throw error;
    }),
  );
  const failed = results.filter(result => result.faults.length > 0);
  if (failed.length > 0) output.fail(failureOf(failed));
  return {
    outputs: smokeOutputs(results),
    summary: output.redact(smokeSummary(test.name, results)),
    text: output.redact(smokeText(results)),
    ok: failed.length === 0,
  };
};

function failureOf(failed: readonly CheckResult[]): UserError {
  return new UserError(
    failed.map(result => ({ message: `Check failed: ${resultLine(result).slice(2)}. Correct the app or the check.` })),
  );
}

async function readTest(inputs: SmokeTestInputs, surroundings: Surroundings, output: Output): Promise<SmokeTest> {
  const files = textFiles(process.cwd());
  const source = await readSourceIfThere(inputs, files, surroundings, output);
  const config = await loadConfig(inputs, files, source ?? bareSource(inputs));
  const name = appNameOf(inputs.name, config, (source ?? bareSource(inputs)).folder);
  const project =
    source && (await (await import('../core/discovery.ts')).discoverProject(source, declaredFunctions(config)));
  const given =
    inputs.checks === undefined ? config.checks : (await import('../core/smoke-input.ts')).parseChecks(inputs.checks);
  const checks = smokeChecksOf(given ?? [], project);
  if (!project)
    output.notice(
      'The code of the app is not at hand, so that no function keys are sent. Set the input "app-directory" to the folder of "host.json" where they are needed.',
    );
  const { namespace, retries, timeout, url } = inputs;
  return { name, namespace, checks, project, url: url === undefined ? undefined : addressOf(url), retries, timeout };
}

function addressOf(url: string): URL {
  const address = URL.parse(url);
  if (address) return address;
  throw new UserError(`Input "url" must be an address such as "https://shop.example.com", got "${url}".`);
}
