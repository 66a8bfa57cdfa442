import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { pushBaseImages } from '../lab/base-image.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { root, runStep, type StepOptions, type StepResult } from '../support/action.ts';
import { type AppOnDisk, writeApp } from '../support/registry-app.ts';

/** A setting that pods print and nobody may see. */
export const canary = 'canary-token-4711';

/** A `function.json` app with the HTTP function `greet`, made of the given JavaScript. */
export function greeting(script: string): Readonly<Record<string, string>> {
  const bindings = [
    { type: 'httpTrigger', direction: 'in', name: 'request', authLevel: 'anonymous', methods: ['get'] },
    { type: 'http', direction: 'out', name: 'res' },
  ];
  return {
    'package.json': '{"name":"greeting","version":"1.0.0"}',
    'greet/function.json': JSON.stringify({ bindings }),
    'greet/index.js': script,
  };
}

/** Script of a function that answers with `text`. */
export function answering(text: string): string {
  return `module.exports = async context => { context.res = { body: '${text}' }; };`;
}

const pods = v.object({
  items: v.array(
    v.object({
      metadata: v.object({ name: v.string() }),
      status: v.object({ conditions: v.optional(v.array(v.object({ type: v.string(), status: v.string() })), []) }),
    }),
  ),
});
const records = v.object({
  items: v.array(v.object({ metadata: v.object({ name: v.string(), labels: v.record(v.string(), v.string()) }) })),
});

/** A lab with base images, and what the scenarios ask of it. */
export interface Scene extends AsyncDisposable {
  readonly lab: Lab;
  /** Inputs of a deployment into the namespace, all of them good. */
  inputs(namespace: string): Readonly<Record<string, string>>;
  /** Deploys the app folder into the namespace. */
  deploy(
    app: Pick<AppOnDisk, 'path'>,
    namespace: string,
    inputs?: Readonly<Record<string, string>>,
    options?: Omit<StepOptions, 'with'>,
  ): Promise<StepResult>;
  /** State of each release by its number. */
  releases(namespace: string): Promise<Readonly<Record<string, string>>>;
  /** Names of the pods that are ready. */
  readyPods(namespace: string): Promise<readonly string[]>;
  /** Body of a GET that the API server passes to a pod. */
  ask(namespace: string, pod: string, path: string): Promise<string>;
}

/** Starts the lab of a file of scenarios. */
export async function startScene(): Promise<Scene> {
  const lab = await startLab();
  const { tools, registry } = lab;
  const bases = await pushBaseImages({ tools, registry: registry.host, credentials: registry });
  const inputs = (namespace: string) => ({
    ...{ auth: 'none', kubeconfig: lab.kubeconfig, namespace, name: 'shop', 'base-image': bases.node },
    registry: `${registry.host}/${namespace}`,
    'registry-username': registry.username,
    'registry-password': registry.password,
    'secret-settings': `API_TOKEN=${canary}\nQueueConnString=${lab.queue.connectionString}`,
  });
  return {
    lab,
    inputs,
    deploy: (app, namespace, more = {}, options = {}) =>
      runStep('root', { ...options, with: { ...inputs(namespace), ...more }, workspace: app.path }),
    async releases(namespace) {
      const path = `/api/v1/namespaces/${namespace}/secrets?labelSelector=aks-functions.io/state`;
      const { items } = v.parse(records, (await lab.request('GET', path)).json());
      const pairs = items.map(({ metadata: { labels } }) => [
        labels['aks-functions.io/release'],
        labels['aks-functions.io/state'],
      ]);
      return Object.fromEntries(pairs);
    },
    async readyPods(namespace) {
      const { items } = v.parse(pods, (await lab.request('GET', `/api/v1/namespaces/${namespace}/pods`)).json());
      const ready = items.filter(({ status }) =>
        status.conditions.some(condition => condition.type === 'Ready' && condition.status === 'True'),
      );
      return ready.map(({ metadata }) => metadata.name);
    },
    async ask(namespace, pod, path) {
      return (await lab.request('GET', `/api/v1/namespaces/${namespace}/pods/${pod}:8080/proxy${path}`)).text;
    },
    [Symbol.asyncDispose]: () => lab.stop(),
  };
}

/** An app of the Node v4 model with the dependencies of `test/apps/crashing` and the given entry point. */
export async function writeNodeApp(script: string): Promise<AppOnDisk> {
  const path = await mkdtemp(join(tmpdir(), 'app-'));
  await cp(join(root, 'test/apps/crashing'), path, { recursive: true });
  await writeFile(join(path, 'src/index.js'), script);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** The HTTP app whose script is given. */
export function writeGreeting(script: string): Promise<AppOnDisk> {
  return writeApp(greeting(script));
}
