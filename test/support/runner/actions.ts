import { join } from 'node:path';
import { type Definition, parseReference, type Repository, readAction } from './definitions.ts';
import { interpolate } from './expressions.ts';
import { type JobState, type StepFrame, scopeOf } from './job-state.ts';
import { StepLog } from './log.ts';
import { runSteps, type StepEnd, type StepRun, withFiles } from './steps.ts';
import { listOf, mapOf, textOf, type ValueMap } from './values.ts';

const deepest = 9;

/** Runs the action that a step uses: a stub of someone else's, a JavaScript action, or a composite one. */
export async function runAction(uses: string, step: ValueMap, run: StepRun): Promise<StepEnd> {
  const { state, frame, environment } = run;
  const given = mapOf(interpolate(step.with ?? null, scopeOf(state, frame, environment)));
  const stub = state.options.stubs?.[uses];
  if (stub) {
    const inputs = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, textOf(value)]));
    return { code: 0, outputs: await stub({ inputs, workspace: state.workspace, environment }), summary: '' };
  }
  const { repository, path } = locate(uses, state, frame);
  const action = readAction(repository, path);
  const inputs = inputsOf(action, given, run);
  const { using } = mapOf(action.content.runs);
  if (using === 'composite') return runComposite(action, join(repository.folder, path), inputs, run);
  if (using === 'node24') return runNode(action, join(repository.folder, path), inputs, run);
  throw new Error(`'using: ${textOf(using)}' is not modelled.`);
}

/** The folder of an action: `$/` is in the repository of the file that says so, `./` in the workspace. */
function locate(
  uses: string,
  { options, workspace }: JobState,
  frame: StepFrame,
): { readonly repository: Repository; readonly path: string } {
  const reference = parseReference(uses);
  switch (reference.kind) {
    case 'self':
      return { repository: frame.repository, path: reference.path };
    case 'workspace':
      return { repository: { name: options.repository.name, folder: workspace }, path: reference.path };
    case 'remote': {
      const repository = options.others?.[`${reference.repository}@${reference.ref}`];
      if (repository) return { repository, path: reference.path };
      throw new Error(`Unable to resolve action '${uses}': there is neither such a repository nor a stub for it.`);
    }
  }
}

/** Inputs with their defaults. The runner enforces neither `required` nor names: what is unknown is a warning. */
function inputsOf(
  { content }: Definition,
  given: ValueMap,
  { state, frame, log }: StepRun,
): Readonly<Record<string, string>> {
  const known = mapOf(content.inputs);
  const scope = scopeOf(state, { ...frame, inputs: undefined }, {});
  const unknown = Object.keys(given).filter(
    name => !Object.keys(known).some(each => each.toLowerCase() === name.toLowerCase()),
  );
  if (unknown.length > 0)
    log.write(
      `::warning::Unexpected input(s) '${unknown.join("', '")}', valid inputs are ['${Object.keys(known).join("', '")}']\n`,
    );
  const entries = Object.entries(known).map(([name, input]) => {
    const passed = Object.entries(given).find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1];
    return [name, textOf(passed ?? interpolate(mapOf(input).default ?? '', scope))];
  });
  return Object.fromEntries(entries);
}

async function runNode(
  action: Definition,
  folder: string,
  inputs: Readonly<Record<string, string>>,
  run: StepRun,
): Promise<StepEnd> {
  const { state, name } = run;
  const { main, post, 'post-if': condition } = mapOf(action.content.runs);
  const variables = Object.fromEntries(
    Object.entries(inputs).map(([each, value]) => [`INPUT_${each.toUpperCase().replaceAll(' ', '_')}`, value]),
  );
  const saved: Record<string, string> = {};
  const start = (script: string, more: Readonly<Record<string, string>>, as = run) =>
    withFiles(
      as,
      environment => ({
        program: process.execPath,
        args: [join(folder, script)],
        directory: state.workspace,
        environment: { ...environment, ...variables, ...more, GITHUB_ACTION_PATH: folder },
      }),
      (each, value) => {
        saved[`STATE_${each}`] = value;
      },
    );
  if (post !== undefined) {
    const log = new StepLog(state.masks, state.options.onLine);
    const later = { ...run, log, signal: new AbortController().signal };
    state.posts.push({
      name: `Post ${name}`,
      condition: textOf(condition ?? 'always()'),
      run: async () => (await start(textOf(post), saved, later)).code,
      log,
    });
  }
  return start(textOf(main), {});
}

async function runComposite(
  action: Definition,
  folder: string,
  inputs: Readonly<Record<string, string>>,
  run: StepRun,
): Promise<StepEnd> {
  const { state, frame, environment, log } = run;
  if (frame.depth >= deepest) throw new Error(`Composite action depth exceeded max depth ${deepest + 1}`);
  const inner: StepFrame = {
    repository: action.repository,
    steps: new Map(),
    inputs,
    actionPath: folder,
    depth: frame.depth + 1,
    environment,
  };
  const outer = state.status;
  const records = await runSteps(listOf(mapOf(action.content.runs).steps), state, inner);
  // What fails within is the failure of the one step without, which may go on regardless.
  const failed = state.status === 'failure' && outer !== 'failure';
  if (failed) state.status = outer;
  for (const record of records) {
    log.lines.push(...record.log);
    log.annotations.push(...record.annotations);
  }
  const scope = scopeOf(state, inner, environment);
  const outputs = Object.entries(mapOf(action.content.outputs)).map(([name, output]) => [
    name,
    textOf(interpolate(mapOf(output).value ?? '', scope)),
  ]);
  return {
    code: failed ? 1 : 0,
    outputs: Object.fromEntries(outputs),
    summary: records.map(record => record.summary).join(''),
  };
}
