import type { LiveWorkload } from '../core/live-workload.ts';
import { keysSecretName } from '../core/names.ts';
import type { Project } from '../core/project.ts';
import { chooseQueueFunction } from '../core/queue-function.ts';
import { Secret } from '../core/secret.ts';
import { noSettings } from '../core/settings.ts';
import type { HttpCheck, QueueCheck, SmokeCheck } from '../core/smoke-checks.ts';
import { type CheckResult, resultLine } from '../core/smoke-report.ts';
import { authLevelOf, exposesKeys, functionOfPath, keyNamesOf } from '../core/smoke-route.ts';
import { faultsOfAnswer } from '../core/smoke-verdict.ts';
import { UserError } from '../errors.ts';
import type { Clock } from './clock.ts';
import type { Cluster } from './cluster-port.ts';
import { findQueue, type LiveApp, readWorkloads } from './find-queue.ts';
import type { HttpSender } from './http-port.ts';
import type { Log } from './ports.ts';
import type { OpenQueue } from './queue-port.ts';
import { checkQueue } from './smoke-queue.ts';
import { type Route, routeToAddress, routeToWorkload } from './smoke-route.ts';

/** What to check. */
export interface SmokeTest {
  readonly name: string;
  readonly namespace: string;
  readonly checks: readonly SmokeCheck[];
  /** Undefined when the code is not at hand; then no function keys are sent. */
  readonly project: Project | undefined;
  /** Address to send HTTP checks to instead of the app in the cluster. */
  readonly url: URL | undefined;
  /** How often a check that failed is done again. */
  readonly retries: number;
  /** Seconds for all checks. */
  readonly timeout: number;
}

/** What a smoke test works on. */
export interface SmokeTestPorts {
  /** Undefined when only an address was given. */
  readonly cluster: Cluster | undefined;
  readonly http: HttpSender;
  readonly openQueue: OpenQueue;
  readonly log: Log;
  readonly mask: (secret: Secret) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told how each check went as soon as it has ended. */
  readonly learn: (result: CheckResult) => void;
}

/** Longest pause before a check is done again, in milliseconds. */
const longestPause = 5000;
const keyHeader = 'x-functions-key';

/** Carries out all checks in their order and says how each went; throws UserError when they cannot be carried out. */
export async function runSmokeTest(test: SmokeTest, ports: SmokeTestPorts): Promise<readonly CheckResult[]> {
  assertPossible(test, ports);
  const run = new SmokeRun(test, ports);
  const results: CheckResult[] = [];
  for (const check of test.checks) {
    const result = check.kind === 'http' ? await run.http(check) : await run.queue(check);
    ports.log.info(resultLine(result));
    results.push(result);
    ports.learn(result);
  }
  return results;
}

/** Before anything is contacted. */
function assertPossible({ checks, project, url }: SmokeTest, { cluster }: SmokeTestPorts): void {
  if (!cluster && !url) throw new UserError('Inputs "kubeconfig" and "url" are both missing. Give one of them.');
  const queues = checks.filter(check => check.kind === 'queue');
  if (queues.length > 0 && !cluster)
    throw new UserError(
      'A check with "queue" needs the cluster, to learn the connection of the queue. Give the input "kubeconfig".',
    );
  if (queues.length > 0 && !project)
    throw new UserError(
      'A check with "queue" needs the code of the app. Set the input "app-directory" to the folder of "host.json".',
    );
  if (project) for (const check of queues) chooseQueueFunction(project, check.function, 'queue');
}

class SmokeRun {
  readonly #test: SmokeTest;
  readonly #ports: SmokeTestPorts;
  readonly #until: number;
  #workloads: Promise<readonly LiveWorkload[]> | undefined;
  #keys: Promise<ReadonlyMap<string, Secret>> | undefined;

  constructor(test: SmokeTest, ports: SmokeTestPorts) {
    this.#test = test;
    this.#ports = ports;
    this.#until = ports.clock.now() + test.timeout * 1000;
  }

