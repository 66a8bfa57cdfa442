import type { Workload } from '../core/app.ts';
import { type ScaledObject, scalerStateOf } from '../core/scaled-object-status.ts';
import { briefly, scalerFaultText } from '../core/scaler-hints.ts';
import { RemoteError, UserError } from '../errors.ts';
import { scalerFailures } from './diagnosis.ts';
import { patience, type WaitContext } from './wait-context.ts';

/** Waits until KEDA has taken every ScaledObject, holds it for two looks, and answers its metrics. */
export async function waitForScalers(context: WaitContext): Promise<void> {
  const scaled = context.app.workloads.filter(workload => workload.scaling.kind === 'events');
  await Promise.all(scaled.map(workload => waitForScaler(context, workload)));
}

/** How many looks in a row a state must hold, good or bad: right after a change KEDA shows either for a moment. */
const looks = 2;

async function waitForScaler(context: WaitContext, workload: Workload): Promise<void> {
  const { cluster, app, deadline, log } = context;
  const began = performance.now();
  const seen = { good: 0, bad: 0, state: 'pending' };
  await deadline.until(
    async () => {
      const object: ScaledObject = (await cluster.read('ScaledObject', app.namespace, workload.objectName)) ?? {};
      const state = scalerStateOf(object);
      // Asked in any state: it makes KEDA look at the source at once, and say what is wrong, instead of at its next poll.
      const answers = await metricsAnswer(context, workload, object.status?.externalMetricNames ?? []);
      const works = state.kind === 'ready' && answers;
      seen.state = state.kind;
      seen.bad = state.kind === 'failed' ? seen.bad + 1 : 0;
      seen.good = works ? seen.good + 1 : 0;
      if (state.kind === 'failed' && seen.bad > looks) throw await scalerError(context, workload, state.message);
      if (!works && (await keepsFailing(context, workload, began)))
        throw await scalerError(context, workload, state.kind);
      return seen.good >= looks || state.kind === 'paused' ? true : undefined;
    },
    async () => {
      const said = (await scalerFailures(context, workload.objectName)).at(-1)?.message;
      return `ScaledObject "${workload.objectName}" did not become ready (${said ? `KEDA said: ${briefly(said)}` : `its state was "${seen.state}"`})`;
    },
  );
  if (seen.state === 'paused')
    log.warning(
      `ScaledObject "${workload.objectName}" is paused by an annotation: nothing scales until it is removed.`,
    );
}

/**
 * KEDA's conditions may lag behind, above all while a workload is kept awake; its events tell of failed looks at the
 * source. One may pass, several over some time do not, nor does one after which nothing works for longer.
 */
async function keepsFailing(context: WaitContext, { objectName }: Workload, began: number): Promise<boolean> {
  const waited = performance.now() - began;
  if (waited < patience) return false;
  const failures = await scalerFailures(context, objectName);
  const [first, last] = [failures.at(0), failures.at(-1)];
  if (first === undefined || last === undefined) return false;
  return waited > 2 * patience || Date.parse(last.time) - Date.parse(first.time) > patience / 2;
}

/** KEDA's newest event says more than the condition, whose message is generic in older versions. */
async function scalerError(context: WaitContext, workload: Workload, message: string): Promise<UserError> {
  const said = (await scalerFailures(context, workload.objectName)).at(-1)?.message;
  return new UserError(scalerFaultText(workload, said ?? message));
}

async function metricsAnswer(
  { cluster, app }: WaitContext,
  workload: Workload,
  metrics: readonly string[],
): Promise<boolean> {
  try {
    await Promise.all(metrics.map(metric => cluster.externalMetric(app.namespace, metric, workload.objectName)));
    return true;
  } catch (error) {
    // The deployer may lack this right; the conditions must do then.
    if (error instanceof RemoteError && error.status === 403) return true;
    // KEDA answers 500 until it has built the scaler, and also when its source fails, which its events then tell.
    if (error instanceof RemoteError && (error.status >= 500 || error.status === 404)) return false;
    throw error;
  }
}
