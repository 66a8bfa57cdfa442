import type { ArmAnswer } from './arm-answer.ts';
import type { ArmCall } from './arm-routes.ts';

/** A list of the entries that the caller may read, page by page. `action` is that of reading one. */
export function listAnswer<T extends { readonly id: string }>(
  call: ArmCall,
  action: string,
  resources: readonly T[],
  show: (resource: T) => unknown,
): ArmAnswer {
  return pageAnswer(call, resources.filter(({ id }) => call.may(action, id)).map(show));
}

/** A page of a list, with the address of the next one. */
export function pageAnswer({ state, query, origin, path }: ArmCall, entries: readonly unknown[]): ArmAnswer {
  const skip = Number(query.get('$skipToken') ?? 0);
  const value = entries.slice(skip, skip + state.pageSize);
  if (skip + value.length >= entries.length) return { status: 200, body: { value } };
  const next = new URL(path, origin);
  for (const [name, text] of query) next.searchParams.set(name, text);
  next.searchParams.set('$skipToken', String(skip + value.length));
  return { status: 200, body: { value, nextLink: next.href } };
}
