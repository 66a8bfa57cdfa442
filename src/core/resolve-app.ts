import { assertNoFaults, type Fault, type Place } from '../errors.ts';
import type { App, FunctionScaler, Notice, Scaling, Workload } from './app.ts';
import type { Config, FunctionConfig, HandWrittenTrigger, Scale, WorkloadConfig } from './config/config.ts';
import { findConnection } from './connections.ts';
import { definedOf } from './defined.ts';
import type { ShapeInputs } from './inputs/inputs.ts';
import { faultOfAppName, objectNameOf } from './names.ts';
import { nearest } from './nearest.ts';
import type { AppFunction, Project } from './project.ts';
import { remarkOnType } from './scalers/keda-types.ts';
import type { Settings } from './settings.ts';
import { noticeForOne, rowOfTrigger, type TriggerRow } from './triggers.ts';

/** What an app is resolved from. */
export interface AppSources {
  readonly inputs: ShapeInputs & { readonly name: string | undefined; readonly namespace: string };
  readonly config: Config;
  readonly project: Project;
  readonly settings: Settings;
  readonly repositoryId?: string | undefined;
  /** Version of KEDA that will scale the app; undefined when it is not known, and then nothing newer than the oldest supported one is used. */
  readonly kedaVersion?: string | undefined;
}

/** The app as it will be deployed; precedence is input, file, discovery, default. Throws one UserError with every fault. */
export function resolveApp(sources: AppSources): App {
  const { inputs, config, project, settings } = sources;
  const resolution = new Resolution(sources);
  const name = appNameOf(inputs.name, config, project.folder);
  const nameFault = faultOfAppName(name);
  if (nameFault) resolution.faults.push({ message: `The name of the app ${nameFault}` });
  resolution.checkNames();
  const workloads = resolution.workloads(name);
  assertNoFaults(resolution.faults);
  return {
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
  };
}

/** Name of the app: the input, else the file's, else the folder's in lower case. */
export function appNameOf(input: string | undefined, config: Config, folder: string): string {
  return input ?? config.name ?? folder.toLowerCase();
}

/** What scales a function, and why it holds one replica where it does. */
interface Measure {
  readonly scalers: readonly FunctionScaler[];
  readonly reasons: readonly Notice[];
}

interface Placed {
  readonly fn: AppFunction;
  readonly row: TriggerRow;
  readonly measure: Measure;
  readonly workload: string;
}

class Resolution {
  readonly faults: Fault[] = [];
  readonly notices: Notice[] = [];
  readonly #sources: AppSources;

  constructor(sources: AppSources) {
    this.#sources = sources;
    const { config, project } = sources;
    if (config.patches?.length) this.#later('patches');
    for (const [name, workload] of Object.entries(config.workloads ?? {})) {
      if (workload.scaling === 'http') this.#later(`workloads.${name}.scaling: http`);
    }
    for (const { what, place, advice } of project.unresolved)
      this.notices.push({
        message: `${place.file}:${place.line ?? 1}: ${what} cannot be known without running the code. ${advice}`,
      });
  }

  /** Faults for functions that the file names and the code does not have. */
  checkNames(): void {
    const { config, project } = this.#sources;
    const known = project.functions.map(fn => fn.name);
    const named = [
      ...Object.keys(config.functions ?? {}).map(name => ({ key: `functions.${name}`, name })),
      ...Object.entries(config.workloads ?? {}).flatMap(([key, workload]) =>
        (workload.functions ?? []).map(name => ({ key: `workloads.${key}.functions`, name })),
      ),
    ];
    for (const { key, name } of named) {
      if (known.includes(name)) continue;
      const close = nearest(name, known);
      this.faults.push({
        message: `Key "${key}" of aks-functions.yml names the function "${name}", which the code does not have. ${close ? `Did you mean "${close}"?` : `Its functions are ${known.join(', ')}.`}`,
      });
    }
  }

  workloads(app: string): readonly Workload[] {
    const functions = this.#sources.project.functions.filter(fn => !fn.disabled);
    const rides = (fn: AppFunction) => rowOfTrigger(fn.bindings[0]).rides === true;
    const placed = functions.filter(fn => !rides(fn)).map(fn => this.#place(fn));
    const all = [...placed, ...functions.filter(rides).flatMap(fn => this.#placeBeside(fn, placed))];
    const names = [...new Set(all.map(one => one.workload))].sort();
    return names.map(name =>
      this.#workload(
        app,
        name,
        all.filter(one => one.workload === name),
      ),
    );
  }

  #place(fn: AppFunction): Placed {
    const config = this.#sources.config.functions?.[fn.name] ?? {};
    const row = rowOfTrigger(fn.bindings[0]);
    const measure = this.#measureOf(fn, row, config);
    return { fn, row, measure, workload: this.#workloadNameOf(fn, row, config, measure) };
  }

  /** A function that only runs beside others goes where HTTP is served, else to the first workload that there is. */
  #placeBeside(fn: AppFunction, placed: readonly Placed[]): readonly Placed[] {
    const row = rowOfTrigger(fn.bindings[0]);
    const names = placed.map(one => one.workload).sort();
    const workload =
      this.#sources.config.functions?.[fn.name]?.workload ?? (names.includes('http') ? 'http' : names[0]);
    if (workload !== undefined && names.includes(workload))
      return [{ fn, row, measure: { scalers: [], reasons: [] }, workload }];
    this.notices.push({
      function: fn.name,
      message: `Function "${fn.name}" is not deployed: its trigger "${fn.bindings[0].type}" only runs beside other functions.`,
    });
    return [];
  }

  #workloadNameOf(fn: AppFunction, row: TriggerRow, config: FunctionConfig, { scalers, reasons }: Measure): string {
    if (config.workload) return config.workload;
    const listed = Object.entries(this.#sources.config.workloads ?? {}).find(([, workload]) =>
      workload.functions?.includes(fn.name),
    );
    if (listed) return listed[0];
    if (typeof config.trigger === 'object') return 'events';
    const isMeasured = scalers.length > 0 && reasons.length === 0;
    return row.workload === 'events' && !isMeasured ? 'always' : row.workload;
  }

