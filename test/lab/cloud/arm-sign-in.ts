import { ArmRefusal } from './arm-answer.ts';
import type { Principal, Subscription } from './state.ts';
import { samePath } from './state.ts';
import type { EntraTokens } from './tokens.ts';

/** Whom tokens for the Resource Manager may be for. */
export const armAudiences = ['https://management.core.windows.net', 'https://management.azure.com'];

/** Whose token the request has; refuses it in the service's words. The emulated service goes by its address as well. */
export async function callerOf(token: string | undefined, tokens: EntraTokens, address: string): Promise<Principal> {
  if (!token)
    throw unauthorized('AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing.");
  const verdict = await tokens.check(token, [...armAudiences, address]);
  if (verdict.kind === 'valid') return verdict.principal;
  if (verdict.kind === 'expired')
    throw unauthorized(
      'ExpiredAuthenticationToken',
      'The access token expiry UTC time is earlier than current UTC time.',
    );
  if (verdict.kind === 'invalid') throw unauthorized('InvalidAuthenticationToken', 'The access token is invalid.');
  const allowed = armAudiences.flatMap(audience => [`'${audience}/'`, `'${audience}'`]).join(',');
  throw unauthorized(
    'InvalidAuthenticationTokenAudience',
    `The access token has been obtained for wrong audience or resource '${verdict.audience}'. It should exactly match with one of the allowed audiences ${allowed}.`,
  );
}

/** Refuses a caller from another tenant than the subscription's. */
export function checkTenant(caller: Principal, { tenantId }: Subscription): void {
  if (samePath(caller.tenantId, tenantId)) return;
  const issuer = (tenant: string) => `'https://sts.windows.net/${tenant}/'`;
  throw unauthorized(
    'InvalidAuthenticationTokenTenant',
    `The access token is from the wrong issuer ${issuer(caller.tenantId)}. It must match the tenant ${issuer(tenantId)} associated with this subscription. Please use the authority (URL) 'https://login.windows.net/${tenantId}' to get the token. Note, if the subscription is transferred to another tenant there is no impact to the services, but information about new tenant could take time to propagate (up to an hour). If you just transferred your subscription and see this error message, please try back later.`,
  );
}

function unauthorized(code: string, message: string): ArmRefusal {
  const challenge = `Bearer authorization_uri="https://login.windows.net/", error="invalid_token", error_description="${message}"`;
  return new ArmRefusal(401, code, message, { headers: { 'www-authenticate': challenge } });
}

/** The refusal of somebody whose roles do not allow it. */
export function notAuthorized({ clientId, objectId }: Principal, action: string, scope: string): ArmRefusal {
  return new ArmRefusal(
    403,
    'AuthorizationFailed',
    `The client '${clientId}' with object id '${objectId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
}
