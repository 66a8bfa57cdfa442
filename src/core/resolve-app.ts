import { assertNoFaults, type Fault, type Place } from '../errors.ts';
import type { App, Notice, Scaling, Workload } from './app.ts';
import type { Config, Scale, WorkloadConfig } from './config/config.ts';
import { placeInFile } from './config/places.ts';
import { findConnection } from './connections.ts';
import { definedOf } from './defined.ts';
import type { ShapeInputs } from './inputs/inputs.ts';
import { measuresOf } from './measure.ts';
import { faultOfAppName, objectNameOf } from './names.ts';
import { isWarmUp, type Placed, placeFunctions } from './placement.ts';
import { planDeployment } from './plan.ts';
import type { Project } from './project.ts';
import { scaleNotices } from './scale-notices.ts';
import type { Settings } from './settings.ts';
import { isDurable } from './together.ts';

/** What an app is resolved from. */
export interface AppSources {
  readonly inputs: ShapeInputs & { readonly name: string | undefined; readonly namespace: string };
  readonly config: Config;
  readonly project: Project;
  readonly settings: Settings;
  readonly repositoryId?: string | undefined;
  /** Version of KEDA that will scale the app; while it is not known, nothing newer than the oldest supported one is used. */
  readonly kedaVersion?: string | undefined;
}

/** The app as it will be deployed; precedence is input, file, discovery, default. Throws one UserError with every fault. */
export function resolveApp(sources: AppSources): App {
  const { inputs, config, project, settings } = sources;
  const resolution = new Resolution(sources);
  const name = appNameOf(inputs.name, config, project.folder);
  const nameFault = faultOfAppName(name);
  if (nameFault) resolution.faults.push({ message: `The name of the app ${nameFault}` });
  const workloads = resolution.workloads(name);
  assertNoFaults(resolution.faults);
  const app: App = {
    name,
    namespace: inputs.namespace,
    project,
    settings,
    workloads,
    identityClientId: inputs.identityClientId ?? config.identity?.clientId,
    repositoryId: sources.repositoryId,
    expose: {
      ...config.expose,
      ...definedOf({ type: inputs.expose, host: inputs.host }),
      type: inputs.expose ?? config.expose?.type ?? 'cluster',
    },
    notices: resolution.notices,
    ...definedOf({ patches: config.patches }),
  };
  // Faults of patches come before anything is built or contacted; they do not depend on the image.
  if (config.patches?.length) planDeployment(app, { reference: name });
  return app;
}

/** Name of the app: the input, else the file's, else the folder's in lower case. */
export function appNameOf(input: string | undefined, config: Config, folder: string): string {
  return input ?? config.name ?? folder.toLowerCase();
}

class Resolution {
  readonly faults: Fault[] = [];
  readonly notices: Notice[] = [];
  readonly #sources: AppSources;

  constructor(sources: AppSources) {
    this.#sources = sources;
    for (const { what, place, advice } of sources.project.unresolved)
      this.notices.push({
        message: `${place.file}:${place.line ?? 1}: ${what} cannot be known without running the code. ${advice}`,
      });
  }

