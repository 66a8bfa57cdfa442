import { format } from 'node:util';
import { fromWire } from './typed-data.mjs';

/** What a `function.json` handler gets: its context, its inputs, and a promise of the `context.done` it may call. */
export function classicContext({ invocationId, data, triggerMetadata, definition, log }) {
  const { name, directory, bindings } = definition;
  const { promise: finished, resolve, reject } = Promise.withResolvers();
  const values = Object.entries(data).map(([key, value]) => [
    key,
    value.http ? classicRequest(value.http) : plain(value),
  ]);
  const context = {
    invocationId,
    executionContext: { invocationId, functionName: name, functionDirectory: directory },
    bindings: Object.fromEntries(values),
    bindingData: { invocationId, ...bindingData(triggerMetadata) },
    bindingDefinitions: bindings.map(({ name: key, type, direction }) => ({ name: key, type, direction })),
    log: logger(name, log),
    done: (error, result) => (error ? reject(error) : resolve(result)),
  };
  const request = values.find(([key]) => data[key].http)?.[1];
  if (request) Object.assign(context, { req: request, res: classicResponse(resolve) });
  return { context, inputs: values.map(([, value]) => value), finished };
}

function plain(data) {
  if (data.string !== undefined) return parsedOr(data.string, data.string);
  if (data.json !== undefined) return JSON.parse(data.json);
  return fromWire(data).bytes ?? data.int ?? data.double;
}

function parsedOr(text, otherwise) {
  try {
    return JSON.parse(text);
  } catch {
    return otherwise;
  }
}

function bindingData(metadata) {
  const entries = Object.entries(metadata).map(([key, value]) => [key[0].toLowerCase() + key.slice(1), plain(value)]);
  return Object.fromEntries(entries);
}

function classicRequest({ method, url, headers, query, params, body }) {
  const bytes = Buffer.from(body?.bytes ?? '', 'base64');
  const text = bytes.toString('utf8');
  const type = headers['content-type'] ?? '';
  const value = /octet-stream|multipart/.test(type) ? bytes : /json/.test(type) ? parsedOr(text, text) : text;
  const get = key => headers[key.toLowerCase()];
  return {
    method,
    url,
    originalUrl: url,
    headers,
    query,
    params,
    get,
    rawBody: text,
    body: bytes.length > 0 ? value : undefined,
  };
}

function classicResponse(resolve) {
  const response = { headers: {}, cookies: [] };
  const end = body => {
    if (body !== undefined) response.body = body;
    resolve();
    return response;
  };
  const set = (key, value) => {
    response.headers[key.toLowerCase()] = value;
    return response;
  };
  const status = code => {
    response.status = code;
    return response;
  };
  const methods = {
    set,
    setHeader: set,
    header: set,
    status,
    end,
    send: end,
    get: key => response.headers[key.toLowerCase()],
    type: value => set('content-type', value),
    json: body => end(body),
    sendStatus: code => end(status(code).body),
  };
  return Object.assign(response, methods);
}

function logger(name, log) {
  const at =
    level =>
    (...args) =>
      log(level, `${name}: ${format(...args)}`);
  return Object.assign(at('information'), {
    error: at('error'),
    warn: at('warning'),
    info: at('information'),
    verbose: at('debug'),
    metric: () => undefined,
  });
}
