import type { App } from '../core/app.ts';
import type { Cluster } from './cluster-port.ts';
import type { Deadline } from './deadline.ts';
import type { Log } from './ports.ts';

/** What waiting needs. */
export interface WaitContext {
  readonly cluster: Cluster;
  readonly log: Log;
  readonly deadline: Deadline;
  readonly app: App;
  /** When the deployment began; older events are not its own. */
  readonly since: Date;
}

/** How long a fault must last: a first pull, or a first look of KEDA, may fail and the next succeed. Milliseconds. */
export const patience = 8000;
