import type { Check, Config, Expose, FunctionConfig, Resources, Scale, WorkloadConfig } from './config.ts';
import { podFaults } from './pod-rules.ts';
import { parseQuantity } from './values.ts';
import type { YamlPath } from './yaml.ts';

/** Two keys that contradict each other: where, and what to say after the name of the key. */
export interface Contradiction {
  readonly path: YamlPath;
  readonly message: string;
}

/** Every contradiction between keys of a configuration. */
export function contradictionsIn(config: Config): readonly Contradiction[] {
  return [
    ...scaleFaults(config.scale, ['scale']),
    ...Object.entries(config.workloads ?? {}).flatMap(([name, workload]) =>
      workloadFaults(workload, ['workloads', name]),
    ),
    ...podFaults(config.pod ?? {}, ['pod']),
    ...placementFaults(config),
    ...Object.entries(config.functions ?? {}).flatMap(([name, options]) =>
      functionFaults(options, ['functions', name]),
    ),
    ...exposeFaults(config.expose ?? {}),
    ...(config.checks ?? []).flatMap((check, index) => checkFaults(check, ['checks', index])),
  ];
}

function workloadFaults({ scale, resources, pod }: WorkloadConfig, path: YamlPath): readonly Contradiction[] {
  return [
    ...scaleFaults(scale, [...path, 'scale']),
    ...resourceFaults(resources ?? {}, [...path, 'resources']),
    ...podFaults(pod ?? {}, [...path, 'pod']),
  ];
}

function scaleFaults(scale: Scale | undefined, path: YamlPath): readonly Contradiction[] {
  const { minReplicas = 0, maxReplicas } = scale ?? {};
  if (maxReplicas === undefined || minReplicas <= maxReplicas) return [];
  return [
    {
      path: [...path, 'minReplicas'],
      message: `is ${minReplicas}, above "maxReplicas" ${maxReplicas}. Lower it or raise "maxReplicas"`,
    },
  ];
}

function resourceFaults({ requests = {}, limits = {} }: Resources, path: YamlPath): readonly Contradiction[] {
  return Object.entries(requests).flatMap(([name, request]) => {
    const limit = limits[name];
    if (limit === undefined || (parseQuantity(request) ?? 0) <= (parseQuantity(limit) ?? 0)) return [];
    return [
      {
        path: [...path, 'requests', name],
        message: `is ${request}, above the limit ${limit}. Lower it or raise the limit`,
      },
    ];
  });
}

/** A function belongs to one workload. */
function placementFaults({ workloads = {}, functions = {} }: Config): readonly Contradiction[] {
  const placed = new Map(
    Object.entries(functions).flatMap(([name, { workload }]) =>
      workload === undefined ? [] : [[name, workload] as const],
    ),
  );
  const faults: Contradiction[] = [];
  for (const [workload, { functions: names = [] }] of Object.entries(workloads)) {
    for (const [index, name] of names.entries()) {
      const other = placed.get(name) ?? workload;
      placed.set(name, other);
      if (other === workload) continue;
      faults.push({
        path: ['workloads', workload, 'functions', index],
        message: `puts function "${name}" into "${workload}", but it is in "${other}" already. Keep one of them`,
      });
    }
  }
  return faults;
}

function functionFaults({ threshold, activation, trigger }: FunctionConfig, path: YamlPath): readonly Contradiction[] {
  if (trigger === undefined) return [];
  const values = { threshold, activation };
  const reason = trigger === 'none' ? '"trigger: none"' : 'a trigger of your own';
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key]) => ({ path: [...path, key], message: `has no effect beside ${reason}. Remove one of them` }));
}

function exposeFaults({ type, host, gateway }: Expose): readonly Contradiction[] {
  if (type === undefined) return [];
  const faults: Contradiction[] = [];
  if (host !== undefined && type !== 'ingress' && type !== 'gateway') {
    faults.push({
      path: ['expose', 'host'],
      message: `has no effect with "type: ${type}". Remove it, or use "ingress" or "gateway"`,
    });
  }
  if (gateway !== undefined && type !== 'gateway') {
    faults.push({
      path: ['expose', 'gateway'],
      message: `has no effect with "type: ${type}". Remove it, or use "gateway"`,
    });
  }
  return faults;
}

function checkFaults(check: Check, path: YamlPath): readonly Contradiction[] {
  const { get, post, queue, send } = check;
  const kinds = Object.entries({ get, post, queue }).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  const [kind, other] = kinds;
  if (kind === undefined) return [{ path, message: 'has no path. Add "get" or "post", or "queue" for a message' }];
  if (other !== undefined)
    return [{ path: [...path, other], message: `stands beside "${kind}". Make two checks of them` }];
  if (queue !== undefined) return queueCheckFaults(check, path);
  return [
    ...(send !== undefined && get !== undefined
      ? [{ path: [...path, 'send'], message: 'has no effect with "get". Use "post"' }]
      : []),
    ...(check.within === undefined
      ? []
      : [{ path: [...path, 'within'], message: 'has no effect without "queue". Use "latency"' }]),
  ];
}

function queueCheckFaults(
  { send, status, headers, body, sendHeaders, latency }: Check,
  path: YamlPath,
): readonly Contradiction[] {
  const useless = Object.entries({ status, headers, body, sendHeaders, latency }).filter(
    ([, value]) => value !== undefined,
  );
  return [
    ...(send === undefined ? [{ path, message: 'has no message for the queue. Add "send"' }] : []),
    ...useless.map(([key]) => ({ path: [...path, key], message: 'has no effect with "queue". Remove it' })),
  ];
}
