import type { WaitContext } from './wait-context.ts';
import { waitForEndpoints } from './wait-endpoints.ts';
import { type WaitGoal, waitForRollout } from './wait-rollout.ts';
import { waitForScalers } from './wait-scalers.ts';

/**
 * Waits for pods, scalers and endpoints at once, and returns the address from outside where there is one. The first to
 * fail ends the others; a rollout's own reason counts before what follows from it.
 */
export async function waitForAll(context: WaitContext, wanted: WaitGoal): Promise<string | undefined> {
  const stop = new AbortController();
  const inner = { ...context, deadline: context.deadline.orUntil(stop.signal) };
  const [rollout, scalers, endpoints] = [waitForRollout(inner, wanted), waitForScalers(inner), waitForEndpoints(inner)];
  for (const work of [rollout, scalers, endpoints]) work.catch(reason => stop.abort(reason));
  await Promise.allSettled([rollout, scalers, endpoints]);
  await rollout;
  await scalers;
  return endpoints;
}
