import { Secret } from '../secret.ts';
import { connectionFor } from './connect.ts';
import type { Scaler, ScalerContext, ScalerParameter } from './scaler.ts';
import { activationOf, requiredText, thresholdOf } from './values.ts';

interface Access {
  readonly parameters: readonly ScalerParameter[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** KEDA's `redis` by the length of a list. Undefined after a fault, or when KEDA cannot sign in. */
export function redisListScaler(context: ScalerContext): Scaler | undefined {
  const listName = requiredText(context, ['key'], 'Redis list trigger');
  const access = accessOf(context, 'Redis list trigger');
  const listLength = batchOf(context);
  if (listName === undefined || !access || listLength === undefined) return undefined;
  return {
    type: 'redis',
    metadata: { listName, listLength, ...activationOf(context, 'activationListLength'), ...access.metadata },
    parameters: access.parameters,
  };
}

/**
 * KEDA's `redis-streams` by the lag of the function's consumer group. Only Redis 7 knows the lag and only a started host
 * makes the group, so it is made only with a `threshold` in the file, beside one replica that always stays.
 */
export function redisStreamScaler(context: ScalerContext): Scaler | undefined {
  const stream = requiredText(context, ['key'], 'Redis stream trigger');
  const access = accessOf(context, 'Redis stream trigger');
  if (stream === undefined || !access) return undefined;
  if (context.config.threshold === undefined) {
    context.keepOne?.(
      'the host itself makes the consumer group whose lag KEDA could watch. With Redis 7 or newer, set "threshold" for it to have more replicas under load',
    );
    return undefined;
  }
  context.keepOne?.('the host itself makes the consumer group whose lag KEDA watches');
  return {
    type: 'redis-streams',
    metadata: {
      stream,
      consumerGroup: context.functionName ?? '',
      lagCount: String(context.config.threshold),
      ...activationOf(context, 'activationLagCount'),
      ...access.metadata,
    },
    parameters: access.parameters,
  };
}

/** Messages of a channel are not kept: there is no backlog, and every replica gets each of them. */
export function redisPubSubScaler(context: ScalerContext): undefined {
  requiredText(context, ['channel'], 'Redis pub/sub trigger');
  const found = connectionOf(context, 'Redis pub/sub trigger');
  if (found)
    context.keepOne?.(
      'a channel keeps no messages that KEDA could count, and every further replica would get each message again',
    );
  return undefined;
}

function connectionOf(context: ScalerContext, trigger: string) {
  return connectionFor(context, {
    keys: ['connection', 'connectionStringSetting'],
    trigger,
    service: 'redis',
    address: 'redisHostName',
  });
}

/** The largest batch is a number of the binding. */
function batchOf(context: ScalerContext): string | undefined {
  const value = context.config.threshold ?? context.binding.maxBatchSize ?? 16;
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 1)
    return thresholdOf({ ...context, config: { threshold: number } }, { extension: 'redis', paths: [], otherwise: 16 });
  context.fault(
    `Key "maxBatchSize" of the Redis list trigger must be a whole number above 0, got ${JSON.stringify(value)}.`,
  );
  return undefined;
}

function accessOf(context: ScalerContext, trigger: string): Access | undefined {
  const found = connectionOf(context, trigger);
  if (!found) return undefined;
  if (found.kind === 'identity') {
    context.keepOne?.(`KEDA cannot sign in at Redis with the identity of "${found.setting}"`);
    return undefined;
  }
  if (!found.value) {
    context.keepOne?.(
      `the value of "${found.setting}" is not read, and KEDA needs its parts. Give it in "secret-settings"`,
    );
    return undefined;
  }
  return partsOfRedis(context, found.setting, found.value.reveal());
}

/** Address, user and password of the form that StackExchange's client reads: `host:6380,password=…,ssl=True`. */
function partsOfRedis(context: ScalerContext, setting: string, text: string): Access | undefined {
  const pieces = text
    .split(',')
    .map(piece => piece.trim())
    .filter(piece => piece !== '');
  const hosts = pieces.filter(piece => !piece.includes('='));
  const options = new Map(
    pieces
      .filter(piece => piece.includes('='))
      .map(piece => [piece.slice(0, piece.indexOf('=')).trim().toLowerCase(), piece.slice(piece.indexOf('=') + 1)]),
  );
  const [host = ''] = hosts;
  if (hosts.length !== 1) {
    context.keepOne?.(
      `the setting "${setting}" names several servers, and only you know whether they are a cluster or watched by a sentinel`,
    );
    return undefined;
  }
  const tls = options.get('ssl')?.toLowerCase() === 'true';
  const values = {
    address: /:\d+$/.test(host) ? host : `${host}:${tls ? 6380 : 6379}`,
    username: options.get('user'),
    password: options.get('password'),
  };
  const parameters = Object.entries(values).flatMap(([name, value]) =>
    value ? [{ name, value: new Secret(value) }] : [],
  );
  const database = options.get('defaultdatabase');
  return {
    parameters,
    metadata: { ...(database ? { databaseIndex: database } : {}), ...(tls ? { enableTLS: 'true' } : {}) },
  };
}
