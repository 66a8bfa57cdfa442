import assert from 'node:assert/strict';
import test from 'node:test';
import { scalerText } from '../../src/core/scalers/scaler-text.ts';

const cases = [
  {
    type: 'azure-queue',
    metadata: { queueName: 'orders', queueLength: '1' },
    expected: 'azure-queue "orders", 1 message each',
  },
  {
    type: 'azure-servicebus',
    metadata: { topicName: 'orders', subscriptionName: 'stock', messageCount: '16' },
    expected: 'azure-servicebus "orders/stock", 16 messages each',
  },
  {
    type: 'azure-eventhub',
    metadata: { consumerGroup: '$Default', unprocessedEventThreshold: '64' },
    expected: 'azure-eventhub, 64 events each',
  },
  { type: 'mysql', metadata: { query: 'SELECT 1', queryValue: '500' }, expected: 'mysql, 500 changes each' },
  { type: 'cron', metadata: { desiredReplicas: '1' }, expected: 'cron' },
  { type: 'constructor', metadata: {}, expected: 'constructor' },
];

for (const { expected, ...scaler } of cases) {
  test(`says in a few words: ${expected}`, () => assert.equal(scalerText(scaler), expected));
}
