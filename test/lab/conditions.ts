import * as v from 'valibot';
import type { Api } from './api.ts';

const conditioned = v.object({
  status: v.object({ conditions: v.array(v.object({ type: v.string(), status: v.string() })) }),
});

/** Whether the object at `path` has the condition `type` with status True. */
export async function conditionHolds(api: Api, path: string, type: string): Promise<boolean> {
  const parsed = v.safeParse(conditioned, (await api.request('GET', path)).json());
  return parsed.success && parsed.output.status.conditions.some(each => each.type === type && each.status === 'True');
}