  #workload(app: string, name: string, placed: readonly Placed[]): Workload {
    const config = this.#sources.config.workloads?.[name] ?? {};
    for (const one of placed) this.#checkStorage(one);
    return {
      name,
      objectName: objectNameOf(app, name),
      functions: placed.map(one => one.fn),
      servesHttp: placed.some(one => one.row.workload === 'http'),
      scaling: this.#scaling(name, config, placed),
      pod: { ...this.#sources.config.pod, ...definedOf(config.pod ?? {}) },
      resources: config.resources ?? {},
    };
  }

  #scaling(name: string, config: WorkloadConfig, placed: readonly Placed[]): Scaling {
    const scale = this.#scaleOf(name, config);
    const scalers = placed.flatMap(one => one.measure.scalers);
    const one = placed.flatMap(({ measure }) => measure.reasons);
    for (const notice of one) this.notices.push(notice);
    const floor = one.length > 0 ? 1 : 0;
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
      this.faults.push({
        message: `Workload "${name}" scales by CPU but has no CPU request. Set "workloads.${name}.resources.requests.cpu" in aks-functions.yml.`,
      });
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

  #measureOf(fn: AppFunction, row: TriggerRow, config: FunctionConfig): Measure {
    if (typeof config.trigger === 'object') return { scalers: [this.#handWritten(fn, config.trigger)], reasons: [] };
    const { type } = fn.bindings[0];
    const reasonsOf = (reason: string) => [{ function: fn.name, message: noticeForOne(fn.name, reason) }];
    if (config.trigger === 'none')
      return {
        scalers: [],
        reasons: row.workload === 'http' && !row.keepsOne ? [] : reasonsOf('aks-functions.yml gives it no trigger'),
      };
    if (!row.scaler)
      return {
        scalers: [],
        reasons: row.keepsOne ? reasonsOf(row.reason ?? `no scaler can tell when its trigger "${type}" fires`) : [],
      };
    const unknown = fn.unresolved.filter(value => value.what.startsWith('bindings[0]'));
    if (unknown.length === 0) return this.#scaled(fn, row.scaler, config);
    if (row.keepsOne) return { scalers: [], reasons: reasonsOf(`no scaler can tell when its trigger "${type}" fires`) };
    for (const { what, place, advice } of unknown)
      this.faults.push({
        message: `Value "${what}" of function "${fn.name}" cannot be known without running the code. ${advice}`,
        place,
      });
    return { scalers: [], reasons: [] };
  }

  #scaled(fn: AppFunction, scalerOf: NonNullable<TriggerRow['scaler']>, config: FunctionConfig): Measure {
    const { settings, project, kedaVersion } = this.#sources;
    const reasons: Notice[] = [];
    const scaler = scalerOf({
      binding: fn.bindings[0],
      host: project.host,
      config,
      settings,
      functionName: fn.name,
      keda: kedaVersion,
      fault: message => this.#faultAt(fn.place, message),
      notice: message => this.notices.push({ function: fn.name, message }),
      keepOne: (reason, { provisional } = { provisional: false }) =>
        reasons.push({
          function: fn.name,
          message: noticeForOne(fn.name, reason),
          ...(provisional ? { provisional } : {}),
        }),
    });
    return { scalers: scaler ? [{ function: fn.name, scaler }] : [], reasons };
  }

  #handWritten(fn: AppFunction, { type, metadata, authenticationRef }: HandWrittenTrigger): FunctionScaler {
    const remark = remarkOnType(type, this.#sources.kedaVersion);
    const message = remark && `Key "functions.${fn.name}.trigger.type" of aks-functions.yml: ${remark.message}`;
    if (message && remark.kind === 'fault') this.faults.push({ message });
    if (message && remark.kind === 'notice') this.notices.push({ function: fn.name, message, provisional: true });
    return { function: fn.name, scaler: { type, metadata }, ...definedOf({ authenticationRef }) };
  }

  #checkStorage({ fn, row }: Placed): void {
    if (!row.needsStorage || findConnection(this.#sources.settings, 'AzureWebJobsStorage')) return;
    this.#faultAt(
      fn.place,
      `Function "${fn.name}" needs storage for its trigger "${fn.bindings[0].type}", but the setting "AzureWebJobsStorage" is missing. Add it to the input "secret-settings".`,
    );
  }

  #faultAt(place: Place, message: string): void {
    this.faults.push({ message, place });
  }

  #later(key: string): void {
    this.faults.push({ message: `Key "${key}" of aks-functions.yml is not available yet. Remove it.` });
  }
}