  workloads(app: string): readonly Workload[] {
    const { project, config } = this.#sources;
    const measures = measuresOf({
      ...this.#sources,
      fault: fault => this.faults.push(fault),
      notice: notice => this.notices.push(notice),
    });
    const { placed, faults, notices } = placeFunctions(project, config, measures);
    this.faults.push(...faults);
    this.notices.push(...notices);
    const names = [...new Set(placed.map(one => one.workload))].sort();
    const workloads = names.map(name =>
      this.#workload(
        app,
        name,
        placed.filter(one => one.workload === name),
      ),
    );
    this.notices.push(...scaleNotices(workloads, this.#sources));
    this.#checkRoutes(workloads);
    return workloads;
  }

  #workload(app: string, name: string, placed: readonly Placed[]): Workload {
    const config = this.#sources.config.workloads?.[name] ?? {};
    const working = placed.filter(one => !isWarmUp(one.fn));
    for (const one of working) this.#checkStorage(one);
    if (config.scaling === 'http') this.#checkHttpScaling(name, working);
    return {
      name,
      objectName: objectNameOf(app, name),
      functions: placed.map(one => one.fn),
      servesHttp: working.some(servesHttp),
      scaling: this.#scaling(name, config, working),
      pod: { ...this.#sources.config.pod, ...definedOf(config.pod ?? {}) },
      resources: config.resources ?? {},
    };
  }

  /** An Ingress or a route leads every path of a host to one Service. */
  #checkRoutes(workloads: readonly Workload[]): void {
    const { inputs, config } = this.#sources;
    const type = inputs.expose ?? config.expose?.type;
    const names = workloads.filter(workload => workload.servesHttp).map(({ name }) => `"${name}"`);
    if (names.length < 2 || (type !== 'ingress' && type !== 'gateway')) return;
    this.#faultInFile(
      `Workloads ${names.join(' and ')} both serve HTTP, but "${type}" leads all paths to one of them. Put these functions into one workload, or use "cluster" with rules of your own.`,
      'expose',
    );
  }

  #checkHttpScaling(name: string, placed: readonly Placed[]): void {
    const key = `Key "workloads.${name}.scaling" of aks-functions.yml`;
    const fault = (message: string) => this.#faultInFile(message, 'workloads', name, 'scaling');
    const durable = placed.find(one => isDurable(one.fn));
    if (durable)
      fault(
        `${key} cannot be "http", since "${durable.fn.name}" belongs to Durable, whose work arrives without requests. Use "fixed" or "cpu".`,
      );
    else if (!placed.some(servesHttp))
      fault(`${key} cannot be "http", since no function of the workload is called over HTTP. Remove it.`);
    else fault(`${key} with the value "http" is not available yet. Use "fixed" or "cpu".`);
  }

  #scaling(name: string, config: WorkloadConfig, placed: readonly Placed[]): Scaling {
    const scale = this.#scaleOf(name, config);
    const scalers = placed.flatMap(one => one.measure.scalers);
    const one = placed.flatMap(({ measure }) => measure.reasons);
    for (const notice of one) this.notices.push(notice);
    // No scaler wakes a host for a request or for an orchestration that waits.
    const floor = one.length > 0 || placed.some(servesHttp) ? 1 : 0;
    if (config.scaling !== 'fixed' && scalers.length > 0) {
      const minReplicas = Math.max(floor, scale.minReplicas ?? 0);
      return {
        kind: 'events',
        minReplicas,
        maxReplicas: this.#maxOf(name, minReplicas, scale),
        pollingInterval: scale.pollingInterval ?? 30,
        cooldownPeriod: scale.cooldownPeriod ?? 300,
        scalers,
      };
    }
    const minReplicas = Math.max(1, scale.minReplicas ?? 1);
    if (config.scaling !== 'cpu') return { kind: 'fixed', replicas: minReplicas };
    if (!config.resources?.requests?.cpu)
      this.#faultInFile(
        `Workload "${name}" scales by CPU but has no CPU request. Set "workloads.${name}.resources.requests.cpu" in aks-functions.yml.`,
        ...['workloads', name, 'scaling'],
      );
    return { kind: 'cpu', minReplicas, maxReplicas: this.#maxOf(name, minReplicas, scale) };
  }

  /** The inputs speak of the event workload; other workloads are scaled in the file. */
  #scaleOf(name: string, config: WorkloadConfig): Scale {
    const { inputs, config: file } = this.#sources;
    const shared = name === 'http' || name === 'always' ? {} : definedOf(file.scale ?? {});
    const given =
      name === 'events'
        ? definedOf({
            minReplicas: inputs.minReplicas,
            maxReplicas: inputs.maxReplicas,
            pollingInterval: inputs.pollingInterval,
            cooldownPeriod: inputs.cooldownPeriod,
          })
        : {};
    return { ...shared, ...definedOf(config.scale ?? {}), ...given };
  }

  #maxOf(name: string, minReplicas: number, scale: Scale): number {
    const maxReplicas = scale.maxReplicas ?? 100;
    if (maxReplicas < minReplicas)
      this.faults.push({
        message: `Workload "${name}" has at most ${maxReplicas} replicas but at least ${minReplicas}. Raise "max-replicas" or lower "min-replicas".`,
      });
    return maxReplicas;
  }

  #checkStorage({ fn, row }: Placed): void {
    if (!row.needsStorage || findConnection(this.#sources.settings, 'AzureWebJobsStorage')) return;
    this.#faultAt(
      fn.place,
      `Function "${fn.name}" needs storage for its trigger "${fn.bindings[0].type}", but the setting "AzureWebJobsStorage" is missing. Add it to the input "secret-settings".`,
    );
  }

  #faultInFile(message: string, ...path: readonly string[]): void {
    this.faults.push({ message, ...placeInFile(this.#sources.config, ...path) });
  }

  #faultAt(place: Place, message: string): void {
    this.faults.push({ message, place });
  }
}

/** Whether a function needs a host that answers requests; Durable has an HTTP interface of its own. */
function servesHttp({ fn, row }: Placed): boolean {
  return row.workload === 'http' || isDurable(fn);
}
