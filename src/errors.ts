/** Where in the user's files a fault lies; `line` and `column` count from 1, `file` is relative to the app folder. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** One thing the user can repair: what failed, then what to do, in one or two sentences. */
export interface Fault {
  readonly message: string;
  readonly place?: Place;
}

/** What the user can repair: shown without a stack, with every fault found and the place of each. */
export class UserError extends Error {
  override readonly name: string = 'UserError';
  readonly faults: readonly Fault[];

  constructor(faults: string | Fault | readonly Fault[], options?: ErrorOptions) {
    const list = typeof faults === 'string' ? [{ message: faults }] : 'message' in faults ? [faults] : faults;
    super(list.map(describeFault).join('\n'), options);
    this.faults = list;
  }
}

/** Wrong usage, configuration or code, found before anything was contacted; the command line ends with 2. */
export class UsageError extends UserError {}

/** The same faults as one of usage, for what is found before anything is contacted; anything else unchanged. */
export function asUsageError(error: unknown): unknown {
  return error instanceof UserError && !(error instanceof Interrupted)
    ? new UsageError(error.faults, { cause: error })
    : error;
}

/** The run was stopped from outside (SIGINT, SIGTERM); the command line ends with 130. */
export class Interrupted extends UserError {}

/** A remote side answered with an HTTP status that is no success. */
export class RemoteError extends UserError {
  readonly status: number;

  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** One error for several: the first, or all faults together, each once, where every error is the user's to repair. */
export function joinedError(reasons: readonly unknown[]): unknown {
  const lists = reasons.flatMap(reason =>
    reason instanceof UserError && !(reason instanceof Interrupted) ? [reason.faults] : [],
  );
  if (reasons.length < 2 || lists.length < reasons.length) return reasons[0];
  const faults = new Map(lists.flat().map(fault => [describeFault(fault), fault]));
  return faults.size === 1 ? reasons[0] : new UserError([...faults.values()], { cause: reasons[0] });
}

/** The results of all, or `joinedError` of what they threw, once all have ended. */
export async function allOrFaults<Result>(work: readonly Promise<Result>[]): Promise<readonly Result[]> {
  const settled = await Promise.allSettled(work);
  const reasons = settled.flatMap(result => (result.status === 'rejected' ? [result.reason] : []));
  if (reasons.length > 0) throw joinedError(reasons);
  return Promise.all(work);
}

/** Throws one UserError with all `faults`, or returns when there are none. */
export function assertNoFaults(faults: readonly Fault[]): void {
  if (faults.length > 0) throw new UserError(faults);
}

/** Text form of a place: `file`, `file:line` or `file:line:column`. */
export function describePlace(place: Place): string {
  return [place.file, place.line, place.column].filter(part => part !== undefined).join(':');
}

/** One line for a fault: its place, when there is one, before its message. */
export function describeFault(fault: Fault): string {
  return fault.place ? `${describePlace(fault.place)}: ${fault.message}` : fault.message;
}

/** What to show for a thrown value of any type: the message of a UserError, else the stack. */
export function describeError(error: unknown): string {
  if (error instanceof UserError) return error.message;
  if (error instanceof Error) return error.stack ?? error.message;
  return String(error);
}
