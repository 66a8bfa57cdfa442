/** What a teardown came to. */
export interface TeardownResult {
  readonly app: string;
  readonly namespace: string;
  readonly dryRun: boolean;
  /** What was deleted, or would be: `Deployment/orders`, `Queue/orders`, `Image/orders@sha256:…`, `Namespace/shop`. */
  readonly deleted: readonly string[];
  /** What could not be deleted, each as a sentence with what to do. */
  readonly faults: readonly string[];
}

/** Outputs of the action; in a dry run `deleted` has what would be deleted. */
export function teardownOutputs({ deleted }: Pick<TeardownResult, 'deleted'>): Readonly<Record<string, string>> {
  return { deleted: JSON.stringify(deleted) };
}

/** Markdown for the job summary. */
export function teardownSummary(result: TeardownResult): string {
  const { deleted, faults } = result;
  return [
    `### Teardown of ${result.app}`,
    '',
    headlineOf(result),
    '',
    ...deleted.map(key => `- \`${key}\``),
    ...(deleted.length > 0 ? [''] : []),
    ...faults.flatMap(fault => [`> ❌ ${fault.replace(/\s*\n\s*/g, ' ').replaceAll('<', '&lt;')}`, '']),
  ].join('\n');
}

/** The same for a terminal. */
export function teardownText(result: TeardownResult): string {
  return [headlineOf(result), ...result.deleted.map(key => `  ${key}`), ...result.faults].join('\n');
}

function headlineOf({ app, namespace, dryRun, deleted, faults }: TeardownResult): string {
  if (deleted.length === 0 && faults.length === 0) return `There is nothing of ${app} in the namespace ${namespace}.`;
  const count = `${deleted.length} thing${deleted.length === 1 ? '' : 's'}`;
  return dryRun
    ? `${count} of ${app} would be deleted; nothing was changed.`
    : `Deleted ${count} of ${app}${faults.length > 0 ? ', but not everything is gone' : ' and waited until all was gone'}.`;
}
