import { isRecord, parseJson } from '../json.ts';

/** What a job's OIDC token says of it; read without a check, which is Entra's. */
export interface AssertionClaims {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  /** Reusable workflow that the job is from, with its ref. */
  readonly jobWorkflowRef: string | undefined;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** Whom an access token speaks for; empty texts where it does not say. */
export interface TokenClaims {
  readonly objectId: string;
  readonly clientId: string;
  readonly tenantId: string;
}

/** Claims of GitHub's OIDC token; undefined for a text that is no such token. */
export function assertionClaimsOf(jwt: string): AssertionClaims | undefined {
  const claims = payloadOf(jwt);
  if (!claims || typeof claims.sub !== 'string' || typeof claims.exp !== 'number') return undefined;
  return {
    issuer: textOf(claims.iss),
    subject: claims.sub,
    audience: textOf(claims.aud),
    jobWorkflowRef: textOf(claims.job_workflow_ref) || undefined,
    expires: claims.exp * 1000,
  };
}

/** Claims of Entra's access token, of its first or second version; undefined for an opaque one. */
export function tokenClaimsOf(jwt: string): TokenClaims | undefined {
  const claims = payloadOf(jwt);
  if (!claims) return undefined;
  return {
    objectId: textOf(claims.oid),
    clientId: textOf(claims.appid) || textOf(claims.azp),
    tenantId: textOf(claims.tid),
  };
}

function payloadOf(jwt: string): Readonly<Record<string, unknown>> | undefined {
  const [, payload, signature] = jwt.split('.');
  if (payload === undefined || signature === undefined) return undefined;
  const parsed = parseJson(Buffer.from(payload, 'base64url').toString('utf8'));
  return isRecord(parsed) ? parsed : undefined;
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(String).join(', ');
  return typeof value === 'string' ? value : '';
}
