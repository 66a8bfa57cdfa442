import { QueueClient } from './queue-client.mjs';
import { QueueListener } from './queue-listener.mjs';
import { queueOptions } from './queue-options.mjs';
import { connectionFor, resolved } from './settings.mjs';
import { WorkloadIdentity } from './workload-identity.mjs';

/** Listener for the queue trigger of `fn`; throws when a setting that it needs is missing or wrong. */
export function listenerFor({ fn, settings, host, run, log }) {
  const { queue, name } = queueOf(fn.trigger, settings);
  const poison = queueOf(fn.trigger, settings, '-poison').queue;
  const listener = new QueueListener({ queue, poison, options: queueOptions(host), run, log });
  return { name, start: () => listener.start(), stop: () => listener.stop() };
}

function queueOf({ queueName, connection }, { settingOf, environment }, suffix = '') {
  const name = `${resolved(queueName ?? '', settingOf).toLowerCase()}${suffix}`;
  const found = connectionFor(connection, settingOf);
  try {
    const by =
      typeof found === 'string' ? found : { ...found, identity: new WorkloadIdentity(environment, found.clientId) };
    return { queue: new QueueClient(by, name), name };
  } catch (error) {
    throw new Error(`The connection "${connection || 'AzureWebJobsStorage'}" is wrong: ${error.message}`);
  }
}

/** What a queue function may ask of its message beside the body. */
export function messageMetadata(message, text) {
  const moment = date => ({ json: JSON.stringify(`${date.toISOString().slice(0, 19)}+00:00`) });
  return {
    ...(text === undefined ? {} : { QueueTrigger: { string: text } }),
    Id: { string: message.id },
    DequeueCount: { json: String(message.dequeueCount) },
    PopReceipt: { string: message.popReceipt },
    InsertionTime: moment(message.inserted),
    ExpirationTime: moment(message.expires),
    NextVisibleTime: moment(message.nextVisible),
  };
}

/** Puts what the function gave to its `queue` outputs; a missing queue is made. */
export async function sendQueueOutputs({ fn, values, settings, host }) {
  const outputs = fn.bindings.filter(
    binding => binding.type.toLowerCase() === 'queue' && values[binding.name] !== undefined,
  );
  for (const binding of outputs) {
    const { queue } = queueOf(binding, settings);
    await queue.create();
    for (const body of bodies(values[binding.name]))
      await queue.put(queueOptions(host).isBase64 ? body.toString('base64') : body.toString('utf8'));
  }
}

function bodies(value) {
  if (value === null) return [];
  if (value.bytes !== undefined) return [Buffer.from(value.bytes, 'base64')];
  const plain = value.json === undefined ? (value.string ?? value.int ?? value.double) : JSON.parse(value.json);
  const list = Array.isArray(plain) ? plain : [plain];
  return list.map(item => Buffer.from(typeof item === 'object' ? JSON.stringify(item) : String(item)));
}
