import { resolve } from 'node:path';
import { declaredFunctions } from '../core/declared-functions.ts';
import { discoverProject } from '../core/discovery.ts';
import { discoveryJson, renderDiscovery } from '../core/discovery-report.ts';
import { discoveryRows } from '../core/discovery-rows.ts';
import { formatImageReference } from '../core/image.ts';
import { imageDifferences } from '../core/image-functions.ts';
import { type DiscoverInputs, parseDiscoverInputs } from '../core/inputs/inputs.ts';
import type { RawInputs } from '../core/inputs/reader.ts';
import { textFiles } from '../edges/text-files.ts';
import { AppFolder } from '../edges/workspace/app-folder.ts';
import { assertNoFaults } from '../errors.ts';
import { loadConfig } from '../flows/prepare.ts';
import { discoverInImage } from '../flows/prepare-image.ts';
import type { CommandSetting } from './command.ts';

/**
 * The functions of an app, as a table or as JSON, from its source and its `aks-functions.yml` only; with an image from
 * that one's layers, and then a folder that is named too must declare the same.
 */
export async function discoverApp(raw: RawInputs, format: 'table' | 'json', setting: CommandSetting): Promise<string> {
  const inputs = parseDiscoverInputs(raw);
  const { image } = inputs;
  const { project, config } =
    image === undefined ? await discoverFolder(inputs, setting) : await discoverImage({ ...inputs, image }, setting);
  if (format === 'json') return JSON.stringify(discoveryJson(project), undefined, 2);
  return renderDiscovery(project, discoveryRows(project, config));
}

async function discoverFolder(inputs: DiscoverInputs, { surroundings, output }: CommandSetting) {
  const { environment } = surroundings;
  const folder = new AppFolder({ directory: resolve(inputs.appDirectory), log: output, environment });
  const source = await folder.readSource();
  const config = await loadConfig(inputs, textFiles(process.cwd()), source);
  return { config, project: await discoverProject(source, declaredFunctions(config)) };
}

async function discoverImage(inputs: DiscoverInputs & { readonly image: string }, setting: CommandSetting) {
  const { openRegistries } = await import('./registries.ts');
  using registries = openRegistries(inputs, setting);
  const ports = { registryAt: (host: string) => registries.at(host), log: setting.output };
  const found = await discoverInImage(inputs, ports, setting.signal);
  if (inputs.isFolderGiven) {
    const { project } = await discoverFolder(inputs, setting);
    assertNoFaults(imageDifferences(project, found.project, formatImageReference(found.image)));
  }
  return found;
}