  async http(check: HttpCheck): Promise<CheckResult> {
    const { clock, signal } = this.#ports;
    const headers = await this.#headersOf(check);
    for (let attempt = 1; ; attempt += 1) {
      const began = clock.now();
      const route = await this.#routeOf(check, keyHeader in headers);
      const answer = await route.send(check, headers);
      const faults = typeof answer === 'string' ? [answer] : faultsOfAnswer(check, answer);
      const milliseconds = typeof answer === 'string' ? clock.now() - began : answer.milliseconds;
      const over = attempt > this.#test.retries || clock.now() >= this.#until;
      if (faults.length === 0 || over)
        return { title: check.title, via: route.via, attempts: attempt, milliseconds, faults };
      this.#ports.log.debug(`${check.title}: ${faults.join('; ')}; trying again`);
      await clock.pause(Math.min(attempt * 1000, longestPause, Math.max(0, this.#until - clock.now())), signal);
    }
  }

  async queue(check: QueueCheck): Promise<CheckResult> {
    const { project } = this.#test;
    const app = this.#app();
    if (!project || !app) throw new Error('a queue check without project or cluster');
    const fn = chooseQueueFunction(project, check.function, 'queue');
    const { queue, connection } = await findQueue(app, fn, {
      project,
      given: noSettings,
      workloads: await this.#live(app),
    });
    return checkQueue(check, { connection, queue, host: project.host, until: this.#until }, this.#ports);
  }

  async #routeOf(check: HttpCheck, withKey: boolean): Promise<Route> {
    const { url, namespace } = this.#test;
    const { cluster, http, clock } = this.#ports;
    if (url && withKey && exposesKeys(url)) throw new UserError(exposedKey(check, url));
    if (url) return routeToAddress(http, url);
    const app = this.#app();
    if (!cluster || !app) throw new Error('a check without address and cluster');
    const workload = this.#workloadOf(check, await this.#live(app));
    return routeToWorkload({ cluster, http, clock }, namespace, workload, withKey);
  }

  /** The workload that runs the function behind the path; for a path of no known function the one that serves HTTP. */
  #workloadOf({ title, method, path }: HttpCheck, workloads: readonly LiveWorkload[]): LiveWorkload {
    const fn = this.#test.project && functionOfPath(this.#test.project, method, path);
    const byFunction = fn && workloads.find(workload => workload.functions.includes(fn.name));
    const only = workloads.length === 1 ? workloads[0] : undefined;
    const found = byFunction ?? workloads.find(workload => workload.name === 'http') ?? only;
    if (found) return found;
    throw new UserError(
      `It is not known which workload of "${this.#test.name}" answers the check "${title}": no function in the code has that path. Correct the path, or give the input "url".`,
    );
  }

  async #headersOf(check: HttpCheck): Promise<Readonly<Record<string, string>>> {
    const key = await this.#keyFor(check);
    return key ? { [keyHeader]: key.reveal(), ...check.headers } : check.headers;
  }

  async #keyFor({ method, path, headers }: HttpCheck): Promise<Secret | undefined> {
    const { project } = this.#test;
    const fn = project && functionOfPath(project, method, path);
    const own = headers[keyHeader] !== undefined || new URLSearchParams(path.split('?')[1]).has('code');
    const app = this.#app();
    if (!fn || own || !app) return undefined;
    const names = keyNamesOf(authLevelOf(fn), fn.name);
    if (names.length === 0) return undefined;
    this.#keys ??= readKeys(app);
    const keys = await this.#keys;
    return names.map(name => keys.get(name)).find(key => key !== undefined);
  }

  #live(app: LiveApp): Promise<readonly LiveWorkload[]> {
    this.#workloads ??= readWorkloads(app);
    return this.#workloads;
  }

  #app(): LiveApp | undefined {
    const { cluster, mask } = this.#ports;
    const { name, namespace } = this.#test;
    return cluster && { cluster, name, namespace, mask };
  }
}

function exposedKey({ title }: HttpCheck, url: URL): string {
  return `Check "${title}" needs a function key, which anybody could read on the way to "${url.origin}". Give the input "url" with "https://", or leave it out to ask a pod by way of the API server.`;
}

/** Keys of the app's hosts by their names in the Secret, masked. */
async function readKeys({ cluster, name, namespace, mask }: LiveApp): Promise<ReadonlyMap<string, Secret>> {
  const secret = await cluster.read('Secret', namespace, keysSecretName(name));
  const keys = new Map(Object.entries(secret?.data ?? {}).map(([key, value]) => [key, Secret.fromBase64(value)]));
  for (const key of keys.values()) mask(key);
  return keys;
}
