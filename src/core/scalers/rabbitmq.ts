import { Secret } from '../secret.ts';
import { connectionFor } from './connect.ts';
import type { Scaler, ScalerContext, ScalerParameter } from './scaler.ts';
import { activationOf, givenText, optionalText, requiredText, thresholdOf } from './values.ts';

const trigger = 'RabbitMQ trigger';

/** KEDA's `rabbitmq` by the messages that are ready. Undefined after a fault. */
export function rabbitScaler(context: ScalerContext): Scaler | undefined {
  const queueName = requiredText(context, ['queueName'], trigger);
  const access = givenText(context, ['hostName']) === undefined ? byAddress(context) : byParts(context);
  const value = thresholdOf(context, { extension: 'rabbitMQ', paths: ['prefetchCount'], otherwise: 30 });
  if (queueName === undefined || !access || value === undefined) return undefined;
  return {
    type: 'rabbitmq',
    metadata: { queueName, mode: 'QueueLength', value, ...activationOf(context, 'activationValue'), protocol: 'amqp' },
    ...access,
  };
}

function byAddress(context: ScalerContext): Pick<Scaler, 'connection'> | undefined {
  const found = connectionFor(context, {
    keys: ['connectionStringSetting', 'connection'],
    trigger,
    service: 'rabbitmq',
  });
  if (found?.kind !== 'string') return undefined;
  return { connection: { kind: 'string', setting: found.setting, parameter: 'host' } };
}

/** The old form: host and port in the binding, settings with user and password. */
function byParts(context: ScalerContext): Pick<Scaler, 'parameters'> | undefined {
  const host = requiredText(context, ['hostName'], trigger);
  const port = context.binding.port ?? 5672;
  const user = requiredText(context, ['userNameSetting'], trigger);
  const password = requiredText(context, ['passwordSetting'], trigger);
  const vhost = optionalText(context, ['virtualHost'], '');
  if (host === undefined || user === undefined || password === undefined || vhost === undefined) return undefined;
  const parameters: readonly ScalerParameter[] = [
    { name: 'host', value: new Secret(`amqp://${host}:${String(port)}/${encodeURIComponent(vhost)}`) },
    { name: 'username', setting: user },
    { name: 'password', setting: password },
  ];
  return { parameters };
}
