import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RemoteError } from '../../src/errors.ts';
import type { ManagedCluster, ResourceManager } from '../../src/flows/azure-port.ts';
import { assertPullRight } from '../../src/flows/pull-right.ts';
import { recordingLog } from '../support/registry-app.ts';

const signal = new AbortController().signal;
const acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d';
const repositoryReader = 'b93aa761-3e63-49ed-ac28-beffa264f7ac';
const own = '11111111-2222-3333-4444-555555555555';
const registry = { id: '/subscriptions/s/registries/shop', name: 'shop', loginServer: 'shop.azurecr.io' };
const kubeletIdentity = { objectId: 'nodes-1', clientId: undefined, resourceId: undefined };
const cluster: ManagedCluster = {
  id: '/subscriptions/s/managedClusters/c',
  location: undefined,
  provisioningState: 'Succeeded',
  powerState: 'Running',
  kubernetesVersion: '1.36.3',
  fqdn: undefined,
  privateFqdn: undefined,
  isPrivate: false,
  runCommandDisabled: false,
  nodeResourceGroup: undefined,
  entra: undefined,
  localAccountsDisabled: true,
  kedaAddOn: true,
  oidcIssuer: undefined,
  workloadIdentity: false,
  kubeletIdentity,
};

interface Case {
  readonly roles?: readonly (string | { readonly role: string; readonly condition: string })[];
  readonly byRepository?: boolean;
  readonly failure?: Error;
  readonly cluster?: ManagedCluster;
}

async function check({ roles = [], byRepository = false, failure, cluster: of = cluster }: Case) {
  const log = recordingLog();
  const asked: unknown[] = [];
  const resources: ResourceManager = {
    subscriptionId: 's',
    call: () => Promise.reject(new Error('no single resource is needed')),
    async list({ path, query }) {
      asked.push({ path, query });
      if (failure) throw failure;
      return roles.map(role => ({
        id: 'a',
        properties: {
          roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${typeof role === 'string' ? role : role.role}`,
          principalId: 'nodes-1',
          scope: registry.id,
          condition: typeof role === 'string' ? null : role.condition,
        },
      }));
    },
  };
  await assertPullRight({ ...registry, byRepository }, of, { resources, log, signal });
  return { log, asked };
}

describe('the right of the nodes to pull', () => {
  it('is asked for at the registry, for the identity of the nodes', async () => {
    const { asked, log } = await check({ roles: [acrPull] });
    assert.deepEqual(asked, [
      {
        path: `${registry.id}/providers/Microsoft.Authorization/roleAssignments`,
        query: { $filter: "atScope() and assignedTo('nodes-1')" },
      },
    ]);
    assert.deepEqual(log.lines, ['The nodes may pull from shop.azurecr.io']);
  });

  const missing = {
    name: 'UserError',
    message: /nodes-1\) may not pull .*doctor.*az role assignment create --role "AcrPull"/,
  };

  it('is missing without a role', () => assert.rejects(check({}), missing));

  it('is missing where only repositories give rights and the role is for the whole registry, and the other way round', async () => {
    await assert.rejects(check({ roles: [acrPull], byRepository: true }), missing);
    await assert.rejects(check({ roles: [repositoryReader] }), missing);
    await check({ roles: [repositoryReader], byRepository: true });
  });

  it('is left open where a condition or a role of the user decides', async () => {
    await check({ roles: [own] });
    await check({ roles: [{ role: repositoryReader, condition: 'repositories' }], byRepository: true });
  });

  it('is left open where roles may not be read or the cluster names no identity', async () => {
    await check({ failure: new RemoteError('forbidden', 403) });
    const { asked } = await check({ cluster: { ...cluster, kubeletIdentity: undefined } });
    assert.deepEqual(asked, []);
    await assert.rejects(check({ failure: new RemoteError('throttled', 429) }), /throttled/);
  });
});
