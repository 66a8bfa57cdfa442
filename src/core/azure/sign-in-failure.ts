import { isRecord } from '../json.ts';
import type { AssertionClaims } from './claims.ts';
import type { SignIn } from './sign-in.ts';

/** Who tried to sign in, and with what. */
export interface SignInAttempt {
  readonly auth: SignIn['auth'];
  readonly clientId: string | undefined;
  readonly tenantId: string | undefined;
  readonly authority: string;
  /** Claims of the token that was sent; only with `oidc`. */
  readonly assertion?: AssertionClaims | undefined;
}

/** What Entra answered instead of a token. */
export interface Refusal {
  /** Number after `AADSTS`; undefined where it gave none. */
  readonly code: number | undefined;
  /** Its own words, without identifiers of the request. */
  readonly text: string;
  readonly traceId: string | undefined;
}

/** What Entra says in the text of an error; undefined for a text that is not one of its errors. */
export function parseRefusal(description: string): Refusal | undefined {
  const code = /\bAADSTS(\d+)/.exec(description)?.[1];
  if (code === undefined) return undefined;
  const text = description
    .slice(description.indexOf('AADSTS'))
    .replace(/\s*(?:Trace ID|Correlation ID|Timestamp):[\s\S]*$/, '')
    .replace(/\s+/g, ' ')
    .trim();
  return { code: Number(code), text, traceId: /Trace ID:\s*([\w-]+)/.exec(description)?.[1] };
}

/** What Entra says in the body of an error; undefined for a body that is none. */
export function parseRefusalBody(body: unknown): Refusal | undefined {
  if (!isRecord(body) || typeof body.error !== 'string') return undefined;
  const description = typeof body.error_description === 'string' ? body.error_description : '';
  return (
    parseRefusal(description) ?? { code: undefined, text: `${body.error} ${description}`.trim(), traceId: undefined }
  );
}

/** Whether a federated credential that was just created may be the reason: Entra needs some seconds to know it everywhere. */
export function isPerhapsTooEarly({ code }: Refusal): boolean {
  return code === 70021 || code === 700213;
}

interface Row {
  readonly what: (attempt: SignInAttempt) => string;
  readonly cure: (attempt: SignInAttempt) => string;
  /** Whether a federated credential for what the token says would help, so that its claims and commands are shown. */
  readonly federated?: true;
}

const noCredential: Row = {
  what: attempt =>
    `${identityOf(attempt)} has no federated credential for subject "${attempt.assertion?.subject ?? ''}"`,
  cure: () => 'Add one by the command above, or run from a branch or an environment that has one.',
  federated: true,
};

const noTenant: Row = {
  what: ({ tenantId, authority }) => `"${authority}" knows no tenant "${tenantId}"`,
  cure: () => 'Correct the inputs "tenant-id" and "azure-environment".',
};

const rows: Readonly<Record<number, Row>> = {
  70021: noCredential,
  700213: noCredential,
  7002138: {
    what: attempt =>
      `${identityOf(attempt)} has a federated credential whose subject differs from "${attempt.assertion?.subject ?? ''}" in upper and lower case alone`,
    cure: () => 'Delete that credential, and add one by the command above.',
    federated: true,
  },
  700211: {
    what: attempt =>
      `${identityOf(attempt)} has no federated credential for issuer "${attempt.assertion?.issuer ?? ''}"`,
    cure: () => 'Add one by the command above.',
    federated: true,
  },
  700212: {
    what: attempt =>
      `${identityOf(attempt)} has no federated credential for audience "${attempt.assertion?.audience ?? ''}"`,
    cure: () =>
      'Add one by the command above, or correct the input "azure-environment", which the audience depends on.',
    federated: true,
  },
  700024: {
    what: () => "the job's OIDC token had expired when it arrived, or was not valid yet",
    cure: () => "Run again; when it stays, set this machine's clock.",
  },
  700027: {
    what: attempt => `it cannot verify the signature of issuer "${attempt.assertion?.issuer ?? ''}"`,
    cure: () => 'Check that Entra can reach the issuer, which it cannot where GitHub Enterprise Server is not public.',
  },
  700016: {
    what: ({ clientId, tenantId }) => `tenant "${tenantId}" has no identity "${clientId}"`,
    cure: () => 'Correct the inputs "client-id" and "tenant-id"; the client id is not the object id.',
  },
  90002: noTenant,
  900023: noTenant,
  7000215: {
    what: attempt => `the client secret of ${identityOf(attempt)} is wrong`,
    cure: () =>
      'Give the value of the secret, not its id, in the input "client-secret"; better, use "auth: oidc", which needs none.',
  },
  7000222: {
    what: attempt => `the client secret of ${identityOf(attempt)} has expired`,
    cure: () => 'Create a new one; better, use "auth: oidc", which needs none.',
  },
  7000112: {
    what: attempt => `${identityOf(attempt)} is disabled`,
    cure: () => 'Enable it in Entra, or use another one.',
  },
  7000229: {
    what: ({ clientId, tenantId }) => `the application "${clientId}" has no service principal in tenant "${tenantId}"`,
    cure: ({ clientId }) => `Create it by "az ad sp create --id ${clientId}".`,
  },
  500011: {
    what: ({ tenantId }) => `tenant "${tenantId}" does not have the service that the token was for`,
    cure: () => 'Check the inputs "tenant-id" and "azure-environment", and that the cluster signs in by this tenant.',
  },
  53003: {
    what: attempt => `a Conditional Access policy blocks ${identityOf(attempt)} here`,
    cure: () => 'Ask the owner of the policy to exclude this identity, or use a runner at an allowed address.',
  },
};

