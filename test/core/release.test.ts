import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { App } from '../../src/core/app.ts';
import { planDeployment } from '../../src/core/plan.ts';
import { parseRelease, releaseObjectOf } from '../../src/core/release.ts';
import { Secret } from '../../src/core/secret.ts';

const app: App = {
  name: 'orders',
  namespace: 'shop',
  project: { folder: 'orders', runtime: 'node', model: 'node-v4', host: {}, functions: [], unresolved: [] },
  settings: {
    plain: new Map([['GREETING', 'hello']]),
    secret: new Map([['KEY', new Secret('s3cret-value')]]),
    sources: [],
  },
  identityClientId: undefined,
  repositoryId: undefined,
  expose: { type: 'cluster' },
  workloads: [],
  notices: [],
};

test('records a plan without any secret value', () => {
  const plan = planDeployment(app, { reference: 'shop.azurecr.io/orders@sha256:1' });
  const object = releaseObjectOf(app, {
    number: 3,
    state: 'pending',
    image: plan.image,
    time: '2026-01-01T00:00:00Z',
    until: '2026-01-01T00:10:00Z',
    verify: 'loaded',
    objects: plan.objects,
  });
  const { data } = object;
  assert(typeof data === 'object' && data !== null && 'release' in data && data.release instanceof Secret);
  const text = JSON.stringify(parseRelease({ release: data.release.reveal() }));
  assert.match(text, /hello/);
  assert.doesNotMatch(text, /s3cret-value|czNjcmV0LXZhbHVl/);
});

test('changes the name of the settings object with its content', () => {
  const names = (value: string) =>
    planDeployment(
      { ...app, settings: { ...app.settings, secret: new Map([['KEY', new Secret(value)]]) } },
      { reference: 'i' },
    ).objects.map(object => object.metadata.name);
  assert.notDeepEqual(names('one-value'), names('other-value'));
});
