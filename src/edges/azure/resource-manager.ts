import { resourceFault } from '../../core/azure/resource-failure.ts';
import { isRecord } from '../../core/json.ts';
import { RemoteError, UserError } from '../../errors.ts';
import type { AzureIdentity, ResourceAnswer, ResourceCall, ResourceManager } from '../../flows/azure-port.ts';
import type { Clock } from '../../flows/clock.ts';
import type { ContainerServiceContext } from './arm-client.ts';
import { Kept } from './kept.ts';
import { codeOf, noAnswerError } from './no-answer.ts';
import { Operation } from './operation.ts';
import { askedPause, Wire } from './wire.ts';

const retries = 3;
/** Pages of a list that are read; one has up to a thousand entries. */
const mostPages = 100;

/** What a Resource Manager is asked with. */
export interface ResourceManagerOptions {
  readonly identity: AzureIdentity;
  readonly subscriptionId: string;
  readonly clock: Clock;
  /** Of the run; it ends the requests. */
  readonly signal: AbortSignal;
  /** Milliseconds for one attempt. */
  readonly deadline: number;
}

/** An answer as it came. */
export interface RawAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** One request to an address of the Resource Manager. */
export interface RawCall {
  readonly method: ResourceCall['method'];
  /** Path with its query, or an address that the Resource Manager gave. */
  readonly address: string;
  readonly body?: unknown;
  readonly ifMatch?: string;
  readonly doing: string;
  readonly signal: AbortSignal;
}

/** The Resource Manager of an environment, asked as an identity. */
export class AzureResourceManager implements ResourceManager {
  readonly subscriptionId: string;
  readonly #options: ResourceManagerOptions;
  readonly #context: Kept<ContainerServiceContext>;

  constructor(options: ResourceManagerOptions) {
    this.#options = options;
    this.subscriptionId = options.subscriptionId;
    this.#context = new Kept(
      () => contextOf(options),
      () => true,
    );
  }

  async call(call: ResourceCall): Promise<ResourceAnswer> {
    const raw = await this.#send({ ...call, address: addressOf(call) });
    const isAccepted = isSuccess(raw.status) || (call.accepts ?? []).includes(raw.status);
    if (!isAccepted) throw this.#errorOf(call.doing, raw);
    const operation = Operation.of(raw, call.method);
    const { status, body } = operation ? await this.#follow(operation, call) : raw;
    const { code } = errorIn(body);
    return { status, body, ...(code === undefined ? {} : { code }) };
  }

  async list(call: Omit<ResourceCall, 'method' | 'body' | 'accepts'>): Promise<readonly unknown[]> {
    const entries: unknown[] = [];
    let address: string | undefined = addressOf(call);
    for (let page = 0; address !== undefined && page < mostPages; page += 1) {
      const raw: RawAnswer = await this.#send({ ...call, method: 'GET', address });
      if (raw.status !== 200 || !isRecord(raw.body) || !Array.isArray(raw.body.value))
        throw this.#errorOf(call.doing, raw);
      entries.push(...raw.body.value);
      const { nextLink } = raw.body;
      address = typeof nextLink === 'string' && nextLink !== '' ? nextLink : undefined;
    }
    return entries;
  }

  async #follow(operation: Operation, call: ResourceCall): Promise<RawAnswer> {
    const { clock } = this.#options;
    for (let step = operation.next; step; step = operation.next) {
      await clock.pause(step.pause, call.signal);
      const raw = await this.#send({ method: 'GET', address: step.address, doing: call.doing, signal: call.signal });
      if (!isSuccess(raw.status)) throw this.#errorOf(call.doing, raw);
      operation.take(raw);
    }
    const { failure, result } = operation;
    if (failure) throw this.#errorOf(call.doing, { ...failure, headers: {} });
    if (result) return result;
    // A change ends with the thing as it is now.
    return this.#send({ method: 'GET', address: addressOf(call), doing: call.doing, signal: call.signal });
  }

  async #send({ method, address, body, ifMatch, doing, signal }: RawCall): Promise<RawAnswer> {
    const { resourceManager } = this.#options.identity.environment;
    const url = new URL(address.startsWith('/') ? `${resourceManager}${address}` : address);
    if (url.origin !== new URL(resourceManager).origin)
      throw new UserError(
        `Could not ${doing}: the Resource Manager pointed to "${url.host}", which is not trusted with its tokens. Check the input "azure-environment".`,
      );
    const path = (await this.#context.get()).pathUnchecked(url.href);
    const verbs = { GET: path.get, PUT: path.put, PATCH: path.patch, POST: path.post, DELETE: path.delete };
    const content = {
      ...(body === undefined ? {} : { body, contentType: 'application/json' }),
      ...(ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } }),
    };
    try {
      const answer = await verbs[method]({ ...content, abortSignal: signal });
      return { status: Number(answer.status), body: answer.body, headers: answer.headers };
    } catch (cause) {
      signal.throwIfAborted();
      this.#options.signal.throwIfAborted();
      if (cause instanceof UserError) throw cause;
      throw noAnswerError(`Could not ${doing}: "${url.host}"`, codeOf(cause), cause);
    }
  }

  #errorOf(doing: string, { status, body, headers }: RawAnswer): RemoteError {
    const host = new URL(this.#options.identity.environment.resourceManager).host;
    const call = { doing, host, status, ...errorIn(body), retryAfter: headers[askedPause] ?? headers['retry-after'] };
    return new RemoteError(resourceFault(call), status);
  }
}

async function contextOf({ identity, subscriptionId, signal, deadline }: ResourceManagerOptions) {
  const { createContainerService } = await import('./arm-client.ts');
  const { resourceManager, scopes } = identity.environment;
  const credential = {
    getToken: async () => {
      const { token, expires } = await identity.token(scopes.resourceManager, signal);
      return { token: token.reveal(), expiresOnTimestamp: expires };
    },
  };
  return createContainerService(credential, subscriptionId, {
    endpoint: resourceManager,
    credentials: { scopes: [scopes.resourceManager] },
    retryOptions: { maxRetries: retries },
    userAgentOptions: { userAgentPrefix: 'aks-functions' },
    additionalPolicies: [{ policy: new Wire({ signal, deadline }).policy, position: 'perRetry' }],
  });
}

function addressOf({ path, apiVersion, query }: Pick<ResourceCall, 'path' | 'apiVersion' | 'query'>): string {
  return `${path}?${new URLSearchParams({ 'api-version': apiVersion, ...query })}`;
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** Code and message, which AKS gives without the `error` around at times. */
function errorIn(body: unknown): { readonly code: string | undefined; readonly message: string | undefined } {
  const error = isRecord(body) && isRecord(body.error) ? body.error : body;
  if (!isRecord(error) || typeof error.code !== 'string') return { code: undefined, message: undefined };
  return { code: error.code, message: typeof error.message === 'string' ? error.message : undefined };
}
