import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { outputOf } from '../../test/lab/command.ts';
import type { Lab } from '../../test/lab/lab.ts';
import { waitUntil } from '../../test/lab/processes.ts';
import { runCommand } from '../../test/support/action.ts';
import type { Figure } from './figure.ts';
import type { Bench } from './group.ts';
import { secondsOfStep } from './probed-step.ts';
import { appName, queueApp } from './queue-app.ts';
import { inRounds, quiet, warmUps } from './rounds.ts';

/** What both deploy, and where. */
export interface Contest {
  readonly bench: Bench;
  readonly lab: Lab;
  readonly inputs: Readonly<Record<string, string>>;
  readonly image: string;
  readonly folder: string;
}

const notes = [
  'kubectl gets the rendered objects and the namespace in one file, and has what it discovered of the API in its cache. It makes no release record, function keys or outputs, and does not wait for the scaler.',
];

const contestants = ['kubectl', 'ours'] as const;
type Contestant = (typeof contestants)[number];

/** Seconds of each run. */
type Times = Readonly<Record<Contestant, number[]>>;

/** Deploys into a namespace; gives the seconds that it took. */
type Run = (namespace: string) => Promise<number>;

/** Both from nothing, and then both again with nothing changed, each round in namespaces of its own. */
export async function besideKubectl(contest: Contest): Promise<readonly Figure[]> {
  const times: Times = { kubectl: [], ours: [] };
  const again: Times = { kubectl: [], ours: [] };
  const runs: Readonly<Record<Contestant, Run>> = {
    kubectl: kubectlRun(contest),
    ours: namespace => secondsOfStep({ ...contest.inputs, namespace }),
  };
  await inRounds(contest.bench.rounds, async round => {
    const namespaces = contestants.map(name => ({ name, namespace: `bench-${name}-${round + warmUps}` }));
    for (const { name, namespace } of round % 2 === 0 ? namespaces : namespaces.toReversed()) {
      await quiet();
      const [first, second] = [await runs[name](namespace), await runs[name](namespace)];
      if (round < 0) continue;
      times[name].push(first);
      again[name].push(second);
    }
    await Promise.all(namespaces.map(({ namespace }) => removeNamespace(contest.lab, namespace)));
  });
  return [figureOf('Deployment, from nothing', times), figureOf('Deployment, unchanged', again)];
}

function figureOf(title: string, { kubectl, ours }: Times): Figure {
  const rows = [
    { name: 'kubectl apply --server-side, then rollout status', values: kubectl },
    { name: 'the action, verify: ready', values: ours },
  ];
  return { title, unit: 's', digits: 2, rows, notes };
}

function kubectlRun({ lab, inputs, image, folder }: Contest): Run {
  const env = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: lab.kubeconfig };
  const kubectl = (...args: string[]) => outputOf(join(lab.tools, 'kubectl'), args, { env });
  return async namespace => {
    const file = join(folder, `${namespace}.yaml`);
    await writeFile(file, await rendered(inputs, image, namespace));
    const began = performance.now();
    await kubectl('apply', '--server-side', '-f', file);
    await kubectl('rollout', 'status', `deployment/${appName}`, '--namespace', namespace, '--timeout', '60s');
    return (performance.now() - began) / 1000;
  };
}

/** The objects that the action applies, after their namespace. */
async function rendered(inputs: Readonly<Record<string, string>>, image: string, namespace: string): Promise<string> {
  const flags = ['name', 'max-replicas', 'polling-interval', 'cooldown-period'].flatMap(name => [
    `--${name}`,
    inputs[name] ?? '',
  ]);
  const env = {
    AKS_FUNCTIONS_SECRET_SETTINGS: inputs['secret-settings'] ?? '',
    AKS_FUNCTIONS_REGISTRY_USERNAME: inputs['registry-username'] ?? '',
    AKS_FUNCTIONS_REGISTRY_PASSWORD: inputs['registry-password'] ?? '',
  };
  const args = ['render', queueApp, '--image', image, '--namespace', namespace, '--include-secrets', ...flags];
  const { code, stdout, stderr } = await runCommand(args, env);
  if (code !== 0) throw new Error(`"render" ended with ${code}: ${stderr}`);
  return `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${namespace}\n---\n${stdout}`;
}

async function removeNamespace(lab: Lab, namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}`;
  await lab.request('DELETE', path);
  await waitUntil('the namespace is gone', async () => (await lab.request('GET', path)).status === 404);
}
