import * as v from 'valibot';
import { faultOfAppName } from '../names.ts';
import type { Config } from './config.ts';
import {
  annotationsMap,
  anyText,
  count,
  hostName,
  kubernetesFields,
  labelsMap,
  listOf,
  mapOf,
  milliseconds,
  noList,
  objectName,
  oneOf,
  podLabels,
  positive,
  quantity,
  seconds,
  settingsMap,
  strict,
  text,
} from './values.ts';

const day = 86_400;
const opt = v.optional;

const scale = strict({
  minReplicas: opt(v.pipe(count(0, 10_000), v.description('Least number of replicas; 0 lets KEDA stop the workload.'))),
  maxReplicas: opt(v.pipe(count(1, 10_000), v.description('Greatest number of replicas.'))),
  pollingInterval: opt(
    v.pipe(seconds(1, day), v.description('Time between two looks at the queue, in seconds or as "30s".')),
  ),
  cooldownPeriod: opt(v.pipe(seconds(0, day), v.description('Time without events before the last replica stops.'))),
});

const resources = strict({ requests: opt(mapOf(quantity)), limits: opt(mapOf(quantity)) });

const noProbe = v.literal(false, 'must be a map of fields, or false for none');
const probe = v.exactOptional(
  v.pipe(
    v.union([noProbe, kubernetesFields], noProbe.message),
    v.description('Fields of the probe over ours; false for none.'),
  ),
);

const volume = v.pipe(
  kubernetesFields,
  v.description('A volume in the form of Kubernetes, with "mountPath", "readOnly" and "subPath" beside its source.'),
);

const pod = strict({
  port: opt(v.pipe(count(1, 65_535), v.description('Port on which the host listens, 8080 by default.'))),
  probes: opt(strict({ readiness: probe, startup: probe, liveness: probe })),
  security: opt(oneOf(['baseline', 'restricted'])),
  terminationGracePeriodSeconds: opt(seconds(0, day)),
  nodeSelector: opt(labelsMap),
  tolerations: opt(listOf(kubernetesFields)),
  topologySpreadConstraints: opt(listOf(kubernetesFields)),
  volumes: opt(listOf(volume)),
  imagePullSecrets: opt(listOf(strict({ name: objectName }))),
  labels: opt(podLabels),
  annotations: opt(annotationsMap),
});

const workloadName = v.pipe(
  v.string(),
  v.regex(
    /^[a-z]([a-z0-9-]{0,11}[a-z0-9])?$/,
    'must be a workload name: 1 to 13 characters, "a-z", "0-9" and "-", a letter first',
  ),
);

const workload = strict({
  functions: opt(listOf(text)),
  scale: opt(scale),
  scaling: opt(
    v.pipe(oneOf(['fixed', 'cpu', 'http']), v.description('Who decides the number of replicas of an HTTP workload.')),
  ),
  resources: opt(resources),
  pod: opt(pod),
});

const noTrigger = v.literal('none', 'must be "none" or a map with "type" and "metadata"');

const handWritten = strict({ type: text, metadata: mapOf(anyText), authenticationRef: opt(objectName) });

const functionOptions = strict({
  threshold: opt(v.pipe(positive, v.description('Events that one replica handles; the target of the scaler.'))),
  activation: opt(v.pipe(count(0, 1_000_000_000), v.description('Events above which the workload wakes from zero.'))),
  trigger: opt(
    v.pipe(v.union([noTrigger, handWritten], noTrigger.message), v.description('Any KEDA trigger, or "none".')),
  ),
  workload: opt(workloadName),
  bindings: opt(
    v.pipe(
      listOf(kubernetesFields),
      v.description('Bindings as in function.json, for a function that cannot be found in the code.'),
    ),
  ),
});

type SettingsFrom = NonNullable<Config['settingsFrom']>[number];

const settingsSource = v.pipe(
  strict({ secret: opt(objectName), configMap: opt(objectName) }),
  v.check(
    source => (source.secret === undefined) !== (source.configMap === undefined),
    'must name one object: either "secret" or "configMap"',
  ),
  v.transform(
    ({ secret, configMap }): SettingsFrom => (secret === undefined ? { configMap: configMap ?? '' } : { secret }),
  ),
);

const expose = strict({
  type: opt(oneOf(['none', 'cluster', 'internal-load-balancer', 'load-balancer', 'ingress', 'gateway'])),
  host: opt(hostName),
  gateway: opt(strict({ name: objectName, namespace: opt(objectName) })),
});

const path = v.pipe(text, v.startsWith('/', 'must be a path that starts with "/"'));

const check = strict({
  get: opt(path),
  post: opt(path),
  queue: opt(v.pipe(text, v.description('Function with a queue trigger that must consume a message.'))),
  status: opt(count(100, 599)),
  headers: opt(v.pipe(mapOf(anyText), v.description('Texts that headers of the answer contain.'))),
  body: opt(v.pipe(anyText, v.description('Text that the answer contains.'))),
  send: opt(v.pipe(anyText, v.description('Body to send with "post", or message to put with "queue".'))),
  sendHeaders: opt(v.pipe(mapOf(anyText), v.description('Headers to send.'))),
  latency: opt(milliseconds),
  within: opt(v.pipe(seconds(1, day), v.description('Longest time until a message is consumed.'))),
});

const patch = strict({
  target: strict({ kind: text, name: opt(text) }),
  patch: v.union([kubernetesFields, listOf(kubernetesFields)], 'must be a map (merge patch) or a list (JSON 6902)'),
});

const preview = strict({
  namespace: opt(text),
  ttl: opt(seconds(60, 365 * day)),
  settings: opt(settingsMap),
  timers: opt(oneOf(['on', 'off'])),
});

const body = {
  version: opt(v.pipe(v.literal(1, 'must be 1'), v.description('Version of this format.'))),
  name: opt(
    v.pipe(
      text,
      v.check(
        name => faultOfAppName(name) === undefined,
        'must have 1 to 40 characters, "a-z", "0-9" and "-", a letter first and no "-" last',
      ),
    ),
  ),
  settings: opt(v.pipe(settingsMap, v.description('Settings of the app that are not secret.'))),
  settingsFrom: opt(
    v.pipe(listOf(settingsSource), v.description('Existing Secrets and ConfigMaps with settings; later ones win.')),
  ),
  identity: opt(
    strict({
      clientId: v.pipe(
        text,
        v.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'must be the client id of an identity, a UUID'),
      ),
    }),
  ),
  scale: opt(v.pipe(scale, v.description('Scaling of the event workload.'))),
  workloads: opt(noList(v.record(workloadName, workload, 'must be a map of workloads'))),
  functions: opt(mapOf(functionOptions)),
  expose: opt(expose),
  pod: opt(v.pipe(pod, v.description('Pods of every workload.'))),
  patches: opt(listOf(patch)),
  checks: opt(v.pipe(listOf(check), v.description('Checks of the smoke test.'))),
  preview: opt(preview),
};

/** Schema of the file without its `environments`: what a merged configuration is. */
export const configSchema = strict(body);

/** Schema of the whole file as it is written. */
export const fileSchema = strict({ ...body, environments: opt(mapOf(configSchema)) });

/** Issues of a value against the schema; every one of them, and the first only where one value has several. */
export function checkFile(value: unknown) {
  return v.safeParse(fileSchema, value, { abortPipeEarly: true });
}

/** The same for a merged configuration. */
export function checkConfig(value: unknown) {
  return v.safeParse(configSchema, value, { abortPipeEarly: true });
}

/** One issue that the schema found. */
export type Issue = v.BaseIssue<unknown>;
