import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import * as v from 'valibot';
import { outputOf } from './command.ts';

const object = v.looseObject({
  apiVersion: v.string(),
  kind: v.string(),
  metadata: v.looseObject({ name: v.string(), labels: v.optional(v.record(v.string(), v.string())) }),
});
export const manifests = v.array(object);
export type Manifest = v.InferOutput<typeof object>;

/** KEDA's definitions as released: with its patches, and the label that tells the version. Needs `kubectl` in `programs`. */
export async function kedaDefinitions(programs: string, module: string): Promise<readonly Manifest[]> {
  const { folder, version } = await moduleFolder(module, 'github.com/kedacore/keda/v2');
  const labels = { 'app.kubernetes.io/part-of': 'keda-operator', 'app.kubernetes.io/version': version };
  const definitions = await kustomized(programs, join(folder, 'config', 'crd'));
  return definitions.map(({ metadata, ...rest }) => ({
    ...rest,
    metadata: { ...metadata, labels: { ...metadata.labels, ...labels } },
  }));
}

/** How fake nodes and their pods come up and go, without delays. Needs `kubectl` in `programs`. */
export async function kwokStages(programs: string, module: string): Promise<readonly Manifest[]> {
  const { folder } = await moduleFolder(module, 'sigs.k8s.io/kwok');
  return kustomized(programs, join(folder, 'kustomize', 'stage', 'fast'));
}

async function moduleFolder(cwd: string, name: string): Promise<{ folder: string; version: string }> {
  const [folder = '', version = ''] = (
    await outputOf('go', ['list', '-m', '-f', '{{.Dir}}\n{{.Version}}', name], { cwd })
  )
    .trim()
    .split('\n');
  return { folder, version: version.replace(/^v/, '') };
}

async function kustomized(programs: string, folder: string): Promise<readonly Manifest[]> {
  return v.parse(manifests, loadAll(await outputOf(join(programs, 'kubectl'), ['kustomize', folder])));
}
