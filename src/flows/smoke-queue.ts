import type { HostJson } from '../core/project.ts';
import { encodeMessage } from '../core/queue-function.ts';
import type { Secret } from '../core/secret.ts';
import type { QueueCheck } from '../core/smoke-checks.ts';
import type { CheckResult } from '../core/smoke-report.ts';
import { type Clock, lookUntil } from './clock.ts';
import { countGivenUp } from './poison-queue.ts';
import type { OpenQueue, StorageQueue } from './queue-port.ts';

/** Milliseconds between two looks. */
const every = 500;

interface QueueCheckPorts {
  readonly openQueue: OpenQueue;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Puts one message and waits until it is consumed; the message that the function gives up fails the check at once. */
export async function checkQueue(
  check: QueueCheck,
  {
    connection,
    queue: name,
    host,
    until,
  }: {
    readonly connection: Secret;
    readonly queue: string;
    readonly host: HostJson;
    /** Moment of the clock at which the whole test ends. */
    readonly until: number;
  },
  { openQueue, clock, signal }: QueueCheckPorts,
): Promise<CheckResult> {
  const text = encodeMessage(check.send, host);
  const queue = openQueue(connection, name);
  const poison = openQueue(connection, `${name}-poison`);
  const before = await queue.count();
  const poisonBefore = await countGivenUp(poison);
  const began = clock.now();
  await queue.put(text);
  const end = Math.min(until, began + check.within * 1000);
  const outcome = await lookUntil({ clock, until: end, every, signal }, async () => {
    if ((await countGivenUp(poison)) > poisonBefore) return 'given up';
    return (await isConsumed(queue, text, before)) ? 'consumed' : undefined;
  });
  return {
    title: check.title,
    via: `queue ${name}`,
    attempts: 1,
    milliseconds: clock.now() - began,
    faults: faultsOf(outcome, check, poison.name),
  };
}

/** Others may use the queue too: then the message is gone when it is not seen and no more messages are there than before. */
async function isConsumed(queue: StorageQueue, text: string, before: number): Promise<boolean> {
  const count = await queue.count();
  if (count === 0) return true;
  return count <= before && !(await queue.peek()).includes(text);
}

function faultsOf(outcome: 'consumed' | 'given up' | undefined, check: QueueCheck, poison: string): readonly string[] {
  if (outcome === 'consumed') return [];
  if (outcome === 'given up')
    return [`the function failed on the message, which is now in the queue "${poison}": read the log of its pods`];
  return [
    `the message was not consumed within ${check.within} s: see whether the ScaledObject is ready and the function starts`,
  ];
}
