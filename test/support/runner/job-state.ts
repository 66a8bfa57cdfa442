import type { Repository } from './definitions.ts';
import type { Scope, Status } from './expressions.ts';
import type { StepLog } from './log.ts';
import type { Masks } from './masks.ts';
import type { Conclusion, RunOptions } from './run.ts';
import { mapOf, type ValueMap } from './values.ts';

/** What a step of a job left for the end of the job. */
export interface PostStep {
  readonly name: string;
  readonly condition: string;
  run(): Promise<number>;
  readonly log: StepLog;
}

/** What the steps of one job share. */
export interface JobState {
  readonly options: RunOptions;
  readonly masks: Masks;
  readonly workspace: string;
  /** Folder for files of the runner and `RUNNER_TEMP`. */
  readonly temporary: string;
  /** Contexts that stay the same: github, secrets, vars, matrix, needs, inputs, strategy, runner. */
  readonly contexts: ValueMap;
  /** Variables of the platform, such as the address of identity tokens. */
  readonly platform: Readonly<Record<string, string>>;
  /** What steps set for later ones by GITHUB_ENV, over what workflow and job say. */
  readonly environment: Map<string, string>;
  readonly path: string[];
  readonly posts: PostStep[];
  status: Status;
  readonly signal: AbortSignal;
}

/** Where a list of steps stands: in a job, or in a composite action that a job's step uses. */
export interface StepFrame {
  readonly repository: Repository;
  /** Contexts of this list alone: `steps`, and in a composite its `inputs` and the path of its action. */
  readonly steps: Map<
    string,
    {
      readonly outputs: Readonly<Record<string, string>>;
      readonly outcome: Conclusion;
      readonly conclusion: Conclusion;
    }
  >;
  readonly inputs: ValueMap | undefined;
  readonly actionPath: string | undefined;
  /** How many composites this one is in. */
  readonly depth: number;
  /** Environment of the composite's own step. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What expressions of a step see. */
export function scopeOf(state: JobState, frame: StepFrame, environment: Readonly<Record<string, string>>): Scope {
  const { contexts, workspace, status } = state;
  const inComposite = frame.depth > 0;
  const github = { ...mapOf(contexts.github), ...(frame.actionPath ? { action_path: frame.actionPath } : {}) };
  const steps = Object.fromEntries(
    [...frame.steps].map(([id, { outputs, outcome, conclusion }]) => [id, { outputs, outcome, conclusion }]),
  );
  // A composite action sees neither secrets nor variables nor what its job needs.
  const { secrets: _, vars: __, needs: ___, ...visible } = contexts;
  return {
    contexts: {
      ...(inComposite ? visible : contexts),
      github,
      steps,
      env: environment,
      job: { status },
      ...(frame.inputs ? { inputs: frame.inputs } : {}),
    },
    status,
    workspace,
  };
}
