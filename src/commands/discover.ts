import { resolve } from 'node:path';
import { discoverProject } from '../core/discovery.ts';
import { discoveryJson, renderDiscovery } from '../core/discovery-report.ts';
import { parseDiscoverInputs } from '../core/inputs/inputs.ts';
import type { RawInputs } from '../core/inputs/reader.ts';
import { AppFolder } from '../edges/workspace/app-folder.ts';
import type { Surroundings } from '../inputs.ts';
import type { Output } from '../outputs.ts';

/** The functions of an app, as a table or as JSON; reads its source only. */
export async function discoverApp(
  raw: RawInputs,
  format: 'table' | 'json',
  surroundings: Surroundings,
  output: Output,
): Promise<string> {
  const { appDirectory } = parseDiscoverInputs(raw);
  const folder = new AppFolder({
    directory: resolve(appDirectory),
    log: output,
    environment: surroundings.environment,
  });
  const project = await discoverProject(await folder.readSource());
  return format === 'json' ? JSON.stringify(discoveryJson(project), undefined, 2) : renderDiscovery(project);
}
