import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { conditionHolds } from './conditions.ts';
import type { ClusterGround } from './ground.ts';
import { type Manifest, manifests } from './tool-manifests.ts';
import { manifestFiles } from './tools.ts';

const annotation = { key: 'kwok.x-k8s.io/node', value: 'fake' };
const name = 'fake-1';

/**
 * Starts kwok with one node whose pods become Ready without running. A pod with the annotation `fake/waiting` stays
 * waiting for the reason that the annotation names, as with an image that cannot be pulled.
 * `reserved`: the node takes only pods that tolerate its taint, so that all others go to the real node.
 */
export async function startFakeNode(ground: ClusterGround, reserved: boolean): Promise<void> {
  const { api, dir, tools, processes, port, kubeconfig } = ground;
  const config = join(dir, 'kwok.yaml');
  await writeFile(
    join(dir, 'pod.log'),
    '2026-01-01T00:00:00.000000000Z stdout F This pod is fake: nothing runs in it.\n',
  );
  const stages = v.parse(manifests, JSON.parse(await readFile(join(tools, manifestFiles.stages), 'utf8')));
  const documents = [...stages.map(withoutWaiting), waitingStage, kwokConfiguration(dir, port()), clusterLogs(dir)];
  await writeFile(config, documents.map(document => JSON.stringify(document)).join('\n---\n'));
  await api.apply(nodeOf(reserved));
  processes.start(join(tools, 'kwok'), ['--kubeconfig', kubeconfig, '--config', config]);
  await processes.until('the fake node is ready', () => conditionHolds(api, `/api/v1/nodes/${name}`, 'Ready'));
}

function nodeOf(reserved: boolean) {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': arch, 'kubernetes.io/hostname': name, type: 'fake' },
      annotations: { [annotation.key]: annotation.value },
    },
    spec: reserved ? { taints: [{ ...annotation, effect: 'NoSchedule' }] } : {},
  };
}

/** All options are stated: a file of our own replaces kwok's defaults as a whole. */
function kwokConfiguration(dir: string, port: number): object {
  const pki = join(dir, 'pki');
  return {
    apiVersion: 'config.kwok.x-k8s.io/v1alpha1',
    kind: 'KwokConfiguration',
    options: {
      manageNodesWithAnnotationSelector: `${annotation.key}=${annotation.value}`,
      ...{ nodeIP: '127.0.0.1', nodePort: port, serverAddress: `127.0.0.1:${port}`, cidr: '10.1.0.0/16' },
      ...{
        nodeLeaseDurationSeconds: 40,
        nodeLeaseParallelism: 4,
        podPlayStageParallelism: 4,
        nodePlayStageParallelism: 4,
      },
      ...{
        enableDebuggingHandlers: true,
        tlsCertFile: join(pki, 'apiserver.crt'),
        tlsPrivateKeyFile: join(pki, 'apiserver.key'),
      },
    },
  };
}

function clusterLogs(dir: string): object {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'ClusterLogs',
    metadata: { name: 'all' },
    spec: { logs: [{ logsFile: join(dir, 'pod.log') }] },
  };
}

const waitingKey = '.metadata.annotations["fake/waiting"]';
const readyStage = v.looseObject({
  spec: v.looseObject({ selector: v.looseObject({ matchExpressions: v.array(v.unknown()) }) }),
});

/** The stage that makes pods ready leaves out those that ask to wait. */
function withoutWaiting(stage: Manifest): Manifest {
  if (stage.metadata.name !== 'pod-ready') return stage;
  const { spec } = v.parse(readyStage, stage);
  const matchExpressions = [...spec.selector.matchExpressions, { key: waitingKey, operator: 'DoesNotExist' }];
  return { ...stage, spec: { ...spec, selector: { ...spec.selector, matchExpressions } } };
}

const waitingStatus = `
{{ $now := Now }}
{{ $reason := index .metadata.annotations "fake/waiting" }}
phase: Pending
conditions:
- {type: Initialized, status: "True", lastTransitionTime: {{ $now | Quote }}}
- {type: Ready, status: "False", reason: ContainersNotReady, lastTransitionTime: {{ $now | Quote }}}
containerStatuses:
{{ range .spec.containers }}
- image: {{ .image | Quote }}
  imageID: ""
  name: {{ .name | Quote }}
  ready: false
  restartCount: 0
  state: {waiting: {reason: {{ $reason | Quote }}, message: {{ printf "Back-off pulling image %s" .image | Quote }}}}
{{ end }}
`;

const waitingStage = {
  apiVersion: 'kwok.x-k8s.io/v1alpha1',
  kind: 'Stage',
  metadata: { name: 'pod-waiting' },
  spec: {
    resourceRef: { apiGroup: 'v1', kind: 'Pod' },
    selector: {
      matchExpressions: [
        { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' },
        { key: waitingKey, operator: 'Exists' },
        { key: '.status.conditions.[] | select( .type == "Ready" ) | .status', operator: 'NotIn', values: ['False'] },
      ],
    },
    next: {
      event: { type: 'Warning', reason: 'Failed', message: 'Error: the pod asked to wait' },
      statusTemplate: waitingStatus,
    },
  },
};
