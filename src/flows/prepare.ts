import type { App } from '../core/app.ts';
import type { Config } from '../core/config/config.ts';
import { declaredFunctions } from '../core/declared-functions.ts';
import { discoverProject } from '../core/discovery.ts';
import type { AppInputs, ShapeInputs } from '../core/inputs/inputs.ts';
import type { Project, SourceTree } from '../core/project.ts';
import { type AppSources, resolveApp } from '../core/resolve-app.ts';
import type { Secret } from '../core/secret.ts';
import {
  mergeSettings,
  overlapFaults,
  plainLayer,
  type Settings,
  type SettingsLayer,
  type SettingsSource,
  secretLayer,
} from '../core/settings.ts';
import { parseLocalSettings, parseSettingLines, toSecrets } from '../core/settings-text.ts';
import { settleProject } from '../core/settle.ts';
import { assertNoFaults, asUsageError, UserError } from '../errors.ts';
import type { Workspace } from './ports.ts';

/** Text files on this machine. */
export interface TextFiles {
  /** The text, or undefined when there is no such file; throws UserError when it cannot be read. */
  read(path: string): Promise<string | undefined>;
}

/** What reading an app needs. */
export interface PreparePorts {
  readonly workspace: Workspace;
  readonly files: TextFiles;
  /** Told every secret before it is used. */
  readonly mask: (secret: Secret) => void;
}

/** Inputs that shape an app. */
export type PrepareInputs = AppInputs & ShapeInputs & { readonly namespace: string };

/** An app read from its folder, and what it was read from. */
export interface Prepared {
  readonly app: App;
  readonly config: Config;
  readonly source: SourceTree;
  /** The app again, with the keys of existing settings objects and the version of KEDA known. */
  resolve(sources: readonly SettingsSource[], kedaVersion?: string): App;
}

/** Reads code and configuration and resolves the app; contacts nothing, and throws UsageError for what is wrong in them. */
export async function prepareApp(
  inputs: PrepareInputs,
  ports: PreparePorts,
  repositoryId?: string,
  kedaVersion?: string,
): Promise<Prepared> {
  try {
    return await readApp(inputs, ports, { repositoryId, kedaVersion });
  } catch (error) {
    throw asUsageError(error);
  }
}

async function readApp(
  inputs: PrepareInputs,
  ports: PreparePorts,
  known: Pick<AppSources, 'repositoryId' | 'kedaVersion'>,
): Promise<Prepared> {
  const source = await ports.workspace.readSource();
  const loading = loadConfig(inputs, ports.files, source);
  // With a file that cannot be read, the faults of the code are told as well.
  const declared = loading.then(declaredFunctions, () => undefined);
  const [config, project] = await readBoth(
    loading,
    declared.then(functions => discoverProject(source, functions)),
  );
  const layers = await settingsLayers(inputs, config, ports);
  const resolve = (sources: readonly SettingsSource[], kedaVersion = known.kedaVersion) => {
    const settings = mergeSettings(layers, sources);
    return resolveApp({
      inputs,
      config,
      project: settleProject(project, settings),
      settings,
      repositoryId: known.repositoryId,
      kedaVersion,
    });
  };
  return { app: resolve(settingsSourcesOf(config)), config, source, resolve };
}

/** Configuration of an app; an empty one when it has no file and none was asked for. */
export async function loadConfig(inputs: AppInputs, files: TextFiles, source: SourceTree): Promise<Config> {
  const text = source.texts.get(inputs.config) ?? (await files.read(`${inputs.appDirectory}/${inputs.config}`));
  if (text === undefined && inputs.config !== 'aks-functions.yml') {
    throw new UserError(
      `Input "config" names the file "${inputs.config}", which the app folder does not have. Give its path in the folder of host.json.`,
    );
  }
  if (text === undefined && inputs.environment === undefined) return {};
  const { parseConfig } = await import('../core/config/parse.ts');
  return parseConfig(text ?? '', { file: inputs.config, environment: inputs.environment });
}

/** Existing objects that the file takes settings from, their keys not known. */
export function settingsSourcesOf(config: Config): readonly SettingsSource[] {
  return (config.settingsFrom ?? []).map(from =>
    'secret' in from ? { kind: 'Secret', name: from.secret } : { kind: 'ConfigMap', name: from.configMap },
  );
}

/** Settings for entry points that read no code. */
export async function readSettings(
  inputs: Parameters<typeof settingsLayers>[0],
  config: Config,
  ports: Pick<PreparePorts, 'files' | 'mask'>,
): Promise<Settings> {
  return mergeSettings(await settingsLayers(inputs, config, ports), settingsSourcesOf(config));
}

/** Faults of code and configuration together, since both are the user's to mend. */
async function readBoth(config: Promise<Config>, project: Promise<Project>): Promise<readonly [Config, Project]> {
  const [first, second] = await Promise.allSettled([config, project]);
  const reasons = [first, second].flatMap(result => (result.status === 'rejected' ? [result.reason] : []));
  const faults = reasons.flatMap(reason => (reason instanceof UserError ? reason.faults : []));
  const unexpected = reasons.find(reason => !(reason instanceof UserError));
  if (unexpected) throw unexpected;
  assertNoFaults(faults);
  return [await config, await project];
}

async function settingsLayers(
  inputs: Pick<ShapeInputs, 'settings' | 'secretSettings' | 'settingsFile'> & Pick<AppInputs, 'appDirectory'>,
  config: Config,
  { files, mask }: Pick<PreparePorts, 'files' | 'mask'>,
): Promise<readonly SettingsLayer[]> {
  const plain = parseSettingLines(inputs.settings ?? '', { input: 'settings', secret: false });
  const secret = toSecrets(
    parseSettingLines(inputs.secretSettings?.reveal() ?? '', { input: 'secret-settings', secret: true }),
  );
  for (const value of secret.values()) mask(value);
  assertNoFaults(overlapFaults(plain, secret));
  const local = await localSettings(inputs, files, new Set([...plain.keys(), ...secret.keys()]));
  for (const value of local?.secret.values() ?? []) mask(value);
  return [plainLayer(config.settings ?? {}), ...(local ? [local] : []), plainLayer(plain), secretLayer(secret)];
}

async function localSettings(
  { settingsFile, appDirectory }: { readonly settingsFile: string | undefined; readonly appDirectory: string },
  files: TextFiles,
  replaced: ReadonlySet<string>,
): Promise<SettingsLayer | undefined> {
  if (settingsFile === undefined) return undefined;
  const text = (await files.read(settingsFile)) ?? (await files.read(`${appDirectory}/${settingsFile}`));
  if (text !== undefined) return parseLocalSettings(text, settingsFile, replaced);
  throw new UserError(
    `Input "settings-file" names the file "${settingsFile}", which does not exist. Give its path from the working directory or from the app folder.`,
  );
}
