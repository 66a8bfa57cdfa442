import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ArmRefusal } from './arm-answer.ts';
import { type ArmRoute, inSubscription } from './arm-routes.ts';

interface Operation {
  readonly id: string;
  readonly startTime: string;
  endTime?: string;
  status: 'InProgress' | 'Succeeded' | 'Failed';
}

/** Changes that take their time, and the addresses to follow them. */
export class Operations {
  readonly #operations = new Map<string, Operation>();

  /** Begins one that ends after `duration` milliseconds with `finish`; gives the path to ask for its state. */
  begin(subscriptionId: string, location: string, duration: number, finish: () => void): string {
    const operation: Operation = { id: randomUUID(), startTime: new Date().toISOString(), status: 'InProgress' };
    this.#operations.set(operation.id, operation);
    void pause(duration, undefined, { ref: false }).then(() => {
      finish();
      operation.status = 'Succeeded';
      operation.endTime = new Date().toISOString();
    });
    return `/subscriptions/${subscriptionId}/providers/Microsoft.ContainerService/locations/${location}/operations/${operation.id}`;
  }

  readonly routes: readonly ArmRoute[] = [
    {
      method: 'GET',
      scope: inSubscription,
      rest: '/providers/Microsoft.ContainerService/locations/{location}/operations/{operation}',
      action: 'Microsoft.ContainerService/locations/operations/read',
      // Who began it may follow it, whatever else he may.
      check: 'handler',
      handle: ({ params }) => {
        const operation = this.#operations.get(params.operation ?? '');
        if (!operation) throw new ArmRefusal(404, 'NotFound', 'The operation could not be found.');
        const { id: name, status, startTime, endTime } = operation;
        return { status: 200, body: { name, status, startTime, ...(endTime ? { endTime } : {}) } };
      },
    },
  ];
}
