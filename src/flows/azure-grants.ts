import {
  type ClusterFeature,
  type CredentialGrant,
  commandOf,
  credentialNameOf,
  describeRemedy,
  type Grant,
  nameOfPath,
  pathOfGrant,
  type RoleGrant,
} from '../core/doctor/remedies.ts';
import { isRecord } from '../core/json.ts';
import { RemoteError, UserError } from '../errors.ts';
import { apiVersions } from './azure-lists.ts';
import type { ResourceManager } from './azure-port.ts';
import type { Clock } from './clock.ts';

/** Whether it was made now, had been made before under our name, or is somebody else's. */
export type Granted = 'made' | 'there' | 'foreign';

/** What granting needs. */
export interface GrantPorts {
  readonly manager: ResourceManager;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Moment of the clock at which waiting ends. */
  readonly until: number;
}

/** Milliseconds between two attempts while somebody else changes the same resource. */
const pauseBetween = 5_000;

/** Gives a role to a principal; one that is there already is as good. */
export async function giveRole(grant: RoleGrant, { manager, signal }: GrantPorts): Promise<Granted> {
  const subscription = `/subscriptions/${grant.scope.split('/')[2]}`;
  const answer = await manager.call({
    method: 'PUT',
    path: pathOfGrant(grant),
    apiVersion: apiVersions.roleAssignments,
    body: {
      properties: {
        roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${grant.role.id}`,
        principalId: grant.principalId,
        // Spares the look into the directory, which does not know a fresh identity yet.
        principalType: 'ServicePrincipal',
        description: 'Made by aks-functions doctor',
      },
    },
    accepts: [409],
    doing: `give the ${describeRemedy(grant)}`,
    signal,
  });
  if (answer.status === 409) {
    if (answer.code === 'RoleAssignmentExists') return 'foreign';
    throw conflictOf(grant, answer.code);
  }
  return answer.status === 201 ? 'made' : 'there';
}

/** Lets an identity trust a service account; writes at one identity at a time, which Azure demands. */
export async function giveCredential(grant: CredentialGrant, ports: GrantPorts): Promise<Granted> {
  const { issuer, subject, audience } = grant;
  const answer = await afterOthers(ports, grant, () =>
    ports.manager.call({
      method: 'PUT',
      path: pathOfGrant(grant),
      apiVersion: apiVersions.identities,
      body: { properties: { issuer, subject, audiences: [audience] } },
      accepts: [409],
      doing: `make the federated credential "${credentialNameOf(grant)}" of "${nameOfPath(grant.identity)}"`,
      signal: ports.signal,
    }),
  );
  return answer.status === 201 ? 'made' : 'there';
}

/** Takes back a role or a credential; `false` when it was gone. */
export async function takeBack(grant: RoleGrant | CredentialGrant, ports: GrantPorts): Promise<boolean> {
  const isRole = grant.kind === 'role-assignment';
  const answer = await afterOthers(ports, grant, () =>
    ports.manager.call({
      method: 'DELETE',
      path: pathOfGrant(grant),
      apiVersion: isRole ? apiVersions.roleAssignments : apiVersions.identities,
      accepts: [404, 409],
      doing: `take back the ${describeRemedy(grant)}`,
      signal: ports.signal,
    }),
  );
  return answer.status === 200 || answer.status === 202;
}

/** Turns features of a cluster on or off, all in one change; `foreign` when somebody else has done so. */
export async function switchFeatures(
  cluster: string,
  features: readonly ClusterFeature[],
  on: boolean,
  ports: GrantPorts,
): Promise<Granted> {
  for (;;) {
    const read = await ports.manager.call({ ...clusterCall(cluster, ports), method: 'GET' });
    const body = isRecord(read.body) ? read.body : {};
    const properties = fieldsAt(body, 'properties');
    const open = features.filter(feature => isOn(properties, feature) !== on);
    const isChanging = !['Succeeded', 'Failed', 'Canceled'].includes(
      String(properties.provisioningState ?? 'Succeeded'),
    );
    if (open.length === 0 && !isChanging) return 'foreign';
    if (!isChanging) {
      const answer = await ports.manager.call({
        ...clusterCall(cluster, ports),
        method: 'PUT',
        body: withFeatures(body, open, on),
        ...(typeof body.eTag === 'string' ? { ifMatch: body.eTag } : {}),
        accepts: [409, 412],
        doing: `change the cluster "${nameOfPath(cluster)}"`,
      });
      if (answer.status < 300) return 'made';
    }
    if (ports.clock.now() >= ports.until)
      throw new UserError(
        `The cluster "${nameOfPath(cluster)}" is being changed by somebody else. Run again when that has ended, or raise the input "timeout".`,
      );
    await ports.clock.pause(pauseBetween, ports.signal);
  }
}

function clusterCall(path: string, { signal }: GrantPorts) {
  return { path, apiVersion: apiVersions.managedClusters, doing: `read the cluster "${nameOfPath(path)}"`, signal };
}

type Fields = Readonly<Record<string, unknown>>;

/** Where each feature is switched, as a path in the cluster's properties. */
const switches: Readonly<Record<ClusterFeature, readonly string[]>> = {
  keda: ['workloadAutoScalerProfile', 'keda', 'enabled'],
  'oidc-issuer': ['oidcIssuerProfile', 'enabled'],
  'workload-identity': ['securityProfile', 'workloadIdentity', 'enabled'],
};

function isOn(properties: Fields, feature: ClusterFeature): boolean {
  const path = switches[feature];
  const parent = path.slice(0, -1).reduce<Fields>((value, key) => fieldsAt(value, key), properties);
  return parent[path.at(-1) ?? ''] === true;
}

/** The cluster as it was read, with nothing but these switches changed: what a PUT leaves out, Azure may reset. */
function withFeatures(body: Fields, features: readonly ClusterFeature[], on: boolean): Fields {
  const properties = features.reduce<Fields>(
    (value, feature) => withValue(value, switches[feature], on),
    fieldsAt(body, 'properties'),
  );
  return { ...body, properties };
}

function withValue(value: Fields, [key = '', ...rest]: readonly string[], on: boolean): Fields {
  return { ...value, [key]: rest.length === 0 ? on : withValue(fieldsAt(value, key), rest, on) };
}

function fieldsAt(value: Fields, key: string): Fields {
  const found = value[key];
  return isRecord(found) ? found : {};
}

/** The answer once nobody else changes the same resource. */
async function afterOthers(
  { clock, until, signal }: GrantPorts,
  grant: Grant,
  call: () => ReturnType<ResourceManager['call']>,
): ReturnType<ResourceManager['call']> {
  for (;;) {
    const answer = await call();
    if (answer.status !== 409) return answer;
    if (clock.now() >= until) throw conflictOf(grant, answer.code);
    await clock.pause(pauseBetween, signal);
  }
}

function conflictOf(grant: Grant, code: string | undefined): UserError {
  return new RemoteError(
    `Azure refused the ${describeRemedy(grant)} since something else is there or in progress (${code ?? 'Conflict'}). Run again, or do it by hand: ${commandOf(grant)}`,
    409,
  );
}
