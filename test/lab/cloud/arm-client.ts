import { type ContainerServiceContext, createContainerService } from '@azure/arm-containerservice/api';
import type { Cloud } from './cloud.ts';
import type { Principal } from './state.ts';

const audience = 'https://management.azure.com/';

/** The official client of a principal, without its sign-in: tokens come straight from the emulated Entra. */
export function armClient(cloud: Cloud, principal: Principal): ContainerServiceContext {
  const credential = {
    getToken: async () => {
      const { token, expires } = await cloud.tokens.issue(principal, audience, 3600);
      return { token, expiresOnTimestamp: expires * 1000 };
    },
  };
  return createContainerService(credential, cloud.home.subscriptionId, {
    endpoint: cloud.address,
    retryOptions: { maxRetries: 0 },
  });
}

export interface ArmResponse {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ArmRequest {
  readonly method: 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE';
  readonly path: string;
  readonly apiVersion: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One call through the official client, whatever the status. */
export async function callArm(client: ContainerServiceContext, request: ArmRequest): Promise<ArmResponse> {
  const { method, path, apiVersion, query = {}, body, headers = {} } = request;
  const search = new URLSearchParams({ 'api-version': apiVersion, ...query });
  const target = client.pathUnchecked(`${path}?${search}`);
  const options = { headers, ...(body === undefined ? {} : { body, contentType: 'application/json' }) };
  const verbs = { GET: target.get, PUT: target.put, PATCH: target.patch, POST: target.post, DELETE: target.delete };
  const answer = await verbs[method](options);
  return { status: Number(answer.status), body: answer.body, headers: answer.headers };
}
