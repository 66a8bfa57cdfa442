import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { type ArmAnswer, ArmRefusal, resourceNotFound } from './arm-answer.ts';
import { listAnswer } from './arm-lists.ts';
import type { Operations } from './arm-operations.ts';
import { type ArmCall, type ArmRoute, inGroup, inSubscription } from './arm-routes.ts';
import { changeCluster, kinds } from './resources.ts';
import { type ManagedCluster, samePath } from './state.ts';

/** Template of a cluster's path. */
export const clusterPath = `${inGroup}/providers/${kinds.cluster}/{name}`;

/** The cluster that the path names. */
export function clusterOf({ state, params, scope }: ArmCall): ManagedCluster {
  const cluster = state.clusters.find(({ id }) => samePath(id, scope));
  if (!cluster) throw resourceNotFound(kinds.cluster, params.name ?? '', params.group ?? '');
  return cluster;
}

/** The properties of a cluster that this cloud looks at itself. */
export const clusterProperties = v.looseObject({
  provisioningState: v.optional(v.string(), 'Succeeded'),
  powerState: v.optional(v.looseObject({ code: v.string() }), { code: 'Running' }),
  fqdn: v.optional(v.string(), ''),
  privateFQDN: v.optional(v.string()),
  disableLocalAccounts: v.optional(v.boolean(), false),
  aadProfile: v.optional(v.looseObject({ tenantID: v.optional(v.string()) })),
  apiServerAccessProfile: v.optional(
    v.looseObject({
      enablePrivateCluster: v.optional(v.boolean(), false),
      disableRunCommand: v.optional(v.boolean(), false),
    }),
    {},
  ),
  oidcIssuerProfile: v.optional(v.looseObject({ enabled: v.optional(v.boolean(), false) }), {}),
  securityProfile: v.optional(
    v.looseObject({ workloadIdentity: v.optional(v.looseObject({ enabled: v.optional(v.boolean(), false) }), {}) }),
    {},
  ),
});

const clusterBody = v.looseObject({
  location: v.string(),
  tags: v.optional(v.record(v.string(), v.string()), {}),
  properties: v.looseObject({ ...clusterProperties.entries, agentPoolProfiles: v.optional(v.array(v.unknown())) }),
});

/** What only the service sets: it stays whatever a request says. */
const readOnly = ['provisioningState', 'powerState', 'fqdn', 'privateFQDN', 'currentKubernetesVersion'];

/** Reading and changing clusters. */
export function clusterRoutes(operations: Operations): readonly ArmRoute[] {
  const read = `${kinds.cluster}/read`;
  const list = (call: ArmCall, inside: (cluster: ManagedCluster) => boolean) =>
    listAnswer(call, read, call.state.clusters.filter(inside), shown);
  return [
    {
      method: 'GET',
      scope: clusterPath,
      action: read,
      handle: call => ({ status: 200, body: shown(clusterOf(call)) }),
    },
    { method: 'PUT', scope: clusterPath, action: `${kinds.cluster}/write`, handle: call => put(call, operations) },
    { method: 'PATCH', scope: clusterPath, action: `${kinds.cluster}/write`, handle: patchTags },
    {
      ...{ method: 'GET', scope: inSubscription, rest: `/providers/${kinds.cluster}`, action: read, check: 'entries' },
      handle: call => list(call, one => samePath(one.subscriptionId, call.params.subscription ?? '')),
    },
    {
      ...{ method: 'GET', scope: inGroup, rest: `/providers/${kinds.cluster}`, action: read, check: 'entries' },
      handle: call => list(call, one => one.id.toLowerCase().startsWith(`${call.scope.toLowerCase()}/`)),
    },
  ];
}

function shown({ id, name, body }: ManagedCluster): unknown {
  return { id, name, type: kinds.cluster, ...body };
}

/** Replaces what the cluster is to be: fields that the body lacks are lost. */
async function put(call: ArmCall, operations: Operations): Promise<ArmAnswer> {
  const cluster = clusterOf(call);
  const parsed = v.safeParse(clusterBody, await call.json());
  if (!parsed.success)
    throw new ArmRefusal(
      400,
      'InvalidRequestContent',
      `The request content was invalid: ${v.summarize(parsed.issues)}`,
    );
  const wanted = parsed.output;
  checkUpdate(call, cluster, wanted);
  const { oidcIssuerProfile } = wanted.properties;
  const kept = Object.fromEntries(readOnly.map(name => [name, cluster.body.properties[name]]));
  const issuer = oidcIssuerProfile.enabled ? { issuerURL: cluster.issuer } : {};
  const properties = { ...wanted.properties, ...kept, oidcIssuerProfile: { ...oidcIssuerProfile, ...issuer } };
  cluster.body = { ...cluster.body, ...wanted, eTag: randomUUID(), properties };
  changeCluster(cluster, { provisioningState: 'Updating' });
  const path = operations.begin(cluster.subscriptionId, wanted.location, call.state.updateTime, () =>
    changeCluster(cluster, { provisioningState: 'Succeeded' }),
  );
  const headers = { 'azure-asyncoperation': `${call.origin}${path}?api-version=${call.apiVersion}` };
  return { status: 200, body: shown(cluster), headers };
}

function checkUpdate(call: ArmCall, cluster: ManagedCluster, wanted: v.InferOutput<typeof clusterBody>): void {
  const { body } = cluster;
  const now = v.parse(clusterProperties, body.properties);
  const match = call.header('if-match');
  if (match !== undefined && match !== '*' && match !== body.eTag)
    throw new ArmRefusal(412, 'EtagMismatch', `The etag provided does not match the etag of the existing resource.`);
  if (now.provisioningState !== 'Succeeded')
    throw new ArmRefusal(
      409,
      'OperationNotAllowed',
      `Operation is not allowed because there's an in progress update managed cluster operation on the managed cluster. Please wait for it to finish before starting a new operation.`,
    );
  if (now.powerState.code === 'Stopped')
    throw new ArmRefusal(409, 'OperationNotAllowed', 'The cluster is stopped. Start the cluster before updating it.');
  if (!samePath(wanted.location, body.location))
    throw new ArmRefusal(
      409,
      'InvalidResourceLocation',
      `The resource '${cluster.name}' already exists in location '${body.location}'. A resource with the same name cannot be created in location '${wanted.location}'.`,
    );
  if (!wanted.properties.agentPoolProfiles?.length)
    throw new ArmRefusal(400, 'InvalidParameter', 'Required parameter agentPoolProfiles is missing (null).');
  if (now.oidcIssuerProfile.enabled && !wanted.properties.oidcIssuerProfile.enabled)
    throw new ArmRefusal(400, 'OIDCIssuerFeatureCannotBeDisabled', 'The OIDC issuer feature cannot be disabled.');
  if (wanted.properties.securityProfile.workloadIdentity.enabled && !wanted.properties.oidcIssuerProfile.enabled)
    throw new ArmRefusal(400, 'BadRequest', 'Workload identity needs the OIDC issuer to be enabled.');
}

/** The only part of a cluster that a PATCH changes. */
async function patchTags(call: ArmCall): Promise<ArmAnswer> {
  const cluster = clusterOf(call);
  const { tags } = v.parse(v.object({ tags: v.record(v.string(), v.string()) }), await call.json());
  cluster.body = { ...cluster.body, tags, eTag: randomUUID() };
  return { status: 200, body: shown(cluster) };
}
