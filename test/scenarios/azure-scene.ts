import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobOptions } from '../lab/cloud/github-job.ts';
import type { CloudRequest } from '../lab/cloud/records.ts';
import { changeCluster } from '../lab/cloud/resources.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import type { LabCloud } from '../lab/lab-cloud.ts';
import { runStep, type StepOptions, type StepResult } from '../support/action.ts';
import { type AppOnDisk, writeApp } from '../support/registry-app.ts';
import { connectionString, queueApp } from './faulty-apps.ts';

/** An image that is there already; nobody runs it. */
const image = `127.0.0.1:1/shop@sha256:${'a'.repeat(64)}`;
/** A setting that nobody may see. */
export const canary = 'Y2FuYXJ5LWNvbm5lY3Rpb24tMTIzNA==';

/** What differs from the usual deployment. */
export interface AzureDeployment extends Omit<StepOptions, 'with'> {
  readonly job?: JobOptions;
  readonly with?: Readonly<Record<string, string>>;
}

/** A deployment's result, and what Azure was asked for it. */
export interface AzureResult extends StepResult {
  readonly requests: readonly CloudRequest[];
}

/** A real API server with Entra sign-in in an emulated Azure, and an app. */
export interface AzureScene extends AsyncDisposable {
  readonly lab: Lab & { readonly cloud: LabCloud };
  readonly app: AppOnDisk;
  /** A namespace in which the object id may do everything; the deployer, when none is given. */
  newNamespace(objectId?: string): Promise<string>;
  /** Deploys into the namespace as a job of the main branch, by a runner that has neither `az` nor `kubelogin`. */
  deploy(namespace: string, deployment?: AzureDeployment): Promise<AzureResult>;
  /** Back to a cluster that serves, and services that answer. */
  reset(): void;
}

/** Starts the lab of a file of scenarios. */
export async function startAzureScene(): Promise<AzureScene> {
  const [lab, app] = await Promise.all([startLab({ profile: 'api', cloud: true }), writeApp(queueApp)]);
  const { cloud } = lab;
  const { deployer, home } = cloud;
  cloud.assign(deployer, 'Azure Kubernetes Service Cluster User Role', `/subscriptions/${home.subscriptionId}`);
  let count = 0;
  const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
  return {
    lab,
    app,
    async newNamespace(objectId = deployer.objectId) {
      count += 1;
      await cloud.grant(objectId, `azure-${count}`, { rules });
      return `azure-${count}`;
    },
    async deploy(namespace, { job, env, with: inputs, ...options } = {}) {
      const before = cloud.requests.length;
      const result = await runStep('root', {
        ...options,
        with: { ...usualInputs(cloud), namespace, ...inputs },
        env: {
          ...cloud.job(job).environment,
          NODE_EXTRA_CA_CERTS: cloud.caFile,
          NO_PROXY: '127.0.0.1',
          PATH: '',
          ...env,
        },
        workspace: app.path,
      });
      return { ...result, requests: cloud.requests.slice(before) };
    },
    reset() {
      changeCluster(cloud.cluster, { provisioningState: 'Succeeded' });
      Object.assign(cloud.settings, { tokenLife: 3600, assertionLife: 300, trustDelay: 0 });
    },
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await lab.stop();
    },
  };
}

/** Inputs of a deployment that nothing waits for, into the cluster `shop`. */
export function usualInputs({ address, deployer, home, cluster }: LabCloud): Readonly<Record<string, string>> {
  return {
    'azure-environment': address,
    'client-id': deployer.clientId,
    'tenant-id': home.tenantId,
    'subscription-id': home.subscriptionId,
    'resource-group': home.resourceGroup,
    cluster: cluster.name,
    ...{ name: 'shop', image, wait: 'false', verify: 'none' },
    'secret-settings': `Orders=${connectionString(canary)}`,
  };
}

/** Puts an `az` that knows one token into the folder; returns a `PATH` on which it is found. */
export async function fakeCommandLine(folder: string, token: string, expires: number): Promise<string> {
  const answer = { accessToken: token, expires_on: expires, expiresOn: new Date(expires * 1000).toISOString() };
  const file = join(folder, 'az');
  await writeFile(file, `#!/bin/sh\ncat <<'END'\n${JSON.stringify(answer)}\nEND\n`);
  await chmod(file, 0o755);
  return `${folder}:/usr/bin:/bin`;
}
