import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

/** The Secret or ConfigMap with the keys, through the API server, as the pod's service account. */
export class KubernetesObject {
  #place;

  constructor(place) {
    this.#place = place;
  }

  /** Content and resource version; undefined when there is no such object. */
  async get() {
    const { status, body } = await this.#send('GET', `/${this.#place.name}`, { accepted: [404] });
    return status === 404 ? undefined : { data: this.#decoded(body), version: body.metadata.resourceVersion };
  }

  /** Adds entries to the object as it was at `version`; false when it has changed since. */
  async add(entries, version) {
    const body = { metadata: { resourceVersion: version }, data: this.#encoded(entries) };
    const { status } = await this.#send('PATCH', `/${this.#place.name}`, {
      body,
      type: 'application/merge-patch+json',
      accepted: [409],
    });
    return status !== 409;
  }

  /** Makes the object; false when it was made meanwhile. */
  async create(entries) {
    const kind = this.#place.resource === 'secrets' ? 'Secret' : 'ConfigMap';
    const body = { apiVersion: 'v1', kind, metadata: { name: this.#place.name }, data: this.#encoded(entries) };
    return (await this.#send('POST', '', { body, type: 'application/json', accepted: [409] })).status !== 409;
  }

  /** Calls `changed` with the content now and at each change, until the server ends the watch; pauses after failures. */
  async watch(changed) {
    try {
      const query = `?watch=true&timeoutSeconds=300&fieldSelector=metadata.name%3D${this.#place.name}`;
      const response = await this.#open('GET', query, {});
      if (response.statusCode !== 200) throw new Error(String(response.statusCode));
      for await (const line of createInterface({ input: response })) {
        const { type, object } = JSON.parse(line);
        if (type === 'ADDED' || type === 'MODIFIED') changed(this.#decoded(object));
      }
    } catch {
      // A watch ends when connections do; the next one starts with the state of then.
      await pause(5000, undefined, { ref: false });
    }
  }

  #decoded({ data = {} }) {
    const plain = value => (this.#place.resource === 'secrets' ? Buffer.from(value, 'base64').toString('utf8') : value);
    return new Map(Object.entries(data).map(([name, value]) => [name, plain(value)]));
  }

  #encoded(entries) {
    const coded = value => (this.#place.resource === 'secrets' ? Buffer.from(value).toString('base64') : value);
    return Object.fromEntries([...entries].map(([name, value]) => [name, coded(value)]));
  }

  async #send(method, path, { body, type, accepted }) {
    const response = await this.#open(method, path, { body, type, timeout: 10_000 });
    const text = Buffer.concat(await response.toArray()).toString('utf8');
    const ok = response.statusCode < 300 || accepted.includes(response.statusCode);
    if (!ok)
      throw new Error(
        `The API server answered ${response.statusCode} for ${method} ${this.#place.resource} "${this.#place.name}".`,
      );
    return { status: response.statusCode, body: JSON.parse(text || '{}') };
  }

  /** Token and authority are read each time: the kubelet renews the token while the pod runs. */
  async #open(method, path, { body, type, timeout }) {
    const { account, server, resource } = this.#place;
    const [token, ca, namespace] = await Promise.all(
      ['token', 'ca.crt', 'namespace'].map(file => readFile(join(account, file), 'utf8')),
    );
    const url = new URL(`/api/v1/namespaces/${namespace.trim()}/${resource}${path}`, server);
    const headers = { authorization: `Bearer ${token.trim()}`, ...(type && { 'content-type': type }) };
    const { promise, resolve, reject } = Promise.withResolvers();
    const sent = request(url, { method, headers, ca, ...(timeout && { signal: AbortSignal.timeout(timeout) }) });
    sent
      .on('response', resolve)
      .on('error', reject)
      .end(body && JSON.stringify(body));
    return promise;
  }
}
