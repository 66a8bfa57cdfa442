import { createLocalJWKSet, decodeJwt, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { type EntraRefusal, entraTime } from './entra-errors.ts';
import type { FederatedCredential, Principal } from './state.ts';

/** Keys of the issuers that Entra can ask, by the issuer as it stands in the tokens. */
export type Issuers = Map<string, () => Promise<JSONWebKeySet>>;

/** What an assertion is held against. */
export interface AssertionCheck {
  readonly principal: Principal;
  readonly issuers: Issuers;
  /** Milliseconds until a new credential works. */
  readonly trustDelay: number;
}

const help =
  'Check your federated identity credential Subject, Audience and Issuer against the presented assertion. ' +
  'https://learn.microsoft.com/entra/workload-id/workload-identity-federation';

/** Why Entra does not take the token as proof of who the principal is; undefined when it does. */
export async function refusalOf(assertion: string, check: AssertionCheck): Promise<EntraRefusal | undefined> {
  const claims = claimsIn(assertion);
  if (!claims) return { code: 50027, message: 'JWT token is invalid or malformed.' };
  return unmatched(claims, check) ?? (await unverified(assertion, claims, check.issuers));
}

function claimsIn(assertion: string): JWTPayload | undefined {
  try {
    return decodeJwt(assertion);
  } catch {
    return undefined;
  }
}

/** Issuer, then subject, then audience: the first that no credential has is named. */
function unmatched(claims: JWTPayload, { principal, trustDelay }: AssertionCheck): EntraRefusal | undefined {
  const { iss = '', sub = '' } = claims;
  const audiences = [claims.aud ?? []].flat();
  const none = 'No matching federated identity record found for presented assertion';
  const ofIssuer = principal.federated.filter(({ issuer }) => issuer === iss);
  if (ofIssuer.length === 0) return { code: 700211, message: `${none} issuer '${iss}'. ${help}` };
  const ofSubject = ofIssuer.filter(({ subject }) => subject === sub);
  if (ofSubject.length === 0) return wrongSubject(ofIssuer, sub, none);
  const ofAudience = ofSubject.filter(credential => credential.audiences.some(each => audiences.includes(each)));
  if (ofAudience.length === 0) return { code: 700212, message: `${none} audience '${audiences.join(',')}'. ${help}` };
  if (ofAudience.some(({ createdAt }) => createdAt + trustDelay <= Date.now())) return undefined;
  const presented = `Assertion Issuer: '${iss}'. Assertion Subject: '${sub}'. Assertion Audience: '${audiences}'.`;
  return { code: 70021, message: `${none}. ${presented} ${help}` };
}

function wrongSubject(candidates: readonly FederatedCredential[], sub: string, none: string): EntraRefusal {
  if (!candidates.some(({ subject }) => subject.toLowerCase() === sub.toLowerCase()))
    return { code: 700213, message: `${none} subject '${sub}'. ${help}` };
  const why = 'The subject matches with case-insensitive comparison, but not with case-sensitive comparison.';
  return { code: 7002138, message: `${none} subject '${sub}'. ${why} ${help}` };
}

async function unverified(
  assertion: string,
  { iss = '', nbf = 0, exp = 0 }: JWTPayload,
  issuers: Issuers,
): Promise<EntraRefusal | undefined> {
  const keys = issuers.get(iss);
  if (!keys) return { code: 50166, message: 'Request to External OIDC endpoint failed.' };
  try {
    await jwtVerify(assertion, createLocalJWKSet(await keys()));
    return undefined;
  } catch (error) {
    const isTime = error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed;
    if (!isTime) return { code: 700027, message: 'Client assertion failed signature validation.' };
    const times = [Date.now(), nbf * 1000, exp * 1000].map(entraTime);
    const [now, from, until] = times;
    const range = `Current time: ${now}, assertion valid from ${from}, expiry time of assertion ${until}.`;
    return { code: 700024, message: `Client assertion is not within its valid time range. ${range}` };
  }
}
