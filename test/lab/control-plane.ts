import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { Api, kubeconfigOf } from './api.ts';
import { issueCertificates } from './certificates.ts';
import { conditionHolds } from './conditions.ts';
import type { ClusterGround, Ground } from './ground.ts';
import { publishIssuer, signInFlags } from './lab-cloud.ts';
import { type Manifest, manifests } from './tool-manifests.ts';
import { manifestFiles } from './tools.ts';

/** Starts etcd and the API server, and gives the ground for all that talks to it. The definitions are in it, else those of the lab's KEDA. */
export async function startApiServer(ground: Ground, definitions?: readonly Manifest[]): Promise<ClusterGround> {
  const { dir, tools, processes, port, network, cloud } = ground;
  const pki = join(dir, 'pki');
  const [etcd, secure] = [port(), port()];
  processes.start(join(tools, 'etcd'), etcdFlags(dir, etcd, port()));
  const admin = await issueCertificates(pki, `${network.services}.1`, cloud?.authority);
  const signIn = cloud ? await signInFlags(dir, cloud) : [];
  processes.start(join(tools, 'kube-apiserver'), [...signIn, ...apiServerFlags(ground, etcd, secure)]);
  const api = new Api({ server: `https://127.0.0.1:${secure}`, ...admin });
  const kubeconfig = join(dir, 'kubeconfig');
  await writeFile(kubeconfig, kubeconfigOf(api.access), { mode: 0o600 });
  await processes.until('the API server is ready', async () => (await api.request('GET', '/readyz')).status === 200);
  const cluster = { ...ground, api, kubeconfig };
  if (cloud) publishIssuer(cloud, api);
  await defineKeda(cluster, definitions ?? (await ownDefinitions(tools)));
  return cluster;
}

function etcdFlags(dir: string, client: number, peer: number): readonly string[] {
  const clients = `http://127.0.0.1:${client}`;
  const peers = `http://127.0.0.1:${peer}`;
  return [
    ...['--data-dir', join(dir, 'etcd'), '--name', 'lab', '--unsafe-no-fsync', '--log-level', 'warn'],
    ...['--listen-client-urls', clients, '--advertise-client-urls', clients],
    ...['--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers, '--initial-cluster', `lab=${peers}`],
  ];
}

function apiServerFlags({ dir, network }: Ground, etcd: number, secure: number): readonly string[] {
  const file = (name: string) => join(dir, 'pki', name);
  return [
    ...['--etcd-servers', `http://127.0.0.1:${etcd}`, '--secure-port', String(secure)],
    // Loopback is not allowed among the endpoints of the Service "kubernetes", so nobody keeps them.
    ...['--bind-address', '127.0.0.1', '--advertise-address', '127.0.0.1', '--endpoint-reconciler-type', 'none'],
    ...['--tls-cert-file', file('apiserver.crt'), '--tls-private-key-file', file('apiserver.key')],
    ...['--client-ca-file', file('ca.crt'), '--authorization-mode', 'RBAC', '--allow-privileged=true'],
    ...[
      '--service-cluster-ip-range',
      `${network.services}.0/24`,
      '--service-account-issuer',
      'https://kubernetes.default.svc',
    ],
    ...['--service-account-key-file', file('sa.pub'), '--service-account-signing-key-file', file('sa.key')],
    ...['--requestheader-client-ca-file', file('ca.crt'), '--requestheader-allowed-names', 'front-proxy-client'],
    ...['--requestheader-username-headers', 'X-Remote-User', '--requestheader-group-headers', 'X-Remote-Group'],
    ...['--requestheader-extra-headers-prefix', 'X-Remote-Extra-'],
    ...['--proxy-client-cert-file', file('front-proxy.crt'), '--proxy-client-key-file', file('front-proxy.key')],
    ...['--kubelet-client-certificate', file('admin.crt'), '--kubelet-client-key', file('admin.key')],
  ];
}

async function ownDefinitions(tools: string): Promise<readonly Manifest[]> {
  return v.parse(manifests, JSON.parse(await readFile(join(tools, manifestFiles.definitions), 'utf8')));
}

/** Before any controller starts: the garbage collector looks for new kinds only every 30 seconds. */
async function defineKeda({ api, processes }: ClusterGround, definitions: readonly Manifest[]): Promise<void> {
  await Promise.all(
    definitions.map(async definition => {
      await api.apply(definition);
      const path = await api.pathOf(definition);
      const what = `the definition "${definition.metadata.name}" is established`;
      await processes.until(what, () => conditionHolds(api, path, 'Established'));
    }),
  );
}

/** Flags of a component that serves its own port and asks the API server who may use it. */
export function componentFlags(kubeconfig: string, secure: number): readonly string[] {
  return [
    ...[
      '--kubeconfig',
      kubeconfig,
      '--authentication-kubeconfig',
      kubeconfig,
      '--authorization-kubeconfig',
      kubeconfig,
    ],
    ...['--bind-address', '127.0.0.1', '--secure-port', String(secure)],
  ];
}

/** The default limits of clients are made for clusters of strangers. */
export const quickClient: readonly string[] = ['--kube-api-qps', '200', '--kube-api-burst', '400'];

/** Starts the controller manager (the autoscaler looks every second) and the scheduler; waits for the first service account. */
export async function startControllers({ api, dir, tools, processes, port, kubeconfig }: ClusterGround): Promise<void> {
  const pki = join(dir, 'pki');
  processes.start(join(tools, 'kube-controller-manager'), [
    ...componentFlags(kubeconfig, port()),
    ...['--leader-elect=false', '--use-service-account-credentials=false', ...quickClient],
    ...['--service-account-private-key-file', join(pki, 'sa.key'), '--root-ca-file', join(pki, 'ca.crt')],
    ...['--horizontal-pod-autoscaler-sync-period', '1s'],
  ]);
  processes.start(join(tools, 'kube-scheduler'), [
    ...componentFlags(kubeconfig, port()),
    '--leader-elect=false',
    ...quickClient,
  ]);
  const account = '/api/v1/namespaces/default/serviceaccounts/default';
  await processes.until('pods are admitted', async () => (await api.request('GET', account)).status === 200);
}

/** Makes the folders of a lab. */
export async function prepareFolders(dir: string): Promise<void> {
  for (const name of ['pki', 'log', 'etcd', 'registry']) await mkdir(join(dir, name), { recursive: true, mode: 0o700 });
}
