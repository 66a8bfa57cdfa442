import { createHmac } from 'node:crypto';

const version = '2024-08-04';
// The emulator's account and key are published by its maker; they protect nothing.
const emulator = {
  AccountName: 'devstoreaccount1',
  AccountKey: 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
  QueueEndpoint: 'http://127.0.0.1:10001/devstoreaccount1',
};

/** Address of the queue service and what signs requests to it; throws when the text is no connection string. */
export function parseConnection(text) {
  const parts = Object.fromEntries(
    text
      .split(';')
      .filter(Boolean)
      .map(part => splitAt(part, part.indexOf('='))),
  );
  const known = parts.UseDevelopmentStorage === 'true' ? emulator : parts;
  const {
    AccountName: account,
    AccountKey: key,
    SharedAccessSignature: signature,
    EndpointSuffix = 'core.windows.net',
  } = known;
  const endpoint =
    known.QueueEndpoint ??
    (account && `${known.DefaultEndpointsProtocol ?? 'https'}://${account}.queue.${EndpointSuffix}`);
  if (!endpoint || !(key && account) === !signature) throw new Error('The value is not a storage connection string.');
  return { endpoint: endpoint.replace(/\/+$/, ''), account, key, signature };
}

function splitAt(text, index) {
  return [text.slice(0, index), text.slice(index + 1)];
}

/** One queue over the REST interface of the storage service. Each method throws an Error with `status` when refused. */
export class QueueClient {
  #connection;
  name;

  /** By a connection string, or by the address of the service and the identity that signs in to it. */
  constructor(connection, name) {
    this.#connection = typeof connection === 'string' ? parseConnection(connection) : connection;
    this.name = name;
  }

  /** Whether the queue is there. */
  async exists() {
    return (await this.#send('GET', '', { comp: 'metadata' }, { accepted: [404] })).status !== 404;
  }

  async create() {
    await this.#send('PUT', '', {}, { accepted: [409] });
  }

  /** Up to 32 messages, hidden from others for so many seconds; none when the queue is missing. */
  async receive({ count, hiddenFor, signal }) {
    const query = { numofmessages: String(count), visibilitytimeout: String(hiddenFor) };
    const { status, text } = await this.#send('GET', '/messages', query, { accepted: [404], signal });
    return status === 404
      ? []
      : [...text.matchAll(/<QueueMessage>(.*?)<\/QueueMessage>/gs)].map(([, xml]) => messageOf(xml));
  }

  async put(text) {
    const body = `<QueueMessage><MessageText>${escaped(text)}</MessageText></QueueMessage>`;
    await this.#send('POST', '/messages', {}, { body });
  }

  async delete({ id, popReceipt }) {
    await this.#send('DELETE', `/messages/${id}`, { popreceipt: popReceipt }, { accepted: [404] });
  }

  /** Hides the message for so many seconds from now; gives its new receipt. */
  async hide({ id, popReceipt }, seconds) {
    const query = { popreceipt: popReceipt, visibilitytimeout: String(seconds) };
    const { headers } = await this.#send('PUT', `/messages/${id}`, query, {});
    return headers.get('x-ms-popreceipt') ?? popReceipt;
  }

  async #send(method, path, query, { body = '', accepted = [], signal }) {
    const { endpoint, signature, identity } = this.#connection;
    const url = new URL(`${endpoint}/${this.name}${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const headers = { 'x-ms-date': new Date().toUTCString(), 'x-ms-version': version };
    if (body) headers['content-type'] = 'application/xml';
    if (identity) headers.authorization = `Bearer ${await identity.token()}`;
    else if (!signature) headers.authorization = this.#authorization(method, url, headers, body);
    else for (const [name, value] of new URLSearchParams(signature)) url.searchParams.set(name, value);
    const limit = AbortSignal.timeout(30_000);
    const request = { method, headers, signal: signal ? AbortSignal.any([signal, limit]) : limit };
    const response = await fetch(url, body ? { ...request, body } : request);
    const text = await response.text();
    if (!response.ok && !accepted.includes(response.status)) throw refusal(response, text, this.name);
    return { status: response.status, headers: response.headers, text };
  }

  /** Shared Key: the method, eleven standard headers, our own headers and the resource, one a line. */
  #authorization(method, url, headers, body) {
    const { account, key } = this.#connection;
    const length = body ? String(Buffer.byteLength(body)) : '';
    const standard = ['', '', length, '', headers['content-type'] ?? '', '', '', '', '', '', ''];
    const own = ['x-ms-date', 'x-ms-version'].map(name => `${name}:${headers[name]}`);
    const query = [...url.searchParams].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}:${value}`);
    const resource = [`/${account}${url.pathname}`, ...query];
    const text = [method, ...standard, ...own, ...resource].join('\n');
    return `SharedKey ${account}:${createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64')}`;
  }
}

function refusal(response, text, queue) {
  const reason =
    response.headers.get('x-ms-error-code') ?? /<Code>(.*?)<\/Code>/.exec(text)?.[1] ?? response.statusText;
  return Object.assign(new Error(`The storage account answered ${response.status} (${reason}) for queue "${queue}".`), {
    status: response.status,
  });
}

function messageOf(xml) {
  const field = name => unescaped(new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(xml)?.[1] ?? '');
  return {
    id: field('MessageId'),
    popReceipt: field('PopReceipt'),
    text: field('MessageText'),
    dequeueCount: Number(field('DequeueCount')),
    inserted: new Date(field('InsertionTime')),
    expires: new Date(field('ExpirationTime')),
    nextVisible: new Date(field('TimeNextVisible')),
  };
}

const entities = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text) {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name) return entities[name] ?? whole;
    return String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal));
  });
}

function escaped(text) {
  return text.replace(/[&<>]/g, sign => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign]);
}
