import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { type ArmAnswer, ArmRefusal } from './arm-answer.ts';
import { clusterOf, clusterPath, clusterProperties } from './arm-clusters.ts';
import type { ArmCall, ArmRoute } from './arm-routes.ts';
import { type CommandResult, runOnCluster } from './cluster-command.ts';
import { kinds } from './resources.ts';
import type { ManagedCluster } from './state.ts';

const commandBody = v.object({
  command: v.pipe(v.string(), v.minLength(1)),
  /** Zip archive in base64. */
  context: v.optional(v.string(), ''),
  clusterToken: v.optional(v.string()),
});

/** What the Resource Manager takes at most in one request. */
const largestBody = 4 * 1024 * 1024;

interface Run {
  readonly id: string;
  readonly cluster: string;
  readonly startedAt: string;
  result?: CommandResult & { readonly finishedAt: string };
}

/** Commands that AKS runs in the cluster. */
export function commandRoutes(): readonly ArmRoute[] {
  const runs = new Map<string, Run>();
  return [
    {
      ...{ method: 'POST', scope: clusterPath, rest: '/runCommand', action: `${kinds.cluster}/runcommand/action` },
      handle: async call => {
        const cluster = clusterOf(call);
        const body = await bodyOf(call, cluster);
        const run: Run = { id: randomUUID(), cluster: cluster.id, startedAt: new Date().toISOString() };
        runs.set(run.id, run);
        void runOnCluster(cluster.access, body).then(result => {
          run.result = { ...result, finishedAt: new Date().toISOString() };
        });
        return stillRunning(call, cluster, run);
      },
    },
    {
      ...{ method: 'GET', scope: clusterPath, rest: '/commandResults/{run}' },
      action: `${kinds.cluster}/commandResults/read`,
      handle: call => {
        const cluster = clusterOf(call);
        const run = runs.get(call.params.run ?? '');
        if (run?.cluster !== cluster.id) throw new ArmRefusal(404, 'NotFound', 'The command could not be found.');
        if (!run.result) return stillRunning(call, cluster, run);
        const { id, startedAt, result } = run;
        return { status: 200, body: { id, properties: { startedAt, ...result } } };
      },
    },
  ];
}

function stillRunning({ origin, apiVersion }: ArmCall, cluster: ManagedCluster, { id, startedAt }: Run): ArmAnswer {
  const location = `${origin}${cluster.id}/commandResults/${id}?api-version=${apiVersion}`;
  return { status: 202, body: { id, properties: { provisioningState: 'Running', startedAt } }, headers: { location } };
}

async function bodyOf(call: ArmCall, cluster: ManagedCluster): Promise<v.InferOutput<typeof commandBody>> {
  const parsed = v.safeParse(commandBody, await call.json());
  if (!parsed.success) throw refused('BadRequest', `The request is invalid: ${v.summarize(parsed.issues)}`);
  const { command, context, clusterToken } = parsed.output;
  if (command.length + context.length > largestBody)
    throw new ArmRefusal(413, 'RequestContentTooLarge', 'The request content size exceeds the maximum of 4 MB.');
  const { aadProfile, apiServerAccessProfile, powerState } = v.parse(clusterProperties, cluster.body.properties);
  if (powerState.code === 'Stopped') throw refused('OperationNotAllowed', 'The cluster is stopped.');
  if (apiServerAccessProfile.disableRunCommand)
    throw refused('RunCommandDisabled', 'Run command is disabled on this cluster.');
  if (aadProfile && !clusterToken)
    throw refused('MissingAADClusterToken', 'An AAD-enabled cluster needs the property clusterToken.');
  return parsed.output;
}

function refused(code: string, message: string): ArmRefusal {
  return new ArmRefusal(400, code, message, { bare: true });
}
