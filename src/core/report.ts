import { type App, pathOf, type Workload } from './app.ts';
import { formatImageReference, type ImageReference } from './image.ts';
import { scalerText } from './scalers/scaler-text.ts';

/** What a report knows of a deployment; a failed one knows less. */
export interface DeploymentFacts {
  readonly image?: { readonly image: ImageReference; readonly built: boolean } | undefined;
  readonly changes?:
    | {
        readonly created: readonly string[];
        readonly changed: readonly string[];
        readonly deleted: readonly string[];
        readonly unchanged: readonly string[];
      }
    | undefined;
  readonly release?: number | undefined;
  readonly previousImage?: string | undefined;
  readonly createdNamespace?: boolean | undefined;
  readonly recorded?: 'failed' | 'interrupted' | undefined;
  readonly url?: string | undefined;
  readonly phases?: readonly { readonly name: string; readonly seconds: number }[] | undefined;
}

/** Outputs of the root action; what is not known stays undefined. */
export function deploymentOutputs(app: App, facts: DeploymentFacts): Readonly<Record<string, string | undefined>> {
  const { image, changes, release, previousImage, url } = facts;
  const moved = changes && [changes.created, changes.changed, changes.deleted].some(keys => keys.length > 0);
  return {
    name: app.name,
    namespace: app.namespace,
    image: image && formatImageReference(image.image),
    digest: image?.image.digest,
    built: image && String(image.built),
    changed: moved === undefined ? undefined : String(moved),
    url,
    functions: JSON.stringify(functionsOf(app, url)),
    plan: changes && JSON.stringify(changes),
    release: release === undefined ? undefined : String(release),
    'previous-image': previousImage,
  };
}

/** Job summary of a deployment that went well. */
export function deploymentSummary(app: App, facts: DeploymentFacts): string {
  return [
    `### ${app.name}: deployed as release ${facts.release}`,
    '',
    ...headOf(app, facts),
    '',
    ...functionTable(app, facts.url),
    '',
    ...changeList(facts),
    ...noticeList(app),
    ...phaseTable(facts),
  ].join('\n');
}

/** Job summary of a deployment that failed: the cause first, then what was done before it. */
export function failureSummary(app: App, facts: DeploymentFacts, cause: string): string {
  const [first = '', ...rest] = cause.split('\n');
  const details = rest.length > 0 ? ['', ...fenced(rest)] : [];
  return [
    `### ${app.name}: not deployed`,
    '',
    `**${inline(first)}**`,
    ...details,
    '',
    stateText(facts),
    '',
    ...headOf(app, facts),
    '',
    ...functionTable(app, facts.url),
    '',
    ...changeList(facts),
    ...phaseTable(facts),
  ].join('\n');
}

/** The state that the cluster was left in. */
function stateText({ release, recorded, previousImage, createdNamespace }: DeploymentFacts): string {
  if (release === undefined)
    return createdNamespace
      ? 'The namespace was created; nothing else was changed in the cluster.'
      : 'Nothing was changed in the cluster.';
  const record = recorded
    ? `Release ${release} is recorded as ${recorded}.`
    : `Release ${release} could not be recorded as ended and stays "pending" until the next run takes it over.`;
  return previousImage
    ? `${record} Pods of the earlier release keep running until new ones are ready.`
    : `${record} There was no earlier release.`;
}

/** Text that the page shows as it is: nothing in it becomes an element or a link. */
function inline(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('](', ']\\(').replaceAll('**', '\\*\\*');
}

/** The same facts for a terminal. */
export function deploymentText(app: App, facts: DeploymentFacts): string {
  const functions = functionsOf(app, facts.url).map(
    fn => `  ${fn.name}  ${fn.trigger}  ${fn.workload}${fn.url ? `  ${fn.url}` : ''}`,
  );
  const image = facts.image ? formatImageReference(facts.image.image) : '';
  return [
    `${app.name} is deployed as release ${facts.release} in namespace ${app.namespace}`,
    `image ${image}`,
    ...functions,
  ].join('\n');
}

