import { StartupFailure } from './definitions.ts';
import { isMap, textOf, type Value } from './values.ts';

export type Access = 'none' | 'read' | 'write';
export type Permissions = Readonly<Record<string, Access>>;

const scopes = [
  'actions',
  'artifact-metadata',
  'attestations',
  'checks',
  'contents',
  'deployments',
  'discussions',
  'id-token',
  'issues',
  'models',
  'packages',
  'pages',
  'pull-requests',
  'security-events',
  'statuses',
] as const;
const rank: Readonly<Record<Access, number>> = { none: 0, read: 1, write: 2 };

/** The token of a workflow that says nothing, in a repository with the restricted default. */
export const restrictedDefault: Permissions = { contents: 'read', packages: 'read' };

/** What `permissions` grants; undefined when it is not there. A mapping takes away everything that it does not name. */
export function parsePermissions(value: Value | undefined): Permissions | undefined {
  if (value === undefined || value === null) return undefined;
  if (isMap(value))
    return Object.fromEntries(Object.entries(value).map(([name, access]) => [name, accessOf(textOf(access))]));
  const all = textOf(value) === 'write-all' ? 'write' : 'read';
  return Object.fromEntries(scopes.map(name => [name, name === 'id-token' && all === 'read' ? 'none' : all]));
}

function accessOf(text: string): Access {
  return text === 'read' || text === 'write' ? text : 'none';
}

/** What of `granted` a token from a fork's pull request keeps: to read, and no identity. */
export function forkPermissions(granted: Permissions): Permissions {
  return Object.fromEntries(
    Object.entries(granted).map(([name, access]) => [name, name === 'id-token' || access === 'none' ? 'none' : 'read']),
  );
}

/** Throws StartupFailure when a called workflow's job wants more than its caller has. */
export function assertWithin(wanted: Permissions, granted: Permissions, job: string): void {
  const more = Object.entries(wanted).filter(([name, access]) => rank[access] > rank[granted[name] ?? 'none']);
  if (more.length === 0) return;
  const list = more.map(([name, access]) => `'${name}: ${access}'`).join(', ');
  throw new StartupFailure(
    `The nested job '${job}' is requesting ${list}, but is only allowed ${more.map(([name]) => `'${name}: ${granted[name] ?? 'none'}'`).join(', ')}.`,
  );
}
