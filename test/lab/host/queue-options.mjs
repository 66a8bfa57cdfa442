import { availableParallelism } from 'node:os';

/** `extensions.queues` of host.json with the host's defaults; intervals in milliseconds. Throws on a wrong value. */
export function queueOptions(host) {
  const given = host.extensions?.queues ?? {};
  const batchSize = within(given.batchSize ?? 16, 1, 32, 'batchSize');
  const half = Math.ceil(batchSize / 2) * availableParallelism();
  return {
    batchSize,
    newBatchThreshold: within(given.newBatchThreshold ?? half, 0, 1000, 'newBatchThreshold'),
    maxDequeueCount: within(given.maxDequeueCount ?? 5, 1, 2 ** 31, 'maxDequeueCount'),
    maxPollingInterval: Math.max(100, interval(given.maxPollingInterval ?? '00:01:00')),
    visibilityTimeout: interval(given.visibilityTimeout ?? '00:00:00'),
    isBase64: String(given.messageEncoding ?? 'base64').toLowerCase() !== 'none',
  };
}

function within(value, least, most, name) {
  const number = Number(value);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new Error(
    `"extensions.queues.${name}" of host.json must be a whole number from ${least} to ${most}, got "${value}".`,
  );
}

/** Milliseconds of `hh:mm:ss`, with days and fractions if need be; a plain number is milliseconds already. */
function interval(value) {
  if (/^\d+$/.test(String(value))) return Number(value);
  const match = /^(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(String(value));
  if (!match) throw new Error(`An interval of host.json must be like "00:00:05", got "${value}".`);
  const [, days = 0, hours, minutes, seconds] = match.map(part => Number(part ?? 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}
