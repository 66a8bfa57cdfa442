import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { kubeconfigOf } from '../../test/lab/api.ts';
import { issueCertificates } from '../../test/lab/certificates.ts';
import { outputOf } from '../../test/lab/command.ts';
import type { Lab } from '../../test/lab/lab.ts';
import { waitUntil } from '../../test/lab/processes.ts';
import { runCommand } from '../../test/support/action.ts';
import type { Figure, Goal, Row } from './figure.ts';
import { type Bench, figures, type Group } from './group.ts';
import { probedStep, secondsOfStep } from './probed-step.ts';
import { appName, queueApp, queueAppInputs } from './queue-app.ts';
import { RecordingProxy } from './recording-proxy.ts';
import { inRounds, quiet } from './rounds.ts';

type Inputs = Readonly<Record<string, string>>;

/** Deployment of the queue app, whose image is in the registry already: what it takes, and how long beside kubectl. */
export const deployment: Group = {
  name: 'deployment',
  measure: async bench => {
    const lab = await bench.lab();
    const inputs = await queueAppInputs(bench);
    const folder = await mkdtemp(join(tmpdir(), 'aks-functions-bench-'));
    try {
      const { result } = await probedStep({ ...inputs, namespace: 'bench-first' });
      const counts = await counted(lab, inputs, folder);
      const image = result.outputs.image ?? '';
      return figures(...counts, ...(await besideKubectl({ bench, lab, inputs, image, folder })));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Children, connections and requests of a deployment from nothing and of the same once more. */
async function counted(lab: Lab, inputs: Inputs, folder: string): Promise<readonly Figure[]> {
  const access = parseAccess(await readFile(lab.kubeconfig, 'utf8'));
  const { ca } = await issueCertificates(folder);
  const [cert, key] = await Promise.all(['crt', 'key'].map(end => readFile(join(folder, `apiserver.${end}`), 'utf8')));
  const kubeconfig = join(folder, 'kubeconfig');
  const shown: Figure[] = [];
  for (const title of ['from nothing', 'unchanged']) {
    await using proxy = await RecordingProxy.start(access, { cert: cert ?? '', key: key ?? '' });
    // The proxy lets everybody in and has the credentials itself.
    await writeFile(kubeconfig, kubeconfigOf({ server: proxy.origin, ca, token: 'none' }));
    const { children } = await probedStep({ ...inputs, kubeconfig, namespace: 'bench-counted' });
    shown.push(countsOf(title, children, proxy));
  }
  return shown;
}

function countsOf(title: string, children: number, { connections, requests }: RecordingProxy): Figure {
  const kinds = [...new Set(requests)].map(kind => ({
    name: kind,
    values: [requests.filter(one => one === kind).length],
  }));
  const goal = (text: string, value: number, limit: number): Goal => ({
    text,
    measured: `${value}`,
    met: value <= limit,
  });
  return {
    title: `Deployment with its image in the registry, ${title}`,
    digits: 0,
    ratios: false,
    rows: [
      { name: 'child processes', values: [children] },
      { name: 'connections to the API server', values: [connections] },
      { name: 'requests to the API server', values: [requests.length] },
      ...kinds.map(row => ({ ...row, name: `of them ${row.name}` })),
    ],
    goals: [goal('no child processes', children, 0), goal('one connection to the API server', connections, 1)],
  };
}

interface Contest {
  readonly bench: Bench;
  readonly lab: Lab;
  readonly inputs: Inputs;
  readonly image: string;
  readonly folder: string;
}

const notes = [
  'kubectl gets the rendered objects and the namespace in one file, and has what it discovered of the API in its cache. It makes no release record, function keys or outputs, and does not wait for the scaler.',
];

/** Seconds of each run. */
type Times = Readonly<Record<'ours' | 'kubectl', number[]>>;

/** Both from nothing, and then both again with nothing changed, each round in namespaces of its own. */
async function besideKubectl(contest: Contest): Promise<readonly Figure[]> {
  const { bench, lab, inputs } = contest;
  const times: Times = { ours: [], kubectl: [] };
  const again: Times = { ours: [], kubectl: [] };
  await inRounds(bench.rounds, async round => {
    const runs = {
      ours: (namespace: string) => secondsOfStep({ ...inputs, namespace }),
      kubectl: await kubectlRun(contest),
    };
    for (const name of round % 2 === 0 ? (['ours', 'kubectl'] as const) : (['kubectl', 'ours'] as const)) {
      const namespace = `bench-${name}-${round < 0 ? 'warm' : 'round'}-${Math.abs(round)}`;
      await quiet();
      const [first, second] = [await runs[name](namespace), await runs[name](namespace)];
      if (round >= 0) times[name].push(first);
      if (round >= 0) again[name].push(second);
      await removeNamespace(lab, namespace);
    }
  });
  const rowsOf = (values: Times): readonly Row[] => [
    { name: 'kubectl apply --server-side, then rollout status', values: values.kubectl },
    { name: 'the action, verify: ready', values: values.ours },
  ];
  const figure = (title: string, values: Times): Figure => ({
    title,
    unit: 's',
    digits: 2,
    rows: rowsOf(values),
    notes,
  });
  return [figure('Deployment, from nothing', times), figure('Deployment, unchanged', again)];
}

async function kubectlRun({ lab, inputs, image, folder }: Contest): Promise<(namespace: string) => Promise<number>> {
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
async function rendered(inputs: Inputs, image: string, namespace: string): Promise<string> {
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

const kubeconfigSchema = v.object({
  clusters: v.tuple([
    v.object({ cluster: v.object({ server: v.string(), 'certificate-authority-data': v.string() }) }),
  ]),
  users: v.tuple([
    v.object({ user: v.object({ 'client-certificate-data': v.string(), 'client-key-data': v.string() }) }),
  ]),
});

/** The administrator's access, from the kubeconfig of a lab. */
function parseAccess(text: string) {
  const config = v.parse(kubeconfigSchema, JSON.parse(text));
  const decoded = (base64: string) => Buffer.from(base64, 'base64').toString();
  const [{ cluster }] = config.clusters;
  const [{ user }] = config.users;
  return {
    server: cluster.server,
    ca: decoded(cluster['certificate-authority-data']),
    cert: decoded(user['client-certificate-data']),
    key: decoded(user['client-key-data']),
  };
}
