import { RemoteError } from '../../errors.ts';
import type { ApiAnswer } from './api.ts';

/** Answer of the API server to a request that it did not carry out. */
interface Status {
  readonly message?: string;
  readonly reason?: string;
  readonly details?: {
    readonly causes?: readonly { readonly reason?: string; readonly field?: string; readonly message?: string }[];
  };
}

const signInRefused =
  'The API server refused the credentials in input "kubeconfig" (401 Unauthorized): they are wrong or have expired. Give a kubeconfig with fresh ones.';

/** Error for an answer that is no success; `doing` says what was tried, as "apply Deployment \"orders\"". */
export function errorOf(doing: string, answer: ApiAnswer): RemoteError {
  // The same for whatever was tried, so that it is said once.
  if (answer.status === 401) return new RemoteError(signInRefused, 401);
  const status = parseStatus(answer.body);
  const said = status.message ?? `HTTP ${answer.status}`;
  return new RemoteError(
    `Could not ${doing}: ${said}${/[.!]$/.test(said) ? '' : '.'} ${cureOf(answer.status, status)}`.trim(),
    answer.status,
  );
}

/** The status object of an answer, or an empty one when the body is none. */
function parseStatus(body: string): Status {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

function cureOf(code: number, status: Status): string {
  const conflicts = (status.details?.causes ?? []).filter(cause => cause.reason === 'FieldManagerConflict');
  if (conflicts.length > 0) {
    const owners = conflicts.map(({ field, message }) => `"${field}" (${message})`).join(', ');
    return `Another tool owns ${owners}. Stop it from writing these fields, or leave them out.`;
  }
  // Gatekeeper, a quota and a namespace that ends answer 403 too, where no right would help.
  if (code === 403 && !lacksRight(status.message ?? '')) return '';
  return cures[code] ?? '';
}

/** Whether the request was refused because we lack a right, and not by a policy. */
export function isMissingRight({ status, body }: ApiAnswer): boolean {
  return status === 403 && lacksRight(parseStatus(body).message ?? '');
}

/** Whether the server says that a verb is missing, in the words of its authorisation. */
function lacksRight(message: string): boolean {
  return /cannot \S+ resource/.test(message);
}

const cures: Readonly<Record<number, string>> = {
  403: 'Grant this verb on this resource to the identity of the kubeconfig, by a Role and a RoleBinding in the namespace.',
  404: 'Check that the namespace and the kind exist in this cluster.',
  422: 'Correct the value that the server names.',
  507: "The cluster's store is full. Free space there and run again.",
};
