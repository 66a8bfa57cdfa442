import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { kubeconfigOf } from '../../test/lab/api.ts';
import { issueCertificates } from '../../test/lab/certificates.ts';
import type { Lab } from '../../test/lab/lab.ts';
import { besideKubectl } from './beside-kubectl.ts';
import type { Figure, Goal } from './figure.ts';
import { figures, type Group } from './group.ts';
import { probedStep } from './probed-step.ts';
import { queueAppInputs } from './queue-app.ts';
import { RecordingProxy } from './recording-proxy.ts';

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
