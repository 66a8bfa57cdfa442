import {
  isPerhapsTooEarly,
  parseRefusal,
  parseRefusalBody,
  type Refusal,
  type SignInAttempt,
  signInFault,
} from '../../core/azure/sign-in-failure.ts';
import { parseJson } from '../../core/json.ts';
import { UserError } from '../../errors.ts';
import { noAnswerError } from './no-answer.ts';
import type { Outcome } from './wire.ts';

/** A sign-in that failed, as Azure's library and the last request tell it. */
export interface FailedSignIn {
  readonly attempt: SignInAttempt;
  readonly thrown: unknown;
  readonly last: Outcome | undefined;
}

/** What Entra said, or undefined when it was not reached or did not say. */
export function refusalOf({ thrown, last }: FailedSignIn): Refusal | undefined {
  // The library wraps what Entra said; the last request may be one for another scope, which ran beside.
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  const said = cause instanceof Error ? parseRefusal(cause.message) : undefined;
  if (said || last?.kind !== 'answer' || last.status < 400) return said;
  return parseRefusalBody(parseJson(last.body));
}

/** Whether Entra may accept the same in some seconds. */
export function mayPass(failed: FailedSignIn): boolean {
  const refusal = refusalOf(failed);
  return refusal !== undefined && isPerhapsTooEarly(refusal);
}

/** The error with cause and cure. */
export function signInError(failed: FailedSignIn): UserError {
  const { attempt, thrown, last } = failed;
  if (thrown instanceof UserError) return thrown;
  if (attempt.auth === 'azure-cli') return commandError(thrown);
  if (attempt.auth === 'managed-identity') return machineError(attempt, thrown);
  const host = URL.parse(attempt.authority)?.host ?? attempt.authority;
  if (last?.kind === 'broken') return noAnswerError(`"${host}"`, last.code, thrown);
  if (last && (last.status === 429 || last.status >= 500)) return busyError(host, last, thrown);
  const refusal = refusalOf(failed);
  if (refusal) return new UserError(signInFault(attempt, refusal), { cause: thrown });
  return new UserError(
    `"${host}" did not answer the sign-in as Entra does${last ? ` (status ${last.status})` : ''}. Check the input "azure-environment", and any proxy between this machine and Azure.`,
    { cause: thrown },
  );
}

function busyError(host: string, { status, retryAfter }: Outcome & { kind: 'answer' }, cause: unknown): UserError {
  const pause = retryAfter === undefined ? '' : `, and asks to wait ${retryAfter} s`;
  return new UserError(
    status === 429
      ? `"${host}" has had too many sign-ins (429)${pause}. Run again later, with fewer jobs at once.`
      : `"${host}" answered every attempt to sign in with status ${status}${pause}. Run again later, and look at https://azure.status.microsoft.`,
    { cause },
  );
}

function commandError(thrown: unknown): UserError {
  const text = messageOf(thrown);
  if (/could not be found/.test(text))
    return new UserError('"az" is not installed, which "auth: azure-cli" needs. Install it, or use "auth: oidc".', {
      cause: thrown,
    });
  if (/az login/.test(text))
    return new UserError('"az" is not signed in, or its sign-in has expired. Run "az login", or use "auth: oidc".', {
      cause: thrown,
    });
  return new UserError(
    `"az" gave no token: ${firstLine(text)}. Run "az account get-access-token" by hand, and correct its sign-in.`,
    {
      cause: thrown,
    },
  );
}

function machineError({ clientId }: SignInAttempt, thrown: unknown): UserError {
  const which = clientId ? `the managed identity "${clientId}"` : 'a managed identity';
  return new UserError(
    `This machine got no token of ${which}: ${firstLine(messageOf(thrown))}. Assign the identity to the machine, correct the input "client-id", or use "auth: oidc" on a runner outside Azure.`,
    { cause: thrown },
  );
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function firstLine(text: string): string {
  // The library puts what was said among fields that are mostly empty.
  const said = /- Description: (.+?) - (?:Correlation|Trace) ID:/.exec(text)?.[1] ?? text;
  const line = said.replace(/^\w+Credential: (?:Authentication failed\. Message )?/, '').split('\n')[0] ?? '';
  return line.replace(/\.$/, '').slice(0, 300);
}
