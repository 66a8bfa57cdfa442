import type { App, Workload } from './app.ts';
import { shortHash } from './names.ts';
import { findSetting } from './settings.ts';
import { isDurable } from './together.ts';

/** Environment variable that overrides `extensions.durableTask.hubName` of host.json. */
export const taskHubVariable = 'AzureFunctionsJobHost__extensions__durableTask__hubName';

/**
 * Task hub of the app in its namespace, or undefined when its workload has no Durable functions or the app names one itself.
 * Without a name, apps that share a storage account would take each other's work. Letters and digits, at most 40.
 */
export function taskHubOf(app: App, workload: Workload): string | undefined {
  if (!workload.functions.some(isDurable) || namesItself(app)) return undefined;
  return `${app.name.replaceAll('-', '').slice(0, 30)}${shortHash(`${app.namespace}/${app.name}`, 10)}`;
}

function namesItself({ project, settings }: App): boolean {
  const setting = findSetting(settings, taskHubVariable).kind;
  if (setting === 'value' || setting === 'hidden') return true;
  const durable = fieldOf(fieldOf(project.host, 'extensions'), 'durableTask');
  const name = fieldOf(durable, 'hubName');
  return typeof name === 'string' && name.trim() !== '';
}

/** Field of a part of host.json, whose keys the host reads without regard to case. */
function fieldOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
}
