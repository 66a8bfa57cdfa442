import { grantAdvice, type RegistryAct, registryRoles } from '../../core/azure/registry-roles.ts';
import { UserError } from '../../errors.ts';

/** Who calls a registry: nobody without a sign-in, else a user or an identity of Azure. */
export type Caller =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'user'; readonly name: string }
  | { readonly kind: 'identity'; readonly clientId: string };

/** What was tried at a registry, for the message of a failure. */
export interface Attempt {
  readonly host: string;
  readonly caller: Caller;
  /** As in `Registry "x" … : read "orders:1"`, `push to "orders"`. */
  readonly doing: string;
  /** Whether the repository gets images: the right to read it alone would not do. */
  readonly pushes?: boolean | undefined;
}

/** An answer of a registry that is not what was asked for. */
export interface Refusal {
  readonly status: number;
  /** Codes and messages of the answer's body, shortened. */
  readonly detail: string;
  /** Milliseconds after which the registry wants to be asked again. */
  readonly retryAfter?: number | undefined;
}

/** A failed request to a registry. */
export class RegistryError extends UserError {
  /** `true` when the same request may succeed a little later. */
  readonly passing: boolean;
  /** Milliseconds to wait before that, when the registry said so. */
  readonly retryAfter: number | undefined;

  constructor(message: string, passing: boolean, retryAfter?: number, options?: ErrorOptions) {
    super(message, options);
    this.passing = passing;
    this.retryAfter = retryAfter;
  }
}

// Base images and images that are only deployed come from registries too.
const whereNamed = 'the host in input "registry", "image" or "base-image"';

type Row = readonly [applies: (refusal: Refusal) => boolean, message: (attempt: Attempt, refusal: Refusal) => string];

const rows: readonly Row[] = [
  // Some registries answer a used-up quota like a missing right.
  [
    ({ status, detail }) =>
      status === 507 || (status >= 400 && /no space left|disk (?:is )?full|quota|DENIED.*size/i.test(detail)),
    ({ host, doing }, { detail }) =>
      `Registry "${host}" has no space left to ${doing}${quoted(detail)}. Delete old images or enlarge its storage.`,
  ],
  [({ status, detail }) => [401, 403, 404, 412].includes(status) && /quarantine/i.test(detail), quarantined],
  [({ status }) => status === 401, refusedUser],
  [({ status }) => status === 403, refusedRight],
  [
    ({ status }) => status === 404,
    ({ host, doing }, { detail }) =>
      `Registry "${host}" does not know what is needed to ${doing}${quoted(detail)}. Check the name, and create the repository or project first where the registry asks for that.`,
  ],
  [
    ({ status, detail }) => status === 405 || /UNSUPPORTED/.test(detail),
    ({ host, doing }, { detail }) =>
      `Registry "${host}" does not allow to ${doing}${quoted(detail)}. Allow it in the registry's own configuration, or delete its images there.`,
  ],
  [
    ({ status }) => status === 413,
    ({ host, doing }) =>
      `Registry "${host}" finds the content too large to ${doing}. Raise the limit of the proxy before it, or make the app smaller.`,
  ],
  [
    ({ status }) => status === 429,
    ({ host, doing }) =>
      `Registry "${host}" refused to ${doing} since too many requests came. Run again later, or sign in for a higher limit.`,
  ],
];

const passingStatuses = [429, 500, 502, 503, 504];

/** The error for an answer, with what to do about it. */
export function refusalError(attempt: Attempt, refusal: Refusal): RegistryError {
  const { status, detail, retryAfter } = refusal;
  const row = rows.find(([applies]) => applies(refusal));
  // A digest that does not fit means that bytes were damaged on their way.
  const passing = status === 429 || (!row && passingStatuses.includes(status)) || /DIGEST_INVALID/.test(detail);
  return new RegistryError(row ? row[1](attempt, refusal) : otherAnswer(attempt, refusal), passing, retryAfter);
}

