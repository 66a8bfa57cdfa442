/** What is kept of a request: no header and no body, and no token that stood in the query. */
export interface CloudRequest {
  readonly method: string;
  /** Path with query, values that are secret replaced. */
  readonly path: string;
  /** Name of the part that it was for; `none` when no part has the path. */
  readonly part: string;
  /** 0 as long as there is no answer. */
  readonly status: number;
  /** Object id of who sent it. */
  readonly principal?: string;
  /** What it was about, such as the scope of a token. */
  readonly about?: string;
}

const secretNames = /token|secret|password|assertion|^sig$|^code$/i;
const tokenLike = /eyJ[\w-]+\.[\w-]+\.[\w-]*/;

/** Path and query without what must not be kept. */
export function recordedPath(url: URL): string {
  const query = [...url.searchParams].map(([name, value]) => {
    const isSecret = secretNames.test(name) || tokenLike.test(value);
    return `${name}=${isSecret ? '***' : encodeURIComponent(value).replace(/%2F/g, '/').replace(/%3A/g, ':')}`;
  });
  return url.pathname.replace(tokenLike, '***') + (query.length > 0 ? `?${query.join('&')}` : '');
}
