import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { conditionHolds } from './conditions.ts';
import { componentFlags, quickClient } from './control-plane.ts';
import type { ClusterGround, Ground } from './ground.ts';
import { serviceAccountToken } from './identity.ts';
import { exchangeAudience, workloadVariables } from './workload-webhook.ts';

/** In the cloud KEDA is the add-on of AKS, which has its own place. */
const namespaceOf = ({ cloud }: Ground) => (cloud ? 'kube-system' : 'keda');
const metricsService = 'keda-metrics-apiserver';
const externalMetrics = 'v1beta1.external.metrics.k8s.io';

/** Starts KEDA's operator, metrics server and admission webhooks, and waits until each does its work. */
export async function startKeda(ground: ClusterGround): Promise<void> {
  await ground.api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespaceOf(ground) } });
  const [health, grpc, adapter] = [ground.port(), ground.port(), ground.port()];
  await startOperator(ground, health, grpc);
  startAdapter(ground, adapter, grpc);
  await Promise.all([
    ground.processes.until("KEDA's operator is ready", () => answers(`http://127.0.0.1:${health}/readyz`)),
    serveMetrics(ground, adapter),
    startWebhooks(ground),
  ]);
}

async function startOperator(ground: ClusterGround, health: number, grpc: number): Promise<void> {
  const { dir, tools, processes, port, kubeconfig } = ground;
  const namespace = namespaceOf(ground);
  const flags = [
    ...['--kubeconfig', kubeconfig, '--cert-dir', join(dir, 'pki', 'keda'), '--enable-cert-rotation=false'],
    ...['--leader-elect=false', '--health-probe-bind-address', `127.0.0.1:${health}`, ...quickClient],
    ...['--metrics-bind-address', `127.0.0.1:${port()}`, '--metrics-service-bind-address', `127.0.0.1:${grpc}`],
  ];
  const place = { WATCH_NAMESPACE: '', KEDA_CLUSTER_OBJECT_NAMESPACE: namespace, POD_NAMESPACE: namespace };
  processes.start(join(tools, 'keda-operator'), flags, { env: { ...place, ...(await operatorIdentity(ground)) } });
}

/** What signs the operator in to Azure: only in the cloud. */
async function operatorIdentity(ground: ClusterGround): Promise<Readonly<Record<string, string>>> {
  if (!ground.cloud) return {};
  const tokenFile = join(ground.dir, 'keda-operator.token');
  const account = { name: 'keda-operator', namespace: namespaceOf(ground) };
  // A lab ends before its token does.
  const life = { audiences: [exchangeAudience], expirationSeconds: 24 * 3600 };
  await writeFile(tokenFile, await serviceAccountToken(ground.api, { ...account, ...life }), { mode: 0o600 });
  const { cloud } = ground.cloud;
  const variables = workloadVariables(cloud, { tokenFile, host: '127.0.0.1' });
  // Without programs, since KEDA would ask an Azure CLI first.
  return { ...variables, SSL_CERT_FILE: cloud.caFile, PATH: '' };
}

function startAdapter(ground: ClusterGround, secure: number, grpc: number): void {
  const { dir, tools, processes, kubeconfig } = ground;
  const pki = join(dir, 'pki');
  const flags = [
    ...componentFlags(kubeconfig, secure),
    ...['--lister-kubeconfig', kubeconfig, '--cert-dir', join(pki, 'keda')],
    ...['--metrics-service-address', `localhost:${grpc}`],
    ...['--tls-cert-file', join(pki, 'apiserver.crt'), '--tls-private-key-file', join(pki, 'apiserver.key')],
    // The port of its own metrics would be open to all, and a taken one would end it.
    ...['--port', '0'],
  ];
  processes.start(join(tools, 'keda-adapter'), flags, {
    env: { WATCH_NAMESPACE: '', POD_NAMESPACE: namespaceOf(ground) },
  });
}

/** The metrics API is announced only when somebody serves it: the API server's check backs off after a failure. */
async function serveMetrics(ground: ClusterGround, adapter: number): Promise<void> {
  const { api, processes } = ground;
  const namespace = namespaceOf(ground);
  await processes.until("KEDA's metrics server listens", () => listensWithTls(adapter));
  await api.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: metricsService, namespace },
    spec: { type: 'ExternalName', externalName: 'localhost' },
  });
  const service = {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: externalMetrics },
    spec: {
      ...{ group: 'external.metrics.k8s.io', version: 'v1beta1', groupPriorityMinimum: 100, versionPriority: 100 },
      insecureSkipTLSVerify: true,
      service: { namespace, name: metricsService, port: adapter },
    },
  };
  await api.apply(service);
  const path = await api.pathOf(service);
  await processes.until('external metrics are available', () => conditionHolds(api, path, 'Available'));
}

/** Kinds whose objects KEDA checks before they are stored. */
const checkedKinds = ['scaledobject', 'scaledjob', 'triggerauthentication', 'clustertriggerauthentication'];

async function startWebhooks(ground: ClusterGround): Promise<void> {
  const { api, dir, tools, processes, port, kubeconfig } = ground;
  const [secure, health] = [port(), port()];
  const pki = join(dir, 'pki');
  const flags = [
    ...['--kubeconfig', kubeconfig, '--cert-dir', join(pki, 'keda'), '--port', String(secure)],
    ...['--metrics-bind-address', `127.0.0.1:${port()}`, '--health-probe-bind-address', `127.0.0.1:${health}`],
    '--cache-miss-to-direct-client',
  ];
  processes.start(join(tools, 'keda-webhooks'), flags, {
    env: { WATCH_NAMESPACE: '', POD_NAMESPACE: namespaceOf(ground) },
  });
  await processes.until("KEDA's webhooks listen", () => listensWithTls(secure));
  const caBundle = (await readFile(join(pki, 'ca.crt'))).toString('base64');
  await api.apply({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'keda-admission' },
    webhooks: checkedKinds.map(kind => webhookOf(kind, `https://127.0.0.1:${secure}`, caBundle)),
  });
}

function webhookOf(kind: string, server: string, caBundle: string): object {
  return {
    name: `v${kind}.kb.io`,
    clientConfig: { url: `${server}/validate-keda-sh-v1alpha1-${kind}`, caBundle },
    rules: [
      { apiGroups: ['keda.sh'], apiVersions: ['v1alpha1'], operations: ['CREATE', 'UPDATE'], resources: [`${kind}s`] },
    ],
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy: 'Fail',
    timeoutSeconds: 10,
  };
}

async function answers(url: string): Promise<boolean> {
  return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
}

/** Any answer will do: who asks is checked later. */
function listensWithTls(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path: '/readyz', rejectUnauthorized: false, timeout: 2_000 },
      response => {
        response.resume();
        resolve(true);
      },
    );
    asked
      .once('timeout', () => asked.destroy())
      .once('error', reject)
      .end();
  });
}
