import { isHttpFunction } from './http-functions.mjs';
import { isAllowed } from './keys.mjs';

/** The host's version as its status tells it; the stand-in says what it is. */
export const version = '4.1000.0';
const title = 'stand-in Functions host of the lab';

/** Administrative requests: method, path and what answers; a status alone, or a body as JSON. */
const requests = [
  ['GET', /^\/admin\/host\/status\/?$/, ({ scriptHost, settings }) => ({ body: hostStatus(scriptHost, settings) })],
  [
    'GET',
    /^\/admin\/functions\/?$/,
    context => ({ body: context.scriptHost.listed.map(fn => described(fn, context)) }),
  ],
  ['GET', /^\/admin\/functions\/([^/]+)\/?$/, withFunction((fn, context) => ({ body: described(fn, context) }))],
  ['GET', /^\/admin\/functions\/([^/]+)\/status\/?$/, withFunction(functionStatus)],
  ['POST', /^\/admin\/functions\/([^/]+)\/?$/, withFunction(runByHand)],
];

/** Answers a request below `/admin`: the master key opens it, nothing else does. */
export async function answerAdmin(context) {
  const { request, response, url, keys, scriptHost } = context;
  const given = request.headers['x-functions-key'] ?? url.searchParams.get('code');
  if (!isAllowed(await keys.read(), { level: 'admin', given })) return response.writeHead(401).end();
  if (!url.pathname.startsWith('/admin/host/')) await scriptHost.ready;
  for (const [method, pattern, answer] of requests) {
    const match = method === request.method ? pattern.exec(url.pathname) : null;
    if (match === null) continue;
    const { status = 200, body } = await answer(context, match[1]);
    return response
      .writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
      .end(body && JSON.stringify(body));
  }
  response.writeHead(404).end();
}

function withFunction(answer) {
  return (context, name) => {
    const fn = context.scriptHost.listed.find(
      other => other.name.toLowerCase() === decodeURIComponent(name).toLowerCase(),
    );
    return fn === undefined ? { status: 404 } : answer(fn, context);
  };
}

function hostStatus(scriptHost, { hostId }) {
  const { errors, isReady } = scriptHost;
  const state = errors.length > 0 ? 'Error' : isReady ? 'Running' : 'Starting';
  return {
    id: hostId,
    state,
    version,
    versionDetails: `${version} (${title})`,
    processUptime: Math.round(process.uptime() * 1000),
    errors,
  };
}

function described(fn, { url, scriptHost }) {
  const prefix = scriptHost.host.extensions?.http?.routePrefix ?? 'api';
  const route = [prefix, fn.trigger?.route || fn.name].filter(Boolean).join('/').toLowerCase();
  return {
    name: fn.name,
    href: `${url.origin}/admin/functions/${fn.name}`,
    config: { name: fn.name, language: fn.language, bindings: fn.bindings },
    language: fn.language,
    isDisabled: fn.isDisabled,
    invoke_url_template: isHttpFunction(fn) ? `${url.origin}/${route}` : '',
  };
}

/** A disabled function is listed, but has no status: this host does not run it. */
function functionStatus(fn) {
  if (fn.isDisabled) return { status: 404 };
  return { body: { errors: fn.errors } };
}

/** Runs a function that has no HTTP trigger with the `input` of the request's body as its message. */
async function runByHand(fn, { request, scriptHost }) {
  if (!scriptHost.loaded.includes(fn) || isHttpFunction(fn)) return { status: 404 };
  const text = Buffer.concat(await request.toArray()).toString('utf8');
  const { input = '' } = JSON.parse(text || '{}');
  const string = typeof input === 'string' ? input : JSON.stringify(input);
  // The caller is not kept waiting, and learns of a failure from the log alone.
  scriptHost.invoke(fn, { data: { [fn.trigger.name]: { string } } }).catch(() => undefined);
  return { status: 202 };
}
