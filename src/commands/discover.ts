import { resolve } from 'node:path';
import { declaredFunctions } from '../core/declared-functions.ts';
import { discoverProject } from '../core/discovery.ts';
import { discoveryJson, renderDiscovery } from '../core/discovery-report.ts';
import { discoveryRows } from '../core/discovery-rows.ts';
import { parseDiscoverInputs } from '../core/inputs/inputs.ts';
import type { RawInputs } from '../core/inputs/reader.ts';
import { textFiles } from '../edges/text-files.ts';
import { AppFolder } from '../edges/workspace/app-folder.ts';
import { loadConfig } from '../flows/prepare.ts';
import type { Surroundings } from '../inputs.ts';
import type { Output } from '../outputs.ts';

/** The functions of an app, as a table or as JSON; reads its source and its `aks-functions.yml` only. */
export async function discoverApp(
  raw: RawInputs,
  format: 'table' | 'json',
  surroundings: Surroundings,
  output: Output,
): Promise<string> {
  const inputs = parseDiscoverInputs(raw);
  const folder = new AppFolder({
    directory: resolve(inputs.appDirectory),
    log: output,
    environment: surroundings.environment,
  });
  const source = await folder.readSource();
  const config = await loadConfig(inputs, textFiles(process.cwd()), source);
  const project = await discoverProject(source, declaredFunctions(config));
  if (format === 'json') return JSON.stringify(discoveryJson(project), undefined, 2);
  return renderDiscovery(project, discoveryRows(project, config));
}