function otherAnswer({ host, doing }: Attempt, { status, detail }: Refusal): string {
  return `Registry "${host}" answered ${status} when asked to ${doing}${quoted(detail)}. Check that ${whereNamed} is a registry and that it works, then run again.`;
}

function refusedUser(attempt: Attempt): string {
  const { host, caller, doing } = attempt;
  switch (caller.kind) {
    case 'nobody':
      return `Registry "${host}" wants a sign-in to ${doing}. Set inputs "registry-username" and "registry-password"; they are sent to the host of input "registry" alone.`;
    case 'user':
      return `Registry "${host}" refused user "${caller.name}" to ${doing}. Check inputs "registry-username" and "registry-password".`;
    case 'identity':
      return `Registry "${host}" refused the signed-in identity ${caller.clientId} to ${doing}: it has no role there, or the registry belongs to another tenant. ${grantAdvice(actOf(attempt), caller.clientId, host)}`;
  }
}

function refusedRight(attempt: Attempt): string {
  const { host, caller, doing } = attempt;
  const act = actOf(attempt);
  if (caller.kind === 'identity')
    return `The signed-in identity ${caller.clientId} has no right at registry "${host}" to ${doing}. ${grantAdvice(act, caller.clientId, host)}`;
  const who =
    caller.kind === 'user'
      ? `User "${caller.name}" of registry "${host}"`
      : `A caller without sign-in at registry "${host}"`;
  return `${who} has no right to ${doing}. Give it the right, on Azure by the role ${registryRoles[act].plain}.`;
}

function quarantined({ host, doing }: Attempt): string {
  return `Registry "${host}" keeps the image in quarantine, so that it refused to ${doing}. Wait until the scan has released it, or turn the quarantine of the registry off.`;
}

function actOf({ doing, pushes }: Attempt): RegistryAct {
  if (doing.startsWith('delete')) return 'delete';
  return !pushes && /^(read|list)/.test(doing) ? 'pull' : 'push';
}

function quoted(detail: string): string {
  return detail === '' ? '' : ` ("${detail}")`;
}

const certificateAdvice =
  'has a certificate that this machine does not trust. Put its authority into a file and name that in NODE_EXTRA_CA_CERTS, or name another host.';
const lookupAdvice = `was not found. Check ${whereNamed} and the network of this machine.`;

const connectionRows: readonly (readonly [codes: RegExp, message: string])[] = [
  [/ECONNREFUSED/, `refused the connection. Check ${whereNamed} and that the registry runs.`],
  [/ENOTFOUND|EAI_AGAIN|EAI_NONAME/, lookupAdvice],
  [/CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS/, certificateAdvice],
  [
    /EPROTO|ERR_SSL|HPE_INVALID/,
    `does not speak the expected protocol. Check ${whereNamed}, its port too; plain HTTP is for loopback hosts only.`,
  ],
  [
    /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ESILENT/,
    'did not answer in time. Check the network and the firewall between this machine and the registry.',
  ],
];

/** The error for a connection that failed. */
export function connectionError(host: string, doing: string, cause: unknown): RegistryError {
  const code = codeOf(cause);
  const known = connectionRows.find(([codes]) => codes.test(code))?.[1];
  const what =
    known ??
    'broke the connection. Run again; when it stays, look at the log of the registry and of any proxy before it.';
  const passing = /ECONNRESET|EPIPE|ETIMEDOUT|ESILENT/.test(code);
  return new RegistryError(`Registry "${host}", asked to ${doing}, ${what}`, passing, undefined, { cause });
}

/** Code of a system or TLS error, also of the first of several; empty when there is none. */
export function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Codes and messages of a registry's error body, at most 300 characters. */
export function detailOf(body: string): string {
  const found = [...body.matchAll(/"(?:code|message|detail)"\s*:\s*"((?:[^"\\]|\\.)+)"/g)].map(match => match[1]);
  return (found.length > 0 ? found.join(': ') : body.replace(/\s+/g, ' ').trim()).slice(0, 300);
}
