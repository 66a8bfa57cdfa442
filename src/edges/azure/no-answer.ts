import { UserError } from '../../errors.ts';

/** The error of a service that gave no usable answer; `who` begins it, `code` is the system's or the sender's word for why. */
export function noAnswerError(who: string, code: string, cause: unknown): UserError {
  return new UserError(`${who} ${adviceFor(code)}`, { cause });
}

/** What is wrong and what to do, to go on from the name of a service. */
function adviceFor(code: string): string {
  return (
    rows.find(([codes]) => codes.test(code))?.[1] ??
    `gave no answer (${code}). Run again; when it stays, look at the network and any proxy of this machine.`
  );
}

const rows: readonly (readonly [codes: RegExp, advice: string])[] = [
  [
    /ALTNAME/,
    'has a certificate for another name. Check the input "azure-environment", and any proxy between this machine and Azure.',
  ],
  [
    /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS/,
    'has a certificate that this machine does not trust. Put its authority into a file and name that in NODE_EXTRA_CA_CERTS.',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|EAI_NONAME/,
    'was not found. Check the input "azure-environment" and the network of this machine.',
  ],
  [/ECONNREFUSED/, 'refused the connection. Check the input "azure-environment" and any proxy of this machine.'],
  [
    /none within|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|AbortError|TimeoutError|REQUEST_ABORTED/i,
    'did not answer in time. Check the network and the firewall of this machine, and run again.',
  ],
  [
    /PARSE_ERROR/,
    'answered with something else than JSON. Check the input "azure-environment", and any proxy between this machine and Azure.',
  ],
  [
    /ECONNRESET|EPIPE|EPROTO|HPE_/,
    'broke the connection. Run again; when it stays, look at any proxy between this machine and Azure.',
  ],
];

/** Code of a system or TLS error, also of the cause of one; its name where it has none. */
export function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return codeOf(error.cause);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
