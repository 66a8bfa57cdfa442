import { resolve } from 'node:path';
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

/** The functions of an app, as a table or as JSON; reads its source only. */
export async function discoverApp(
  raw: RawInputs,
  format: 'table' | 'json',
  surroundings: Surroundings,
  output: Output,
): Promise<string> {
  const inputs = parseDiscoverInputs(raw);
  const { appDirectory } = inputs;
  const folder = new AppFolder({
    directory: resolve(appDirectory),
    log: output,
    environment: surroundings.environment,
  });
  const source = await folder.readSource();
  const project = await discoverProject(source);
  if (format === 'json') return JSON.stringify(discoveryJson(project), undefined, 2);
  const config = await loadConfig(inputs, textFiles(process.cwd()), source);
  return renderDiscovery(project, discoveryRows(project, config));
}
