// Values between host and worker have one key that names their type, as in the host's own protocol:
// string, json, bytes, int, double or http. In the lines of the channel bytes are Base64.

/** The value as the official library wants it: bytes as a buffer. */
export function fromWire(data) {
  if (data?.bytes !== undefined) return { bytes: Buffer.from(data.bytes, 'base64') };
  if (data?.http !== undefined) return { http: { ...data.http, body: fromWire(data.http.body) } };
  return data;
}

/** The value as it travels: bytes as Base64. */
export function toWire(data) {
  if (data?.bytes !== undefined) return { bytes: Buffer.from(data.bytes).toString('base64') };
  if (data?.http !== undefined) return { http: { ...data.http, body: toWire(data.http.body) } };
  return data ?? undefined;
}

/** Any value of an app, with the type that fits it. */
export function typed(value) {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return { string: value };
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') };
  return { json: JSON.stringify(value) };
}

/** Bytes of a value that travelled, and the content type that goes with it when the app names none. */
export function bodyOf(data) {
  if (data?.bytes !== undefined) return { body: Buffer.from(data.bytes, 'base64') };
  if (data?.json !== undefined) return { body: Buffer.from(data.json), contentType: 'application/json; charset=utf-8' };
  const text = data?.string ?? data?.int ?? data?.double;
  if (text === undefined) return { body: Buffer.alloc(0) };
  return { body: Buffer.from(String(text)), contentType: 'text/plain; charset=utf-8' };
}
