import type { Place } from '../errors.ts';

/** Value of `FUNCTIONS_WORKER_RUNTIME` that runs the app. */
export type Runtime = 'node' | 'python' | 'dotnet' | 'dotnet-isolated' | 'java' | 'powershell' | 'custom';

/**
 * How the app declares its functions: in code, by one `function.json` per folder, by the output of a build
 * (`functions.metadata`), or only in `aks-functions.yml`.
 */
export type ProgrammingModel =
  | 'node-v4'
  | 'python-v2'
  | 'function.json'
  | 'functions.metadata'
  | 'csharp'
  | 'java'
  | 'aks-functions.yml';

/** Text files of an app folder that discovery may look at, by path relative to it with `/` separators. */
export interface SourceTree {
  /** Name of the app folder itself, the default name of the app. */
  readonly folder: string;
  /** Every file of the app, sorted, ignored ones left out. */
  readonly paths: readonly string[];
  /** Contents of the files with a source or configuration extension. */
  readonly texts: ReadonlyMap<string, string>;
  /** Links within the folder and the files that they lead to; their texts are there as well. */
  readonly links?: ReadonlyMap<string, string>;
  /** Files with such an extension whose contents are too large to be read. */
  readonly tooLarge?: ReadonlySet<string>;
  /** Folders of installed dependencies at the top of the app (`node_modules`, `.python_packages`); not in `paths`. */
  readonly dependencyFolders?: readonly string[];
}

/** A binding in the shape of `function.json`; further keys depend on `type`. */
export interface Binding {
  readonly type: string;
  readonly direction: 'in' | 'out' | 'inout';
  readonly name: string;
  readonly [key: string]: unknown;
}

/** A value that only running the code could tell. */
export interface Unresolved {
  /** Which value, as `bindings[0].queueName` or `functions`. */
  readonly what: string;
  readonly place: Place;
  /** What to write in `aks-functions.yml` instead. */
  readonly advice: string;
  /** The value is that of a setting, else this text: known as soon as the settings are. */
  readonly settingOr?: { readonly setting: string; readonly otherwise: string };
}

/** One function as the code declares it. */
export interface AppFunction {
  readonly name: string;
  /** The trigger first. */
  readonly bindings: readonly [Binding, ...Binding[]];
  readonly place: Place;
  readonly disabled: boolean;
  readonly unresolved: readonly Unresolved[];
}

/** Parsed `host.json`; only what planning needs is named. */
export interface HostJson {
  readonly version?: string;
  readonly functions?: readonly string[];
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/** What the source of a function app tells. */
export interface Project {
  readonly folder: string;
  readonly runtime: Runtime;
  readonly model: ProgrammingModel;
  readonly host: HostJson;
  readonly functions: readonly AppFunction[];
  /** Values that belong to no single function, such as a registration in a loop. */
  readonly unresolved: readonly Unresolved[];
}
