import { isRecord, parseJson, strings } from '../../core/json.ts';

/** Tags in an answer to `tags/list`; none when the repository has none left. */
export function parseTags(body: string): readonly string[] {
  const list = parseJson(body);
  return isRecord(list) ? strings(list.tags) : [];
}

/** Path of the following page in the header `Link`; undefined on the last. */
export function nextPageOf(link: string | string[] | undefined): string | undefined {
  const target = /<([^>]+)>\s*;\s*rel="?next"?/.exec(String(link ?? ''))?.[1];
  if (target === undefined) return undefined;
  const { pathname, search } = new URL(target, 'https://registry/v2/');
  return `${pathname}${search}`;
}
