import { Secret } from '../secret.ts';
import { findSetting } from '../settings.ts';
import type { Scaler, ScalerContext, ScalerParameter } from './scaler.ts';
import { activationOf, givenText, hostText, requiredText, resolvedOf } from './values.ts';

const trigger = 'Kafka trigger';

/** KEDA's names for the extension's ways to sign in, by their letters alone; Kerberos needs a ticket that KEDA has not. */
const saslByMode: Readonly<Record<string, string>> = {
  plain: 'plaintext',
  scramsha256: 'scram_sha256',
  scramsha512: 'scram_sha512',
  oauthbearer: 'oauthbearer',
  gssapi: 'gssapi',
};

/** Parameters that reach KEDA only through a TriggerAuthentication, by the keys of the binding. */
const secretKeys: readonly (readonly [string, readonly string[]])[] = [
  ['username', ['username', 'oAuthBearerClientId']],
  ['password', ['password', 'oAuthBearerClientSecret']],
  ['ca', ['sslCaPEM', 'sslCaPem']],
  ['cert', ['sslCertificatePEM', 'sslCertificatePem']],
  ['key', ['sslKeyPEM', 'sslKeyPem']],
  ['keyPassword', ['sslKeyPassword']],
  ['oauthTokenEndpointUri', ['oAuthBearerTokenEndpointUrl']],
  ['scopes', ['oAuthBearerScope']],
];

/** KEDA's `kafka` by the lag of the consumer group. Undefined after a fault, or when KEDA cannot sign in. */
export function kafkaScaler(context: ScalerContext): Scaler | undefined {
  const servers = sourceOf(context, 'brokerList', 'bootstrapServers');
  const topic = sourceOf(context, 'topic', 'topic');
  const consumerGroup = sourceOf(context, 'consumerGroup', 'consumerGroup', '$Default');
  const lagThreshold = lagThresholdOf(context);
  const security = securityOf(context);
  if (!servers || !topic || !consumerGroup || lagThreshold === undefined || !security) return undefined;
  const offsetResetPolicy =
    (hostText(context, 'kafka.autoOffsetReset') ?? 'earliest').toLowerCase() === 'latest' ? 'latest' : 'earliest';
  return {
    type: 'kafka',
    metadata: {
      ...servers,
      ...topic,
      ...consumerGroup,
      lagThreshold,
      ...activationOf(context, 'activationLagThreshold'),
      offsetResetPolicy,
      ...security.metadata,
    },
    ...(security.parameters.length > 0 ? { parameters: security.parameters } : {}),
  };
}

/** Each of these keys is the name of a setting, a text with `%SETTING%`, or the value itself. */
function sourceOf(
  context: ScalerContext,
  key: string,
  name: string,
  otherwise?: string,
): Readonly<Record<string, string>> | undefined {
  const setting = settingOf(context, [key]);
  if (setting !== undefined) return { [`${name}FromEnv`]: setting };
  if (otherwise !== undefined && givenText(context, [key]) === undefined) return { [name]: otherwise };
  const text = requiredText(context, [key], trigger);
  return text === undefined ? undefined : { [name]: text };
}

function settingOf(context: ScalerContext, keys: readonly string[]): string | undefined {
  const given = givenText(context, keys);
  const [, whole] = /^%([^%\s]+)%$/.exec(given ?? '') ?? [];
  const name = whole ?? given;
  if (name === undefined) return undefined;
  const state = findSetting(context.settings, name);
  if (state.kind === 'value' || state.kind === 'hidden') return state.name;
  return whole !== undefined && state.kind === 'unknown' ? whole : undefined;
}

function lagThresholdOf({ config, binding, fault }: ScalerContext): string | undefined {
  const value = config.threshold ?? binding.lagThreshold ?? 1000;
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 1) return String(number);
  fault(`Key "lagThreshold" of the ${trigger} must be a whole number above 0, got ${JSON.stringify(value)}.`);
  return undefined;
}

interface Security {
  readonly metadata: Readonly<Record<string, string>>;
  readonly parameters: readonly ScalerParameter[];
}

function securityOf(context: ScalerContext): Security | undefined {
  const protocol = lettersOf(context.binding.protocol);
  const mode = lettersOf(context.binding.authenticationMode);
  // The extension takes a mode and a user for SASL without a protocol; a mode alone, as in its own samples, signs in to nothing.
  const hasUser = givenText(context, ['username', 'oAuthBearerClientId']) !== undefined;
  const isSasl = protocol.startsWith('sasl') || (protocol === '' && mode in saslByMode && hasUser);
  const sasl = isSasl ? saslByMode[mode === '' || mode === 'notset' ? 'plain' : mode] : undefined;
  if (isSasl && sasl === undefined) {
    context.fault(
      `Key "authenticationMode" of the ${trigger} must be one of Plain, ScramSha256, ScramSha512, OAuthBearer or Gssapi, got ${JSON.stringify(context.binding.authenticationMode)}.`,
    );
    return undefined;
  }
  if (sasl === 'gssapi') {
    context.keepOne?.('KEDA needs a Kerberos keytab of its own for the mode "Gssapi"');
    return undefined;
  }
  const parameters = parametersOf(context);
  if (!parameters || !hasCredentials(context, sasl, parameters)) return undefined;
  if (givenText(context, ['sslCaLocation', 'sslCertificateLocation', 'sslKeyLocation'])) {
    context.notice?.(
      `KEDA cannot read the certificate files of the image that the ${trigger} names. Give "sslCaPEM", "sslCertificatePEM" and "sslKeyPEM" as settings where the broker's certificate is not publicly trusted.`,
    );
  }
  const metadata = { ...(sasl ? { sasl } : {}), ...(protocol.endsWith('ssl') ? { tls: 'enable' } : {}) };
  return { metadata, parameters };
}

function hasCredentials(
  context: ScalerContext,
  sasl: string | undefined,
  parameters: readonly ScalerParameter[],
): boolean {
  if (sasl === undefined) return true;
  const missing = ['username', 'password'].find(name => !parameters.some(one => one.name === name));
  if (missing === undefined) return true;
  context.fault(
    `Key "${missing}" of the ${trigger} is missing, which the mode "${sasl}" needs. Name a setting that holds it.`,
  );
  return false;
}

function parametersOf(context: ScalerContext): readonly ScalerParameter[] | undefined {
  const parameters: ScalerParameter[] = [];
  for (const [name, keys] of secretKeys) {
    const given = givenText(context, keys);
    if (given === undefined) continue;
    const setting = settingOf(context, keys);
    const text = setting ?? resolvedOf(context, keys[0] ?? name, given)?.text;
    if (text === undefined) return undefined;
    parameters.push(setting === undefined ? { name, value: new Secret(text) } : { name, setting });
  }
  return parameters;
}

/** `SaslSsl`, `sasl_ssl` and `SASL-SSL` are one word. */
function lettersOf(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase().replace(/[^a-z0-9]/g, '') : '';
}