/** Codes that have advice of their own. */
export const knownCodes: readonly number[] = Object.keys(rows).map(Number);

/** What failed and what to do in its first line; then the claims of the token and the exact commands where these help. */
export function signInFault(attempt: SignInAttempt, refusal: Refusal): string {
  const { code, text, traceId } = refusal;
  const row = code === undefined ? undefined : rows[code];
  const trace = traceId === undefined ? '' : `, trace id ${traceId}`;
  if (!row)
    return `Azure refused the sign-in of ${identityOf(attempt)}: ${withoutStop(text)} (${codeText(code)}${trace}). Look the code up at https://login.microsoftonline.com/error, correct the identity and run again.`;
  const first = `Azure refused the sign-in (${codeText(code)}${trace}): ${row.what(attempt)}. ${row.cure(attempt)}`;
  return row.federated && attempt.assertion ? [first, ...federationHelp(attempt, attempt.assertion)].join('\n') : first;
}

function federationHelp({ clientId = '' }: SignInAttempt, claims: AssertionClaims): readonly string[] {
  const { issuer, subject, audience, jobWorkflowRef } = claims;
  return [
    `The job's token has the subject "${subject}", the issuer "${issuer}" and the audience "${audience}".`,
    ...(jobWorkflowRef ? [`It is of the workflow "${jobWorkflowRef}".`] : []),
    ...(/^repo:[^/:]+@\d+\//.test(subject)
      ? [
          'Its subject has the ids of owner and repository, the form of repositories made since July 2026: a credential for the names alone does not fit.',
        ]
      : []),
    'For a managed identity:',
    `  ${identityCommand(clientId, claims)}`,
    'For an app registration:',
    `  ${applicationCommand(clientId, claims)}`,
  ];
}

/** Command that gives a managed identity the credential for exactly this token; it finds the identity's name by itself. */
export function identityCommand(clientId: string, { issuer, subject, audience }: AssertionClaims): string {
  const find = (field: string) => `"$(az identity list --query "[?clientId=='${clientId}'].${field}" --output tsv)"`;
  return [
    `az identity federated-credential create --name ${credentialNameOf(subject)}`,
    `--identity-name ${find('name')} --resource-group ${find('resourceGroup')}`,
    `--issuer ${quoted(issuer)} --subject ${quoted(subject)} --audiences ${quoted(audience)}`,
  ].join(' ');
}

function applicationCommand(clientId: string, { issuer, subject, audience }: AssertionClaims): string {
  const parameters = JSON.stringify({ name: credentialNameOf(subject), issuer, subject, audiences: [audience] });
  return `az ad app federated-credential create --id ${clientId} --parameters ${quoted(parameters)}`;
}

/** 3 to 120 letters, digits, `-` and `_`: what Azure allows. */
function credentialNameOf(subject: string): string {
  return `github-${subject.replace(/^repo:/, '').replace(/[^A-Za-z0-9]+/g, '-')}`.slice(0, 120).replace(/-+$/, '');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function identityOf({ auth, clientId }: SignInAttempt): string {
  if (clientId) return `identity "${clientId}"`;
  return auth === 'azure-cli' ? 'the identity that "az" is signed in as' : 'the managed identity of this machine';
}

function codeText(code: number | undefined): string {
  return code === undefined ? 'no code' : `AADSTS${code}`;
}

function withoutStop(text: string): string {
  return text.replace(/^AADSTS\d+:\s*/, '').replace(/\.$/, '');
}