interface ReportedFunction {
  readonly name: string;
  readonly trigger: string;
  readonly workload: string;
  readonly url?: string;
}

/** Functions of all workloads in the shape of the output `functions`. */
export function functionsOf(app: App, url: string | undefined): readonly ReportedFunction[] {
  return app.workloads.flatMap(workload =>
    workload.functions.map(fn => {
      const path = pathOf(app.project, fn);
      return {
        name: fn.name,
        trigger: fn.bindings[0].type,
        workload: workload.name,
        ...(url && path ? { url: `${url}${path}` } : {}),
      };
    }),
  );
}

function headOf(app: App, { image, url, previousImage }: DeploymentFacts): readonly string[] {
  const rows = [
    ['Namespace', app.namespace],
    ...(image ? [['Image', `${formatImageReference(image.image)} (${image.built ? 'built' : 'not built'})`]] : []),
    ...(previousImage ? [['Image before', previousImage]] : []),
    ...(url ? [['Address', url]] : []),
  ];
  return ['| | |', '| --- | --- |', ...rows.map(([name, value]) => `| ${name} | \`${value}\` |`)];
}

function functionTable(app: App, url: string | undefined): readonly string[] {
  const rows = app.workloads.flatMap(workload =>
    workload.functions.map(fn => {
      const path = pathOf(app.project, fn);
      const where = url && path ? `${url}${path}` : (path ?? '');
      return `| ${cell(fn.name)} | ${cell(fn.bindings[0].type)} | ${workload.objectName} | ${cell(scalingText(workload, fn.name))} | ${cell(where)} |`;
    }),
  );
  return ['| Function | Trigger | Runs in | Scaling | Address |', '| --- | --- | --- | --- | --- |', ...rows];
}

/** How many replicas a function gets and why, e.g. `0 to 15 by azure-queue "orders", 5 messages each`. */
export function scalingText({ scaling }: Workload, name: string): string {
  if (scaling.kind === 'fixed') return `${scaling.replicas} fixed`;
  const range = `${scaling.minReplicas} to ${scaling.maxReplicas}`;
  if (scaling.kind === 'cpu') return `${range} by CPU`;
  const scaler = scaling.scalers.find(one => one.function === name)?.scaler;
  if (!scaler) return range;
  return `${range} by ${scalerText(scaler)}`;
}

function changeList({ changes }: DeploymentFacts): readonly string[] {
  if (!changes) return [];
  const lines = [
    ...changes.created.map(key => `+ ${key}`),
    ...changes.changed.map(key => `! ${key}`),
    ...changes.deleted.map(key => `- ${key}`),
  ];
  const unchanged = `${changes.unchanged.length} objects were left as they were.`;
  return lines.length === 0
    ? [unchanged, '']
    : ['```diff', ...lines, '```', '', ...(changes.unchanged.length > 0 ? [unchanged, ''] : [])];
}

function noticeList(app: App): readonly string[] {
  return app.notices.length === 0 ? [] : [...app.notices.map(({ message }) => `> [!NOTE]\n> ${message}\n`), ''];
}

function phaseTable({ phases = [] }: DeploymentFacts): readonly string[] {
  if (phases.length === 0) return [];
  return [
    '| Phase | Seconds |',
    '| --- | ---: |',
    ...phases.map(({ name, seconds }) => `| ${name} | ${seconds.toFixed(1)} |`),
    '',
  ];
}

/** A fence longer than any in the text, so that no line of a log can end it. */
function fenced(lines: readonly string[]): readonly string[] {
  const longest = Math.max(2, ...lines.flatMap(line => [...line.matchAll(/`+/g)].map(match => match[0].length)));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}text`, ...lines, fence];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\r?\n/g, ' ');
}
