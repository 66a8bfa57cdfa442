import { createHash, type Hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { UserError } from '../../errors.ts';
import type { Credentials, ImageRegistry, StoredBlob, StoredManifest } from '../../flows/ports.ts';
import { blobCall, locationOf, manifestCall, uploadCall } from './calls.ts';
import { connectionError } from './failure.ts';
import { repeated } from './retry.ts';
import { type RegistryOptions, RegistrySession } from './session.ts';
import { nextPageOf, parseTags } from './tags.ts';
import { readBody } from './transport.ts';

const uploadAttempts = 3;

/** A client of one registry; dispose of it to close its connections. */
export class Registry implements ImageRegistry, Disposable {
  readonly #session: RegistrySession;
  readonly #pause: RegistryOptions['pause'];

  constructor(options: RegistryOptions) {
    this.#pause = options.pause;
    this.#session = new RegistrySession(options);
  }

  begin(): Promise<void> {
    return this.#session.begin();
  }

  credentials(signal: AbortSignal): Promise<Credentials | undefined> {
    return this.#session.credentials(signal);
  }

  async findDigest(repository: string, name: string, signal: AbortSignal): Promise<string | undefined> {
    const call = { ...manifestCall(repository, name, signal), method: 'HEAD', accepts: [200, 404] } as const;
    const answer = await this.#session.call(call);
    answer.resume();
    if (answer.statusCode === 404) return undefined;
    const digest = answer.headers['docker-content-digest'];
    return typeof digest === 'string' ? digest : (await this.fetchManifest(repository, name, signal)).digest;
  }

  async fetchManifest(repository: string, name: string, signal: AbortSignal): Promise<StoredManifest> {
    const answer = await this.#session.call(manifestCall(repository, name, signal));
    const content = await this.#read(answer, `read "${repository}"`, signal);
    const digest = digestOf(content);
    if (name.startsWith('sha256:') && digest !== name) throw this.#damaged(repository, name, digest);
    return { digest, mediaType: answer.headers['content-type'] ?? '', content };
  }

  async fetchBlob(repository: string, digest: string, signal: AbortSignal): Promise<Uint8Array> {
    const answer = await this.#session.call(blobCall(repository, digest, signal));
    const content = await this.#read(answer, `read "${repository}"`, signal);
    const found = digestOf(content);
    if (found !== digest) throw this.#damaged(repository, digest, found);
    return content;
  }

  async *streamBlob(repository: string, digest: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const answer = await this.#session.call(blobCall(repository, digest, signal));
    try {
      yield* answer;
    } catch (error) {
      signal.throwIfAborted();
      throw connectionError(this.#session.host, `read "${repository}@${digest}"`, error);
    }
  }

  async hasBlob(repository: string, digest: string, signal: AbortSignal): Promise<boolean> {
    const answer = await this.#session.call({
      ...blobCall(repository, digest, signal),
      method: 'HEAD',
      accepts: [200, 404],
    });
    answer.resume();
    return answer.statusCode === 200;
  }

  async mountBlob(repository: string, digest: string, from: string, signal: AbortSignal): Promise<boolean> {
    const query = `?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`;
    const call = { ...uploadCall(repository, signal), accepts: [201, 202], alsoPull: from };
    const answer = await this.#session.call({ ...call, path: `${call.path}${query}` });
    answer.resume();
    return answer.statusCode === 201;
  }

  uploadBlob(repository: string, open: () => AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StoredBlob> {
    return repeated(() => this.#upload(repository, open(), signal), {
      attempts: uploadAttempts,
      signal,
      pause: this.#pause,
    });
  }

  /** Begins an upload and leaves it, which registries forget by themselves: to give it up takes the right to delete. */
  async tryPush(repository: string, signal: AbortSignal): Promise<void> {
    (await this.#session.call(uploadCall(repository, signal))).resume();
  }

  async putManifest(repository: string, name: string, manifest: StoredManifest, signal: AbortSignal): Promise<void> {
    const { mediaType, content, digest } = manifest;
    const answer = await this.#session.call({
      ...manifestCall(repository, name, signal),
      method: 'PUT',
      doing: `push to "${repository}"`,
      headers: { 'content-type': mediaType },
      body: content,
      accepts: [201, 202],
    });
    answer.resume();
    const stored = answer.headers['docker-content-digest'];
    if (stored !== undefined && stored !== digest) throw this.#damaged(repository, digest, String(stored));
  }

  async listTags(repository: string, signal: AbortSignal): Promise<readonly string[]> {
    const tags: string[] = [];
    let next: string | undefined = `/v2/${repository}/tags/list?n=1000`;
    while (next !== undefined) {
      const call = {
        ...manifestCall(repository, 'tags', signal),
        path: next,
        doing: `list the tags of "${repository}"`,
      };
      const answer = await this.#session.call({ ...call, accepts: [200, 404] });
      const body = await this.#read(answer, call.doing, signal);
      if (answer.statusCode === 404) return tags;
      tags.push(...parseTags(body.toString('utf8')));
      next = nextPageOf(answer.headers.link);
    }
    return tags;
  }

  async deleteManifest(repository: string, name: string, signal: AbortSignal): Promise<boolean> {
    const call = {
      ...manifestCall(repository, name, signal),
      method: 'DELETE',
      accepts: [200, 202, 204, 404],
    } as const;
    const answer = await this.#session.call({ ...call, doing: `delete "${repository}@${name}"` });
    answer.resume();
    return answer.statusCode !== 404;
  }

  [Symbol.dispose](): void {
    this.#session[Symbol.dispose]();
  }

  async #upload(repository: string, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StoredBlob> {
    const started = await this.#session.call(uploadCall(repository, signal));
    started.resume();
    const sent: Sent = { hash: createHash('sha256'), size: 0 };
    const answer = await this.#session
      .call({
        ...uploadCall(repository, signal),
        method: 'PATCH',
        path: locationOf(started),
        body: measured(body, sent),
        headers: { 'content-type': 'application/octet-stream' },
      })
      .catch(error => Promise.reject(sent.failure ?? error));
    answer.resume();
    const digest = `sha256:${sent.hash.digest('hex')}`;
    await this.#commit(repository, locationOf(answer), digest, signal);
    return { digest, size: sent.size };
  }

  async #commit(repository: string, location: string, digest: string, signal: AbortSignal): Promise<void> {
    const path = `${location}${location.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`;
    const answer = await this.#session.call({
      ...uploadCall(repository, signal),
      method: 'PUT',
      path,
      body: Buffer.alloc(0),
      accepts: [201, 202, 204],
    });
    answer.resume();
  }

  async #read(answer: IncomingMessage, doing: string, signal: AbortSignal): Promise<Buffer> {
    try {
      return await readBody(answer);
    } catch (error) {
      signal.throwIfAborted();
      throw connectionError(this.#session.host, doing, error);
    }
  }

  #damaged(repository: string, wanted: string, found: string): UserError {
    return new UserError(
      `Registry "${this.#session.host}" holds other content in "${repository}" than "${wanted}" says, namely "${found}". Push that image again.`,
    );
  }
}

interface Sent {
  readonly hash: Hash;
  size: number;
  /** Why the content itself could not be read, which is no failure of the registry. */
  failure?: unknown;
}

async function* measured(body: AsyncIterable<Uint8Array>, sent: Sent): AsyncIterable<Uint8Array> {
  try {
    for await (const piece of body) {
      sent.hash.update(piece);
      sent.size += piece.length;
      yield piece;
    }
  } catch (error) {
    sent.failure = error;
    throw error;
  }
}

function digestOf(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
