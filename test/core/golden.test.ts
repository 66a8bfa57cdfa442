import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { renderObjects } from '../../src/core/manifests/render.ts';
import { goldenApps, planOf } from './golden-apps.ts';

for (const folder of goldenApps) {
  const name = basename(folder);

  test(`plans the golden app "${name}" as recorded`, async () => {
    const { objects } = await planOf(folder);
    const rendered = renderObjects(objects, { format: 'yaml', includeSecrets: false });
    const recorded = join(folder, 'expected.yaml');
    if (process.env.UPDATE_GOLDEN) writeFileSync(recorded, rendered);
    assert.equal(rendered, readFileSync(recorded, 'utf8'));
  });

  test(`plans the golden app "${name}" twice with the same bytes`, async () => {
    const [first, second] = await Promise.all([planOf(folder), planOf(folder)]);
    const options = { format: 'yaml', includeSecrets: true } as const;
    assert.equal(renderObjects(first.objects, options), renderObjects(second.objects, options));
  });
}
