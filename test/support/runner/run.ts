import type { ConcurrencyGroups } from './concurrency.ts';
import type { Repository } from './definitions.ts';
import type { Status } from './expressions.ts';
import type { Annotation } from './log.ts';
import type { Permissions } from './permissions.ts';
import type { ValueMap } from './values.ts';

/** What stands in for an action of someone else, by its exact reference; gives outputs. */
export type Stub = (step: {
  readonly inputs: Readonly<Record<string, string>>;
  readonly workspace: string;
  readonly environment: Readonly<Record<string, string>>;
}) => Promise<Readonly<Record<string, string>>>;

/** What starts a run. */
export interface RunEvent {
  /** As in `on:`, such as `pull_request`. */
  readonly name: string;
  /** The webhook's payload. */
  readonly payload: ValueMap;
  readonly ref: string;
  readonly sha: string;
  readonly headRef?: string;
  readonly baseRef?: string;
}

/** A job as the platform sees it before it starts. */
export interface JobFacts {
  readonly id: string;
  readonly permissions: Permissions;
  readonly environment: string | undefined;
  readonly event: RunEvent;
  /** The workflow file that holds the job, `owner/repo/path@ref`. */
  readonly workflowRef: string;
}

/** One run of a workflow. */
export interface RunOptions {
  /** The caller's repository, whose checkout is the workspace. */
  readonly repository: Repository;
  /** Path of the workflow in it. */
  readonly workflow: string;
  readonly event: RunEvent;
  /** Of `workflow_dispatch`. */
  readonly inputs?: ValueMap;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, string>>;
  /** Other repositories by `owner/name@ref`. */
  readonly others?: Readonly<Record<string, Repository>>;
  readonly stubs?: Readonly<Record<string, Stub>>;
  /** Environment that the platform gives to a job, such as the address of its identity tokens. */
  readonly platform?: (job: JobFacts) => Promise<Readonly<Record<string, string>>>;
  /** Shared by runs that take turns. */
  readonly concurrency?: ConcurrencyGroups;
  /** Cancels the run. */
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
}

export type Conclusion = Status | 'skipped';

/** How a step ended: `outcome` before `continue-on-error`, `conclusion` after. */
export interface StepRecord {
  readonly id: string;
  readonly name: string;
  readonly outcome: Conclusion;
  readonly conclusion: Conclusion;
  readonly outputs: Readonly<Record<string, string>>;
  readonly log: readonly string[];
  readonly annotations: readonly Annotation[];
  readonly summary: string;
}

/** How a job ended. */
export interface JobRecord {
  readonly id: string;
  /** The combination of its matrix. */
  readonly matrix: ValueMap;
  readonly conclusion: Conclusion;
  readonly outputs: ValueMap;
  readonly steps: readonly StepRecord[];
  readonly permissions: Permissions;
  /** Address of its environment, unless that holds a secret. */
  readonly environmentUrl?: string;
}

/** How a run ended. */
export interface RunRecord {
  readonly conclusion: Conclusion | 'startup_failure';
  /** Why nothing was started. */
  readonly reason?: string;
  readonly jobs: readonly JobRecord[];
  readonly outputs: ValueMap;
}
