import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cloud, startCloud } from '../lab/cloud/cloud.ts';
import type { JobOptions } from '../lab/cloud/github-job.ts';
import { addCluster, type ClusterTraits } from '../lab/cloud/resources.ts';
import { runStep, type StepResult } from './action.ts';

/** Where nobody listens: the API server of clusters that are only to be found. */
export const silentServer = 'https://127.0.0.1:9';

/** A cloud with the cluster `prod`, which the deployer may use. */
export async function startShopCloud(traits: Partial<ClusterTraits> = {}): Promise<Cloud> {
  const cloud = await startCloud();
  const nothing = Buffer.from('x').toString('base64');
  const access = { server: silentServer, ca: nothing, cert: nothing, key: nothing };
  addCluster(cloud.state, cloud.home, { name: 'prod', access, ...traits });
  cloud.assign(
    cloud.deployer,
    'Azure Kubernetes Service Cluster User Role',
    `/subscriptions/${cloud.home.subscriptionId}`,
  );
  return cloud;
}

/** What differs from the usual step. */
export interface AzureStep {
  readonly job?: JobOptions;
  readonly with?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** Inputs that name the cluster `prod` of the cloud, and its deployer. */
export function azureInputs({ address, deployer, home }: Cloud): Readonly<Record<string, string>> {
  return {
    'azure-environment': address,
    'client-id': deployer.clientId,
    'tenant-id': home.tenantId,
    'subscription-id': home.subscriptionId,
    'resource-group': home.resourceGroup,
    cluster: 'prod',
  };
}

/** Runs the action that removes an app, in a job of the main branch: of all actions it asks least before the cluster. */
export async function runAzureStep(cloud: Cloud, step: AzureStep = {}): Promise<StepResult> {
  const folder = await mkdtemp(join(tmpdir(), 'event-'));
  try {
    const eventFile = join(folder, 'event.json');
    await writeFile(eventFile, JSON.stringify(eventOf(step.job ?? {})));
    return await runStep('teardown', {
      with: { ...azureInputs(cloud), name: 'shop', ...step.with },
      env: {
        ...{ GITHUB_EVENT_NAME: step.job?.event ?? 'push', GITHUB_EVENT_PATH: eventFile },
        ...cloud.job(step.job).environment,
        ...{ NODE_EXTRA_CA_CERTS: cloud.caFile, NO_PROXY: '127.0.0.1' },
        ...step.env,
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function eventOf({ fork, repository = 'acme/shop' }: JobOptions): unknown {
  const head = fork ? 'contributor/shop' : repository;
  return { pull_request: { head: { repo: { full_name: head } }, base: { repo: { full_name: repository } } } };
}
