import type { V1Container, V1Probe } from '@kubernetes/client-node';
import type { Workload } from '../app.ts';
import type { ProbeOptions } from '../config/config.ts';
import { isRecord } from '../json.ts';

const ping: V1Probe = { httpGet: { path: '/admin/host/ping', port: 'http' }, timeoutSeconds: 5 };
/** Ways to probe; a container takes one of them. */
const handlers = ['exec', 'grpc', 'httpGet', 'tcpSocket'] as const;

/** Probes of the host's container: ours with the file's fields over them, without those that it turns off. */
export function probesOf({ pod }: Workload): Pick<V1Container, 'readinessProbe' | 'startupProbe' | 'livenessProbe'> {
  const { readiness = {}, startup = {}, liveness = false } = pod.probes ?? {};
  return {
    ...(startup && { startupProbe: probeOf({ ...ping, periodSeconds: 1, failureThreshold: 180 }, startup) }),
    ...(readiness && { readinessProbe: probeOf({ ...ping, periodSeconds: 5, failureThreshold: 3 }, readiness) }),
    ...(liveness && { livenessProbe: probeOf(ping, liveness) }),
  };
}

function probeOf(base: V1Probe, options: Exclude<ProbeOptions, false>): V1Probe {
  const { httpGet: _, ...rest } = base;
  if (handlers.some(handler => handler !== 'httpGet' && handler in options)) return { ...rest, ...options };
  if (!isRecord(options.httpGet)) return { ...base, ...options };
  return { ...base, ...options, httpGet: { path: '/admin/host/ping', port: 'http', ...options.httpGet } };
}
