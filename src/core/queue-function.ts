import { assertNoFaults, type Fault, UserError } from '../errors.ts';
import { didYouMean } from './nearest.ts';
import type { AppFunction, HostJson, Project } from './project.ts';
import { azureQueueScaler } from './scalers/azure-queue.ts';
import { Secret } from './secret.ts';
import { findSetting, type Settings } from './settings.ts';

/** Largest message of a storage queue, in bytes. */
const messageLimit = 64 * 1024;

/** The queue that a function reads. */
export interface QueueOfFunction {
  readonly queue: string;
  /** Connection string. */
  readonly connection: Secret;
}

/** Functions with a queue trigger that are not disabled. */
export function queueFunctionsOf(project: Project): readonly AppFunction[] {
  return project.functions.filter(fn => !fn.disabled && fn.bindings[0].type.toLowerCase() === 'queuetrigger');
}

/** The queue function of that name, else the only one; throws UserError that quotes `input` when it cannot be told. */
export function chooseQueueFunction(project: Project, name: string | undefined, input = 'function'): AppFunction {
  const functions = queueFunctionsOf(project);
  const names = functions.map(fn => fn.name);
  const chosen = name === undefined && functions.length === 1 ? functions[0] : functions.find(fn => fn.name === name);
  if (chosen) return chosen;
  if (names.length === 0)
    throw new UserError(
      'The app has no function with a storage queue trigger. Only such a function can be tested with messages.',
    );
  const list = names.map(one => `"${one}"`).join(', ');
  if (name === undefined)
    throw new UserError(`Input "${input}" is missing, and the app has several queue functions. Choose one of ${list}.`);
  const other = project.functions.find(fn => fn.name === name);
  if (other)
    throw new UserError(
      `Function "${name}" of "${input}" has the trigger "${other.bindings[0].type}"${other.disabled ? ' and is disabled' : ''}. Choose one of ${list}.`,
    );
  throw new UserError(
    `"${input}" names the function "${name}", which the code does not have.${didYouMean(name, names) || ` Its queue functions are ${list}.`}`,
  );
}

/** Queue and connection of a function by these settings; throws UserError with every fault. */
export function queueOf(fn: AppFunction, project: Project, settings: Settings): QueueOfFunction {
  const faults: Fault[] = [];
  const scaler = azureQueueScaler({
    binding: fn.bindings[0],
    host: project.host,
    config: {},
    settings,
    fault: message => faults.push({ message, place: fn.place }),
  });
  assertNoFaults(faults);
  if (!scaler?.connection || !scaler.metadata.queueName)
    throw new UserError(`Function "${fn.name}" does not say which queue it reads.`);
  const { connection } = scaler;
  if (connection.kind === 'identity') {
    throw new UserError(
      `Connection "${connection.setting}" of function "${fn.name}" is an identity, with which this machine cannot sign in. Give "${connection.setting}" as a connection string in the input "secret-settings".`,
    );
  }
  const found = findSetting(settings, connection.setting);
  if (found.kind === 'value') return { queue: scaler.metadata.queueName, connection: new Secret(found.value) };
  throw new UserError(
    `The value of the setting "${connection.setting}" of function "${fn.name}" is not known here. Give it in the input "secret-settings".`,
  );
}

/** Text of a message as the host expects it: Base64, or as it is where host.json says so. Throws UserError when it is too large. */
export function encodeMessage(text: string, host: HostJson): string {
  const queues = host.extensions?.queues;
  const encoding =
    typeof queues === 'object' && queues !== null && 'messageEncoding' in queues ? queues.messageEncoding : 'base64';
  const encoded = String(encoding).toLowerCase() === 'none' ? text : Buffer.from(text, 'utf8').toString('base64');
  if (Buffer.byteLength(encoded) <= messageLimit) return encoded;
  throw new UserError(
    `The message is ${Buffer.byteLength(encoded)} bytes long as it is sent. A queue takes at most ${messageLimit}; shorten it.`,
  );
}
