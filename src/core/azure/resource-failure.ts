/** A request to the Resource Manager that was not carried out. */
export interface FailedCall {
  /** As in `read cluster "shop"`; goes on from "could not". */
  readonly doing: string;
  readonly host: string;
  readonly status: number;
  /** The error's code and message; absent for a body that is no error of the Resource Manager. */
  readonly code: string | undefined;
  readonly message: string | undefined;
  /** Seconds, or a date. */
  readonly retryAfter?: string | undefined;
}

type Row = readonly [applies: (call: FailedCall) => boolean, text: (call: FailedCall) => string];

const rows: readonly Row[] = [
  [({ code }) => code === 'AuthorizationFailed' || code === 'LinkedAuthorizationFailed', missingRight],
  [
    ({ code }) => code === 'InvalidAuthenticationTokenTenant',
    call =>
      `${could(call)}: the subscription belongs to another tenant than the one signed in to. Correct the inputs "tenant-id" and "subscription-id".`,
  ],
  [
    ({ status }) => status === 401,
    call =>
      `${could(call)}: "${call.host}" refused the token (${call.code ?? 401}). Check the inputs "tenant-id" and "azure-environment", and this machine's clock.`,
  ],
  [
    ({ code }) => code === 'SubscriptionNotFound' || code === 'InvalidSubscriptionId',
    call =>
      `${could(call)}: the identity sees no such subscription. Correct the input "subscription-id", or give the identity a role in that subscription.`,
  ],
  [
    ({ status }) => status === 403,
    call => `${could(call)}: ${said(call)}. Ask an administrator of the subscription, whose policy or lock forbids it.`,
  ],
  [
    ({ status }) => status === 429,
    ({ retryAfter, ...call }) =>
      `${could(call)}: "${call.host}" has had too many requests of this identity (429)${retryAfter ? `, and asks to wait ${retryAfter} s` : ''}. Run again later, with fewer jobs at once.`,
  ],
  [
    ({ status }) => status >= 500,
    call =>
      `${could(call)}: "${call.host}" answered every attempt with status ${call.status}${call.code ? ` (${call.code})` : ''}. Run again later, and look at https://azure.status.microsoft.`,
  ],
  [({ status }) => status === 404, call => `${could(call)}: ${said(call)}. Check the names.`],
];

/** What failed and what to do. */
export function resourceFault(call: FailedCall): string {
  const row = rows.find(([applies]) => applies(call));
  return row ? row[1](call) : `${could(call)}: ${said(call)} (status ${call.status}). Correct it, and run again.`;
}

/** A role that allows an action; the first row that fits counts. */
const roles: readonly (readonly [action: RegExp, role: string])[] = [
  [/managedClusters\/(?:read|listClusterUserCredential\/action)$/i, 'Azure Kubernetes Service Cluster User Role'],
  [/managedClusters\/listClusterAdminCredential\/action$/i, 'Azure Kubernetes Service Cluster Admin Role'],
  [/Microsoft\.ContainerService\/.*write$/i, 'Azure Kubernetes Service Contributor Role'],
  [/roleAssignments\/(?:write|delete)$/i, 'Role Based Access Control Administrator'],
  [/federatedIdentityCredentials\/(?:write|delete)$/i, 'Managed Identity Contributor'],
  [/\/read$/i, 'Reader'],
];

/** The name of a built-in role that allows an action, the least one we know; undefined where we know none. */
export function roleFor(action: string): string | undefined {
  return roles.find(([actions]) => actions.test(action))?.[1];
}

function missingRight(call: FailedCall): string {
  const { message = '' } = call;
  const objectId = /object id '([^']+)'/.exec(message)?.[1];
  const action = /perform action '([^']+)'/.exec(message)?.[1];
  const scope = /over scope '([^']+)'/.exec(message)?.[1];
  if (!objectId || !action || !scope) return `${could(call)}: ${said(call)}. Give the identity a role that allows it.`;
  const role = roleFor(action);
  const grantee = `--assignee-object-id ${objectId} --assignee-principal-type ServicePrincipal`;
  const cure = role
    ? `Grant it by "az role assignment create ${grantee} --role '${role}' --scope ${scope}"; it counts after up to 5 minutes.`
    : `Give it a role with this action at "${scope}"; it counts after up to 5 minutes.`;
  return `${could(call)}: the identity with object id ${objectId} lacks the right "${action}". ${cure}`;
}

function could({ doing }: FailedCall): string {
  return `Could not ${doing}`;
}

function said({ code, message, status }: FailedCall): string {
  if (message === undefined) return `the Resource Manager answered ${status}`;
  const [text = ''] = message.replace(/\.? For more details please go to \S+$/, '').split('\n');
  return `"${text.replace(/\.$/, '').slice(0, 400)}"${code ? ` (${code})` : ''}`;
}
