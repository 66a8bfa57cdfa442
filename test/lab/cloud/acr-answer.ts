import type { Scope } from './acr-rights.ts';
import { answerJson, type CloudExchange } from './exchange.ts';
import type { ContainerRegistry } from './state.ts';

/** Refuses a request in the form of the distribution API. */
export function refuse(
  exchange: CloudExchange,
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): true {
  return answerJson(exchange, status, { errors: [{ code, message }] }, headers);
}

/** Refuses a sign-in. */
export function unauthorized(exchange: CloudExchange): true {
  const message = 'authentication required, visit https://aka.ms/acr/authorization for more information.';
  return refuse(exchange, 401, 'UNAUTHORIZED', message);
}

/** Asks for a token with the scope; `insufficient` tells that there was one, but with too little. */
export function challenge(
  exchange: CloudExchange,
  { loginServer }: ContainerRegistry,
  scope: Scope | undefined,
  insufficient: boolean,
): true {
  const parts = [
    `realm="https://${exchange.url.host}/oauth2/token"`,
    `service="${loginServer}"`,
    ...(scope ? [`scope="${scope.type}:${scope.name}:${scope.actions.join(',')}"`] : []),
    ...(insufficient ? ['error="insufficient_scope"'] : []),
  ];
  const message = 'authentication required, visit https://aka.ms/acr/authorization for more information.';
  return refuse(exchange, 401, 'UNAUTHORIZED', message, {
    'www-authenticate': `Bearer ${parts.join(',')}`,
    'docker-distribution-api-version': 'registry/2.0',
  });
}
