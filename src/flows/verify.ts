import type { V1Pod } from '@kubernetes/client-node';
import type { App, Workload } from '../core/app.ts';
import { masterKeyOf } from '../core/function-keys.ts';
import { parseJson } from '../core/json.ts';
import { faultsOfHost, type HostAnswers, isSettled } from '../core/loaded.ts';
import { portOf } from '../core/manifests/deployment.ts';
import { keysSecretName } from '../core/names.ts';
import { isReady, newestPodsOf } from '../core/rollout.ts';
import type { Secret } from '../core/secret.ts';
import { UserError } from '../errors.ts';
import type { Cluster } from './cluster-port.ts';
import { detailsOfPod } from './diagnosis.ts';
import type { WaitContext } from './wait-context.ts';
import { assertStarts } from './wait-rollout.ts';

/** Milliseconds for a host to answer; code that blocks it must not use up the time of the run. */
const hostPatience = 5000;

/** Asks one running host of each workload whether it loaded exactly the functions found in the code. */
export async function verifyLoaded(
  context: WaitContext,
  workloads: readonly Workload[],
  mask: (secret: Secret) => void,
): Promise<void> {
  const key = await readMasterKey(context.cluster, context.app);
  mask(key);
  await Promise.all(workloads.map(workload => verifyWorkload(context, workload, key)));
}

async function verifyWorkload(context: WaitContext, workload: Workload, key: Secret): Promise<void> {
  const { cluster, app, deadline, log } = context;
  let faults: readonly string[] = [];
  const host = new Host(cluster, app, workload, key);
  let pod = '';
  await deadline.until(
    async () => {
      pod = (await readyPodOf(cluster, app, workload)) ?? pod;
      const answers = pod === '' ? undefined : await host.ask(pod);
      if (!answers || !isSettled(answers.status)) return assertStarts(context, workload);
      faults = faultsOfHost(
        workload,
        app.project.functions.map(fn => fn.name),
        answers,
      );
      return true;
    },
    async () =>
      [
        `The host of "${workload.objectName}"${host.strangeAnswer} did not finish starting`,
        ...(pod === '' ? [] : await logOf(context, workload, pod)),
      ].join('\n'),
  );
  if (faults.length > 0) throw await loadError(context, workload, pod, faults);
  log.info(`Host of ${workload.objectName} loaded ${workload.functions.map(fn => fn.name).join(', ')}`);
}

function logOf(context: WaitContext, { objectName }: Workload, pod: string): Promise<readonly string[]> {
  return detailsOfPod(context, { pod, container: objectName, crashed: false });
}

async function loadError(
  context: WaitContext,
  workload: Workload,
  pod: string,
  faults: readonly string[],
): Promise<UserError> {
  const log = await logOf(context, workload, pod);
  const [first = ''] = faults;
  const reason = `The functions of "${workload.objectName}" are not loaded as the code declares them: ${first}`;
  const rest = faults.slice(1).map(fault => `- ${fault}`);
  return new UserError(
    [`${reason} Correct that in the code, or give the settings that it needs.`, ...rest, ...log].join('\n'),
  );
}

/** The master key of the app's hosts; throws UserError when the Secret of keys has none. */
export async function readMasterKey(cluster: Cluster, app: Pick<App, 'name' | 'namespace'>): Promise<Secret> {
  const name = keysSecretName(app.name);
  const secret = await cluster.read('Secret', app.namespace, name);
  const key = masterKeyOf(secret?.data);
  if (key) return key;
  throw new UserError(
    `Secret "${name}" has no key "host.master". Delete the Secret: the next deployment makes a new one.`,
  );
}

/** Name of a pod of the newest template that is ready. */
export async function readyPodOf(
  cluster: Cluster,
  app: Pick<App, 'namespace'>,
  workload: Pick<Workload, 'objectName'>,
): Promise<string | undefined> {
  const pods: readonly V1Pod[] = await cluster.list('Pod', app.namespace, { labels: `app=${workload.objectName}` });
  return newestPodsOf(pods).find(isReady)?.metadata?.name;
}

class Host {
  readonly #cluster: Cluster;
  readonly #app: App;
  readonly #workload: Workload;
  readonly #key: Secret;
  /** What it last answered that no host answers, as part of a sentence. */
  strangeAnswer = '';

  constructor(cluster: Cluster, app: App, workload: Workload, key: Secret) {
    this.#cluster = cluster;
    this.#app = app;
    this.#workload = workload;
    this.#key = key;
  }

  /** Its answers, or undefined while it does not answer properly yet. */
  async ask(pod: string): Promise<HostAnswers | undefined> {
    const names = this.#workload.functions.map(fn => fn.name);
    const [status, functions, ...each] = await Promise.all([
      this.#json(pod, '/admin/host/status'),
      this.#json(pod, '/admin/functions'),
      ...names.map(name => this.#json(pod, `/admin/functions/${encodeURIComponent(name)}/status`)),
    ]);
    if (status === undefined || functions === undefined) return undefined;
    return { status, functions, functionStatus: new Map(names.map((name, index) => [name, each[index]])) };
  }

  async #json(pod: string, path: string): Promise<unknown> {
    const request = {
      path,
      port: portOf(this.#workload),
      headers: { 'x-functions-key': this.#key.reveal() },
      patience: hostPatience,
    };
    const answer = await this.#cluster.requestPod(this.#app.namespace, pod, request);
    if (answer.status === 401 || answer.status === 403) throw new UserError(refusal(this.#workload, answer.body));
    if (answer.status !== 200) return undefined;
    const value = parseJson(answer.body);
    if (value === undefined) this.strangeAnswer = `, whose answer to ${path} is not JSON,`;
    return value;
  }
}

/** The API server refuses in its own words, the host with an empty body. */
function refusal(workload: Workload, body: string): string {
  return body.includes('"kind":"Status"')
    ? 'The identity of the kubeconfig may not ask the pods: it lacks the verb "get" on the resource "pods/proxy". Grant it, or set "verify: ready".'
    : `The host of "${workload.objectName}" refused the master key. Restart its pods, so that they read the Secret of keys again.`;
}
