import { mergePatch } from '../../src/core/json-patch.ts';
import { RemoteError } from '../../src/errors.ts';
import type { ResourceAnswer, ResourceCall, ResourceManager } from '../../src/flows/azure-port.ts';

interface Resource {
  readonly id: string;
  readonly name: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly eTag?: string;
}

/** A Resource Manager in memory: it keeps what is put, and knows the rules for role assignments. */
export class FakeResourceManager implements ResourceManager {
  readonly subscriptionId = 'sub';
  readonly resources = new Map<string, Resource>();
  /** Changes in order, e.g. `PUT /subscriptions/…`. */
  readonly changes: string[] = [];
  /** Statuses that calls whose text (`PUT /…`) matches get instead, once for each entry. */
  readonly refusals: { readonly call: RegExp; readonly status: number; readonly code?: string }[] = [];
  onChange: (call: string) => void = () => undefined;
  #version = 0;

  add(id: string, properties: Readonly<Record<string, unknown>>): void {
    this.#version += 1;
    this.resources.set(id.toLowerCase(), {
      id,
      name: id.split('/').at(-1) ?? '',
      properties,
      eTag: String(this.#version),
    });
  }

  has(part: string): boolean {
    return [...this.resources.keys()].some(id => id.includes(part.toLowerCase()));
  }

  async call(call: ResourceCall): Promise<ResourceAnswer> {
    const text = `${call.method} ${call.path}`;
    const refusal = this.#refusalOf(text);
    if (refusal) return this.#answer(call, refusal.status, { error: { code: refusal.code } }, refusal.code);
    if (call.method !== 'GET') {
      this.changes.push(text);
      this.onChange(text);
    }
    const live = this.resources.get(call.path.toLowerCase());
    switch (call.method) {
      case 'GET':
        return live ? this.#answer(call, 200, live) : this.#answer(call, 404, undefined);
      case 'DELETE':
        this.resources.delete(call.path.toLowerCase());
        return this.#answer(call, live ? 200 : 204, live);
      default:
        return this.#put(call, live);
    }
  }

  async list({ path, query }: Omit<ResourceCall, 'method' | 'body' | 'accepts'>): Promise<readonly unknown[]> {
    const refusal = this.#refusalOf(`LIST ${path}`);
    if (refusal) throw new RemoteError(`may not list ${path}`, refusal.status);
    const all = [...this.resources.values()];
    const principal = /assignedTo\('([^']+)'\)/.exec(query?.$filter ?? '')?.[1];
    if (principal !== undefined) {
      const scope = path.split('/providers/Microsoft.Authorization')[0] ?? '';
      return all.filter(({ properties }) => properties.principalId === principal && scope === properties.scope);
    }
    const kind = /\/providers\/(.+)$/.exec(path)?.[1] ?? '';
    return all.filter(({ id }) => id.startsWith(path) || id.endsWith(`${kind}/${id.split('/').at(-1)}`));
  }

  #put(call: ResourceCall, live: Resource | undefined): ResourceAnswer {
    if (call.ifMatch !== undefined && call.ifMatch !== live?.eTag) return this.#answer(call, 412, undefined);
    const scope = /^(.*)\/providers\/Microsoft\.Authorization\//.exec(call.path)?.[1];
    const { properties }: { readonly properties?: Readonly<Record<string, unknown>> } = { ...asObject(call.body) };
    const own = { ...properties, ...(scope === undefined ? {} : { scope }) };
    if (scope !== undefined && !live && this.#isTaken(own))
      return this.#answer(call, 409, undefined, 'RoleAssignmentExists');
    this.add(call.path, asObject(mergePatch(live?.properties ?? {}, own)));
    return this.#answer(call, live ? 200 : 201, this.resources.get(call.path.toLowerCase()));
  }

  #isTaken({ principalId, roleDefinitionId, scope }: Readonly<Record<string, unknown>>): boolean {
    return [...this.resources.values()].some(
      ({ properties }) =>
        properties.principalId === principalId &&
        properties.roleDefinitionId === roleDefinitionId &&
        properties.scope === scope,
    );
  }

  #refusalOf(text: string) {
    const index = this.refusals.findIndex(({ call }) => call.test(text));
    return index < 0 ? undefined : this.refusals.splice(index, 1)[0];
  }

  #answer(call: ResourceCall, status: number, body: unknown, code?: string): ResourceAnswer {
    if (status >= 300 && !call.accepts?.includes(status))
      throw new RemoteError(`Could not ${call.doing}: ${code ?? status}.`, status);
    return { status, body, ...(code ? { code } : {}) };
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
