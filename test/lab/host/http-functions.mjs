import { randomUUID } from 'node:crypto';
import { request as proxied } from 'node:http';
import { isAllowed } from './keys.mjs';
import { findRoute, routeTable } from './routes.mjs';
import { bodyOf } from './typed-data.mjs';

/** HTTP functions that the host has loaded, by route. */
export function httpRoutes(scriptHost) {
  const prefix = scriptHost.host.extensions?.http?.routePrefix ?? 'api';
  return routeTable(scriptHost.loaded.filter(isHttpFunction), prefix);
}

/** Whether the function answers HTTP requests. */
export function isHttpFunction(fn) {
  return fn.trigger?.type.toLowerCase() === 'httptrigger';
}

/** Answers `request` with the function of its route: 404 without one, 401 without its key. */
export async function answerFunction({ request, response, url, scriptHost, keys }) {
  const found = findRoute(httpRoutes(scriptHost), request.method, decoded(url.pathname));
  if (found === undefined) return response.writeHead(404).end();
  const given = request.headers['x-functions-key'] ?? url.searchParams.get('code');
  const level = (found.fn.trigger.authLevel ?? 'function').toLowerCase();
  if (!isAllowed(await keys.read(), { level, functionName: found.fn.name, given }))
    return response.writeHead(401).end();
  if (scriptHost.errors.length > 0) return response.writeHead(503).end('The host is not running.');
  const answer = scriptHost.httpUri ? streamed : buffered;
  await answer({ ...found, request, response, url, scriptHost });
}

function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

async function buffered({ fn, params, request, response, url, scriptHost }) {
  const body = Buffer.concat(await request.toArray());
  const http = { ...head(request, url), params, ...(body.length > 0 && { body: { bytes: body.toString('base64') } }) };
  try {
    const values = await scriptHost.invoke(fn, { data: { [fn.trigger.name]: { http } } });
    const output = fn.bindings.find(binding => binding.type.toLowerCase() === 'http');
    write(response, values[output?.name ?? '$return']);
  } catch {
    response.writeHead(500).end();
  }
}

function head(request, url) {
  const headers = Object.entries(request.headers).map(([name, value]) => [name, [value].flat().join(', ')]);
  const query = [...url.searchParams.keys()].map(name => [name, url.searchParams.getAll(name).join(',')]);
  return {
    method: request.method,
    url: url.href,
    headers: Object.fromEntries(headers),
    query: Object.fromEntries(query),
  };
}

function write(response, value) {
  if (value?.http === undefined) {
    const { body, contentType } = bodyOf(value);
    return response.writeHead(body.length > 0 ? 200 : 204, contentType && { 'content-type': contentType }).end(body);
  }
  const { statusCode, headers = {}, cookies = [], setCookie = [], body: data } = value.http;
  const { body, contentType } = bodyOf(data);
  for (const [name, text] of Object.entries(headers)) response.setHeader(name, text);
  if (contentType && !response.hasHeader('content-type')) response.setHeader('content-type', contentType);
  const lines = [...setCookie, ...cookies.map(cookieLine)];
  if (lines.length > 0) response.setHeader('set-cookie', lines);
  response.writeHead(Number(statusCode)).end(body);
}

/** Attributes may be wrapped as `{ value }`, and a moment in time as its seconds. */
function cookieLine(cookie) {
  const { name, value, domain, path, expires, maxAge, secure, httpOnly, sameSite } = Object.fromEntries(
    Object.entries(cookie).map(([key, given]) => [key, given?.value ?? given]),
  );
  const until = expires?.seconds === undefined ? expires : Number(expires.seconds) * 1000;
  const attributes = {
    Domain: domain,
    Path: path,
    Expires: until && new Date(until).toUTCString(),
    'Max-Age': maxAge,
    SameSite: { lax: 'Lax', strict: 'Strict', explicitnone: 'None' }[String(sameSite).toLowerCase()],
  };
  const named = Object.entries(attributes)
    .filter(([, given]) => given !== undefined)
    .map(([key, given]) => `${key}=${given}`);
  return [
    `${name}=${encodeURIComponent(value)}`,
    ...named,
    ...(secure ? ['Secure'] : []),
    ...(httpOnly ? ['HttpOnly'] : []),
  ].join('; ');
}

/** With the library's HTTP streams the worker itself serves HTTP; request and answer pass through. */
async function streamed({ fn, params, request, response, url, scriptHost }) {
  const invocationId = randomUUID();
  const { headers } = head(request, url);
  const values = Object.entries(params).map(([name, text]) => [name, { string: text }]);
  const triggerMetadata = { Headers: { json: JSON.stringify(headers) }, ...Object.fromEntries(values) };
  const data = { [fn.trigger.name]: { http: head(request, url) } };
  const invocation = scriptHost.invoke(fn, { invocationId, data, triggerMetadata });
  const passed = {
    ...request.headers,
    'x-ms-invocation-id': invocationId,
    'x-forwarded-host': url.host,
    'x-forwarded-proto': 'http',
  };
  const onward = proxied(new URL(request.url, scriptHost.httpUri), { method: request.method, headers: passed });
  onward.on('response', answer => answer.pipe(response.writeHead(answer.statusCode, answer.headers)));
  const fail = () => (response.headersSent ? response.destroy() : response.writeHead(500).end());
  onward.on('error', fail);
  request.pipe(onward);
  await invocation.catch(() => {
    onward.destroy();
    fail();
  });
}
