import * as v from 'valibot';
import type { Cloud } from '../lab/cloud/cloud.ts';
import type { JobOptions } from '../lab/cloud/github-job.ts';
import { runStep, type StepResult } from '../support/action.ts';

const reportShape = v.object({
  checks: v.array(
    v.object({
      id: v.string(),
      state: v.string(),
      evidence: v.string(),
      cure: v.optional(v.object({ kind: v.string(), text: v.string() })),
    }),
  ),
  changes: v.array(v.string()),
  failures: v.array(v.string()),
});

/** What a visit of the doctor has found. */
export type Report = v.InferOutput<typeof reportShape>;

/** A visit: the step, and its report. */
export interface Visited extends StepResult {
  readonly report: Report;
  /** Ids of the checks that found a problem. */
  readonly problems: readonly string[];
}

/** The cluster and the registry of a cloud. */
export interface CloudPlace {
  readonly cloud: Cloud;
  readonly cluster: string;
  readonly registry: string;
  /** Differs from a job of the main branch. */
  readonly job?: JobOptions;
}

/** Runs the doctor or the teardown of the bundle in a job, for the app "shop" in the folder. */
export function runInCloud(
  action: 'doctor' | 'teardown',
  { cloud, cluster, registry, job }: CloudPlace,
  { workspace, ...inputs }: { readonly workspace: string; readonly [input: string]: string },
): Promise<StepResult> {
  const { home, deployer } = cloud;
  return runStep(action, {
    workspace,
    with: {
      ...{ 'azure-environment': cloud.address, 'client-id': deployer.clientId, 'tenant-id': home.tenantId },
      ...{ 'subscription-id': home.subscriptionId, 'resource-group': home.resourceGroup, cluster },
      ...{ registry, name: 'shop', ...inputs },
    },
    env: { ...cloud.job(job).environment, NODE_EXTRA_CA_CERTS: cloud.caFile, NO_PROXY: '127.0.0.1' },
  });
}

/** The doctor's report of such a run. */
export async function visit(
  place: CloudPlace,
  inputs: { readonly workspace: string; readonly [input: string]: string },
): Promise<Visited> {
  const step = await runInCloud('doctor', place, inputs);
  if (step.outputs.report === undefined) throw new Error(`the doctor gave no report:\n${step.log}`);
  const report = v.parse(reportShape, JSON.parse(step.outputs.report));
  const problems = report.checks.filter(check => check.state === 'problem').map(check => check.id);
  return { ...step, report, problems };
}

/** A check of a report by its id. */
export function checkOf({ report, log }: Visited, id: string): Report['checks'][number] {
  const found = report.checks.find(check => check.id === id);
  if (!found) throw new Error(`no check "${id}":\n${log}`);
  return found;
}
