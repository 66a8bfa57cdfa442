import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultOfKedaFlag } from '../../src/core/keda.ts';

test('manifests are made for KEDA 2.14 and newer, named by a version', () => {
  for (const version of ['2.14', 'v2.21.0', '3.0']) assert.equal(faultOfKedaFlag(version), undefined);
  assert.equal(faultOfKedaFlag('2.11.2'), 'must be 2.14 or newer, got "2.11.2".');
  for (const version of ['9', '', 'latest', 'unknown'])
    assert.equal(faultOfKedaFlag(version), `must be a version of KEDA such as "2.21", got "${version}".`);
});
