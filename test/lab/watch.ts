import { setTimeout as pause } from 'node:timers/promises';
import * as v from 'valibot';
import type { Api } from './api.ts';

const named = v.looseObject({ metadata: v.looseObject({ namespace: v.optional(v.string(), ''), name: v.string() }) });
const list = v.object({ metadata: v.object({ resourceVersion: v.string() }), items: v.array(v.unknown()) });
const event = v.object({
  type: v.picklist(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: v.unknown(),
});

/** Objects of one kind by `namespace/name`. */
export type Objects<T> = ReadonlyMap<string, T>;

/** What is watched, and what happens with it. */
export interface Watch<T> {
  /** Path of the collection. */
  readonly path: string;
  readonly parse: (object: unknown) => T;
  /** Called with all objects at first and at each change. */
  readonly changed: (objects: Objects<T>) => void;
}

/** Watches until `signal` is aborted. What ends the watch (the server does so now and then) begins it anew. */
export async function watchObjects<T>(api: Api, watch: Watch<T>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await watchOnce(api, watch, signal).catch(() => undefined);
    await pause(signal.aborted ? 0 : 100);
  }
}

async function watchOnce<T>(api: Api, { path, parse, changed }: Watch<T>, signal: AbortSignal): Promise<void> {
  const { metadata, items } = v.parse(list, (await api.request('GET', path)).json());
  const objects = new Map(items.map(item => [keyOf(item), parse(item)]));
  changed(objects);
  const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${metadata.resourceVersion}`;
  const response = await api.open({ method: 'GET', path: `${path}?${query}`, signal });
  for await (const line of linesOf(response.setEncoding('utf8'))) {
    const { type, object } = v.parse(event, JSON.parse(line));
    if (type === 'ERROR') return;
    if (type === 'BOOKMARK') continue;
    if (type === 'DELETED') objects.delete(keyOf(object));
    else objects.set(keyOf(object), parse(object));
    changed(objects);
  }
}

function keyOf(object: unknown): string {
  const { namespace, name } = v.parse(named, object).metadata;
  return `${namespace}/${name}`;
}

async function* linesOf(pieces: AsyncIterable<unknown>): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of pieces) {
    const lines = (rest + String(piece)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
