import type { App } from '../../src/core/app.ts';
import { parseConfig } from '../../src/core/config/parse.ts';
import { discoverProject } from '../../src/core/discovery.ts';
import { parseRenderInputs } from '../../src/core/inputs/inputs.ts';
import { resolveApp } from '../../src/core/resolve-app.ts';
import { mergeSettings, plainLayer } from '../../src/core/settings.ts';
import { settleProject } from '../../src/core/settle.ts';
import { sourceTree } from './registry-app.ts';

/** What an app is made of, where it differs from an app with storage and nothing else. */
export interface Written {
  /** Bindings of each function, trigger first; a text is the type of the only one. */
  readonly functions: Readonly<Record<string, string | readonly Readonly<Record<string, unknown>>[]>>;
  readonly yaml?: string;
  readonly host?: object;
  readonly settings?: Readonly<Record<string, string>>;
  readonly inputs?: Readonly<Record<string, string>>;
}

/** The app with a `function.json` for each function. */
export async function resolved({ functions, yaml = '', host = {}, settings = {}, inputs = {} }: Written): Promise<App> {
  const files = Object.entries(functions).flatMap(([name, bindings]) => [
    [
      `${name}/function.json`,
      JSON.stringify({ bindings: typeof bindings === 'string' ? [triggerOf(bindings)] : bindings }),
    ],
    [`${name}/index.js`, ''],
  ]);
  const tree = sourceTree({ ...Object.fromEntries(files), 'host.json': JSON.stringify({ version: '2.0', ...host }) });
  const all = mergeSettings([plainLayer({ AzureWebJobsStorage: 'AccountName=a;AccountKey=b', ...settings })]);
  const project = settleProject(await discoverProject(tree), all);
  return resolveApp({
    inputs: parseRenderInputs(new Map(Object.entries({ name: 'shop', image: 'r/i:1', ...inputs }))),
    config: parseConfig(yaml, { file: 'aks-functions.yml' }),
    project,
    settings: all,
  });
}

/** A binding of that type with what the usual ones need. */
export function triggerOf(type: string): Readonly<Record<string, unknown>> {
  return {
    type,
    direction: 'in',
    name: 'x',
    queueName: 'jobs',
    path: 'in/{name}',
    schedule: '0 0 * * * *',
    connection: 'AzureWebJobsStorage',
  };
}
