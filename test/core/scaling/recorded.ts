import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';
import * as v from 'valibot';
import type { App } from '../../../src/core/app.ts';
import { definedOf } from '../../../src/core/defined.ts';
import { renderObjects } from '../../../src/core/manifests/render.ts';
import { storageText } from './access.ts';
import { type ScalingCase, scalingCases } from './cases.ts';
import { objectsOf } from './models.ts';

const folder = join(import.meta.dirname, '../../golden/scaling');
const record = v.object({ given: v.unknown(), becomes: v.unknown() });

const scaledSpec = v.object({
  minReplicaCount: v.number(),
  maxReplicaCount: v.number(),
  triggers: v.array(v.looseObject({})),
});
const fixedSpec = v.object({ replicas: v.optional(v.number()) });

/** What stands in a file for one case: what the app says, and what becomes of it. */
export type Recorded = v.InferOutput<typeof record>;

/** All that is recorded, by file and name of the case. */
export function readRecorded(): ReadonlyMap<string, Recorded> {
  const files = readdirSync(folder).filter(name => name.endsWith('.yaml'));
  return new Map(
    files.flatMap(name => {
      const cases = v.parse(v.record(v.string(), record), load(readFileSync(join(folder, name), 'utf8')));
      return Object.entries(cases).map(([title, one]) => [`${name.replace(/\.yaml$/, '')}: ${title}`, one] as const);
    }),
  );
}

/** Name of a case beside those of all files. */
export function keyOfCase({ file, name }: ScalingCase): string {
  return `${file}: ${name}`;
}

/** Writes the files anew from these records, one line for each small part. */
export function writeRecorded(records: ReadonlyMap<string, Recorded>): void {
  for (const name of readdirSync(folder)) if (name.endsWith('.yaml')) rmSync(join(folder, name));
  const texts = Map.groupBy(scalingCases, one => one.file);
  for (const [file, cases] of texts) {
    const text = cases.map(one => textOf(one.name, records.get(keyOfCase(one)))).join('\n');
    writeFileSync(join(folder, `${file}.yaml`), text);
  }
}

function textOf(name: string, recorded: Recorded | undefined): string {
  const part = (value: unknown, flowLevel: number) =>
    dump(value, { lineWidth: -1, noRefs: true, flowLevel }).replace(/^/gm, '    ').trimEnd();
  return `${dump({ [name]: null }).replace(/ null\n$/, '')}\n  given:\n${part(recorded?.given, 1)}\n  becomes:\n${part(recorded?.becomes, 3)}\n`;
}

/** A case as it is recorded; the storage account that every app has is left out. */
export function recordedOf({ binding, settings = {}, host, keda, function: options }: ScalingCase, app: App): Recorded {
  const shown = Object.entries(settings).filter(
    ([name, value]) => name !== 'AzureWebJobsStorage' || value !== storageText,
  );
  return plainOf({
    given: {
      binding,
      ...definedOf({ function: options, host, keda }),
      ...filled({ settings: Object.fromEntries(shown) }),
    },
    becomes: outcomeOf(app),
  });
}

/** What a case is judged by: workload, replicas, triggers, sign-in and what is said. */
function outcomeOf(app: App): object {
  const objects = objectsOf(app);
  const [workload] = app.workloads;
  const ofKind = (kind: string) =>
    objects.filter(object => object.kind === kind && !object.metadata.name.includes('settings'));
  const [scaled] = ofKind('ScaledObject').map(object => v.parse(scaledSpec, object.spec));
  const [deployment] = ofKind('Deployment').map(object => v.parse(fixedSpec, object.spec));
  return {
    workload: workload?.name ?? 'none',
    replicas: scaled ? `${scaled.minReplicaCount} to ${scaled.maxReplicaCount}` : deployment?.replicas,
    ...filled({
      triggers: scaled?.triggers ?? [],
      authentication: ofKind('TriggerAuthentication').map(object => object.spec),
      secrets: ofKind('Secret').map(object => object.data),
      said: app.notices.map(notice => notice.message),
    }),
  };
}

/** Those of the fields that are not empty. */
function filled(fields: Readonly<Record<string, object>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => Object.keys(value).length > 0));
}

/** As it is rendered, with nothing of a Secret in clear. */
function plainOf(shown: Recorded): Recorded {
  const object = { apiVersion: '', kind: '', metadata: { name: '' }, shown };
  const text = renderObjects([object], { format: 'json', includeSecrets: false });
  return v.parse(v.object({ items: v.tuple([v.object({ shown: record })]) }), JSON.parse(text)).items[0].shown;
}
