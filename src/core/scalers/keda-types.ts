import { type KedaMinor, kedaIsAtLeast, kedaIsBelow, kedaIsKnown } from '../keda.ts';
import { didYouMean } from '../nearest.ts';

/** Types that every supported KEDA knows. */
const always: readonly string[] = [
  'activemq',
  'apache-kafka',
  'arangodb',
  'artemis-queue',
  'aws-cloudwatch',
  'aws-dynamodb',
  'aws-dynamodb-streams',
  'aws-kinesis-stream',
  'aws-sqs-queue',
  'azure-app-insights',
  'azure-blob',
  'azure-data-explorer',
  'azure-eventhub',
  'azure-log-analytics',
  'azure-monitor',
  'azure-pipelines',
  'azure-queue',
  'azure-servicebus',
  'cassandra',
  'couchdb',
  'cpu',
  'cron',
  'datadog',
  'elasticsearch',
  'etcd',
  'external',
  'external-push',
  'gcp-cloudtasks',
  'gcp-pubsub',
  'gcp-stackdriver',
  'gcp-storage',
  'github-runner',
  'graphite',
  'huawei-cloudeye',
  'ibmmq',
  'influxdb',
  'kafka',
  'kubernetes-workload',
  'liiklus',
  'loki',
  'memory',
  'metrics-api',
  'mongodb',
  'mssql',
  'mysql',
  'nats-jetstream',
  'new-relic',
  'openstack-metric',
  'openstack-swift',
  'postgresql',
  'predictkube',
  'prometheus',
  'pulsar',
  'rabbitmq',
  'redis',
  'redis-cluster',
  'redis-cluster-streams',
  'redis-sentinel',
  'redis-sentinel-streams',
  'redis-streams',
  'selenium-grid',
  'solace-event-queue',
  'solr',
];

interface Span {
  readonly since?: KedaMinor;
  readonly until?: KedaMinor;
}

/** Types of some versions: the first that has it, the first that has it no more. */
const sometimes: Readonly<Record<string, Span>> = {
  dynatrace: { since: '2.15' },
  splunk: { since: '2.15' },
  beanstalkd: { since: '2.16' },
  nsq: { since: '2.17' },
  temporal: { since: '2.17' },
  'forgejo-runner': { since: '2.18' },
  'solace-direct-messaging': { since: '2.18' },
  solarwinds: { since: '2.18' },
  'splunk-observability': { since: '2.18' },
  sumologic: { since: '2.18' },
  'kubernetes-resource': { since: '2.19' },
  'elastic-forecast': { since: '2.20' },
  opensearch: { since: '2.20' },
  'azure-cosmosdb': { since: '2.21' },
  clickhouse: { since: '2.21' },
  'gcp-spanner': { since: '2.21' },
  stan: { until: '2.19' },
};

const all = new Set([...always, ...Object.keys(sometimes)]);

/** What stands against a trigger type: a fault where this KEDA certainly has no such scaler, a notice where it may not; undefined when it has. */
export function remarkOnType(
  type: string,
  keda: string | undefined,
): { readonly kind: 'fault' | 'notice'; readonly message: string } | undefined {
  if (!all.has(type)) {
    return {
      kind: 'fault',
      message: `KEDA has no scaler "${type}".${didYouMean(type, all) || ' See its documentation for the types that it has; any other service can be reached through "external".'}`,
    };
  }
  const span = Object.hasOwn(sometimes, type) ? sometimes[type] : undefined;
  if (!span) return undefined;
  const words = span.since ? `from ${span.since} on` : `before ${span.until}`;
  if (!kedaIsKnown(keda)) return { kind: 'notice', message: `KEDA has the scaler "${type}" only ${words}.` };
  const isThere = (!span.since || kedaIsAtLeast(keda, span.since)) && (!span.until || kedaIsBelow(keda, span.until));
  return isThere
    ? undefined
    : {
        kind: 'fault',
        message: `KEDA "${keda}" has no scaler "${type}", which is there only ${words}. Use another KEDA or another trigger.`,
      };
}
