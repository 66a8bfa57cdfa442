import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Check } from '../../../src/core/doctor/check.ts';
import { type DoctorResult, doctorOutputs, doctorSummary, doctorText } from '../../../src/core/doctor/report.ts';

const checks: readonly Check[] = [
  { id: 'keda', title: 'KEDA', state: 'ok', evidence: 'KEDA 2.17.2.' },
  {
    id: 'registry-pull',
    title: 'Pull by the cluster',
    state: 'problem',
    evidence: 'No role | on\n<shop>.',
    cure: { kind: 'command', text: 'az role assignment create' },
  },
  { id: 'clock', title: 'Clocks', state: 'unknown', evidence: 'No time.', cure: { kind: 'advice', text: 'Look.' } },
];
const result: DoctorResult = { app: 'shop', namespace: 'team', checks, changes: ['role AcrPull'], failures: [] };

test('gives every check as JSON, and the number of problems', () => {
  const { report = '', problems } = doctorOutputs(result);
  assert.equal(problems, '1');
  assert.deepEqual(JSON.parse(report), {
    app: 'shop',
    namespace: 'team',
    checks,
    changes: ['role AcrPull'],
    failures: [],
  });
});

test('shows the problems with their cures before the table of all checks', () => {
  assert.equal(
    doctorSummary(result),
    `### Doctor: shop in team: 1 problem, 1 not known

Changed:

- role AcrPull

**❌ Pull by the cluster**

No role | on
&lt;shop>.

This cures it:

\`\`\`sh
az role assignment create
\`\`\`

**❔ Clocks**

No time.

Look.

| | Check | Found |
| --- | --- | --- |
| ✅ | KEDA | KEDA 2.17.2. |
| ❌ | Pull by the cluster | No role \\| on &lt;shop>. |
| ❔ | Clocks | No time. |
`,
  );
});

test('shows the same on a terminal', () => {
  assert.equal(
    doctorText(result),
    `shop in team: 1 problem, 1 not known
  Changed: role AcrPull
✓ KEDA                 KEDA 2.17.2.
✗ Pull by the cluster  No role | on <shop>.
? Clocks               No time.

Pull by the cluster:
  az role assignment create

Clocks:
  Look.`,
  );
});
