import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { decodeJwt } from 'jose';
import { type BaseRuntime, pushBaseImages } from '../lab/base-image.ts';
import { addPrincipal, type Principal } from '../lab/cloud/state.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { type LabCloud, registryPublicName } from '../lab/lab-cloud.ts';
import { runStep, type StepResult } from '../support/action.ts';
import type { Programs } from '../support/registry-programs.ts';
import { secrets, spyingPrograms, writeGuarded } from './canary-app.ts';
import { Canaries, type Place, placesOfFolder, placesOfStep } from './canary-sweep.ts';

/** Namespace of the app; its images are in a repository of the same name. */
export const namespace = 'canary';
/** A user may do everything. */
export const everything = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];

type Inputs = Readonly<Record<string, string>>;

/** Inputs that give the app its secrets. */
export const secretSettings: Inputs = {
  'secret-settings': `API_TOKEN=${secrets['secret setting']}`,
  'settings-file': 'local.settings.json',
};

/** A cluster and a registry of Azure, and actions that are looked after as they run. */
export interface CanaryScene extends AsyncDisposable {
  readonly lab: Lab & { readonly cloud: LabCloud };
  /** Every credential until now. */
  readonly canaries: Canaries;
  readonly programs: Programs;
  readonly bases: Readonly<Record<BaseRuntime, string>>;
  /** Signs in by a client secret. */
  readonly keeper: Principal & { secret?: string };
  readonly runnerTemp: string;
  /** Inputs that lead to the cluster by way of Azure; as the deployer when nobody is given. */
  target(principal?: Principal): Inputs;
  /** Runs an action with every line of its log, then looks at all that it showed and left, and that it masked its tokens. */
  run(action: Parameters<typeof runStep>[0], inputs: Inputs): Promise<StepResult>;
  assertClean(places: readonly Place[]): void;
  /** Fails when a process got a credential as an argument, or a child got one in its environment that is not its own. */
  assertPrograms(own: readonly string[]): Promise<void>;
}

/** Starts the lab with its app and programs. */
export async function startCanaryScene(): Promise<CanaryScene> {
  const lab = await startLab({ cloud: true, node: 'real' });
  const { cloud, tools, registry } = lab;
  const bases = await pushBaseImages({ tools, registry: registry.host, credentials: registry });
  const [programs, app] = await Promise.all([spyingPrograms(), writeGuarded()]);
  const runnerTemp = await mkdtemp(join(tmpdir(), 'runner-'));
  const canaries = new Canaries();
  for (const [name, secret] of Object.entries(secrets)) canaries.add(name, secret);
  const keeper = await prepareCloud(lab);
  const { home, cluster, deployer } = cloud;
  const assertClean = (places: readonly Place[]) => assert.deepEqual(canaries.leaksIn(places), []);
  return {
    ...{ lab, canaries, programs, bases, keeper, runnerTemp, assertClean },
    target: ({ clientId } = deployer) => ({
      ...{ 'client-id': clientId, 'tenant-id': home.tenantId, 'subscription-id': home.subscriptionId },
      ...{ 'resource-group': home.resourceGroup, cluster: cluster.name, name: 'shop', namespace },
    }),
    async run(action, inputs) {
      const { environment } = cloud.job();
      canaries.add('OIDC request token', environment.ACTIONS_ID_TOKEN_REQUEST_TOKEN ?? '');
      const before = tokensOf(cloud);
      const result = await runStep(action, {
        with: inputs,
        env: {
          ...{ ...environment, NODE_EXTRA_CA_CERTS: cloud.caFile, RUNNER_DEBUG: '1' },
          ...{ HTTPS_PROXY: cloud.proxy.address, NO_PROXY: '127.0.0.1' },
          ...{ RUNNER_TEMP: runnerTemp, TMPDIR: runnerTemp, HOME: runnerTemp },
          PATH: [programs.environment.PATH, process.env.PATH].join(delimiter),
        },
        workspace: app.path,
      });
      const received = tokensOf(cloud).filter(token => !before.includes(token));
      for (const token of received) canaries.addToken(`token of ${decodeJwt(token).iss}`, token);
      assertMasked(result, received);
      const files = [await placesOfFolder(runnerTemp), await placesOfFolder(app.path, ['local.settings.json'])];
      assertClean([...placesOfStep(action, result), ...files.flat()]);
      return result;
    },
    async assertPrograms(own) {
      const [started, given] = [await programs.read('arguments'), await programs.read('given')];
      assert.match(started, /main\.cjs/);
      assert.match(given, /^PATH=/m);
      assert.doesNotMatch(given, /^(?:INPUT_|ACTIONS_ID_TOKEN_REQUEST_)/m);
      assertClean([{ name: 'the arguments of processes', text: started }]);
      const leaks = canaries.leaksIn([{ name: 'a child', text: given }]);
      assert.deepEqual(
        leaks,
        own.map(name => `${name} in a child`),
      );
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([app[Symbol.asyncDispose](), programs[Symbol.asyncDispose]()]);
      await rm(runnerTemp, { recursive: true, force: true });
      await lab.stop();
    },
  };

  /** The node gets tokens too while the action runs, of which the action knows nothing. */
  function assertMasked({ log }: StepResult, received: readonly string[]): void {
    const masked = new Set([...log.matchAll(/^::add-mask::(.*)$/gm)].map(([, secret]) => secret));
    const own = received.map(token => ({ token, claims: decodeJwt(token) }));
    const shown = own.filter(({ token, claims }) => claims.sub !== cloud.kubelet.objectId && !masked.has(token));
    assert.deepEqual(
      shown.map(({ claims }) => claims),
      [],
      'not masked',
    );
  }
}

/** Gives rights to the deployer and to the application with a client secret, which is returned. */
async function prepareCloud({ cloud, registry }: CanaryScene['lab']): Promise<CanaryScene['keeper']> {
  const { tenantId, subscriptionId } = cloud.home;
  const subscription = `/subscriptions/${subscriptionId}`;
  cloud.registry.loginServer = registryPublicName;
  const keeper = addPrincipal(cloud.state, { name: 'keeper', tenantId, secret: secrets['client secret'] });
  for (const principal of [cloud.deployer, keeper]) {
    cloud.assign(principal, 'Azure Kubernetes Service Cluster User Role', subscription);
    await cloud.grant(principal.objectId, namespace, { rules: everything, clusterRules: everything });
  }
  cloud.assign(cloud.deployer, 'Owner', subscription);
  cloud.assign(cloud.deployer, 'AcrPush', cloud.registry.id);
  const rights = [{ repository: '*', actions: ['pull', 'push', 'delete'] as const }];
  registry.addUser({ username: 'ci', password: secrets['registry password'], rights });
  return keeper;
}

function tokensOf(cloud: LabCloud): readonly string[] {
  return Object.values(cloud.issued()).flat();
}
