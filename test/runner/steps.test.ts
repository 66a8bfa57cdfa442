import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { linesOf, runSteps } from './scratch.ts';

const conclusions = (record: Awaited<ReturnType<typeof runSteps>>) =>
  record.jobs[0]?.steps.map(step => step.conclusion);

describe('steps', () => {
  it('after a failed one are skipped, but for those that ask for the status', async () => {
    const record = await runSteps(`
- run: exit 3
- run: echo skipped
- run: echo "after a failure"
  if: failure()
- run: echo always
  if: \${{ always() }}
- run: echo never
  if: failure() && github.ref == 'refs/heads/other'`);
    assert.equal(record.conclusion, 'failure');
    assert.deepEqual(conclusions(record), ['failure', 'skipped', 'success', 'success', 'skipped']);
    assert.deepEqual(linesOf(record), ['after a failure', 'always']);
  });

  it('that may fail leave their outcome, and the job goes on', async () => {
    const record = await runSteps(`
- id: may
  run: exit 1
  continue-on-error: true
- run: echo "\${{ steps.may.outcome }} \${{ steps.may.conclusion }}"`);
    assert.equal(record.conclusion, 'success');
    assert.deepEqual(linesOf(record), ['failure success']);
  });

  it('run under "bash -e", with pipefail where the shell is named', async () => {
    const record = await runSteps(`
- run: false | true; echo "went on"
- run: |
    false | true
    echo "not reached"
  shell: bash`);
    assert.deepEqual(linesOf(record), ['went on']);
    assert.equal(record.conclusion, 'failure');
  });

  it('get the environment of workflow, job and step, the nearest first, and what earlier steps set', async () => {
    const record = await runSteps(
      `
- run: echo "LATER=from the file" >> "$GITHUB_ENV"; echo "A=set" >> "$GITHUB_ENV"
- run: echo "$A $B $LATER \${{ env.B }}"
  env: { B: step }`,
      'env: { A: workflow, B: workflow }',
    );
    assert.deepEqual(linesOf(record), ['set step from the file step']);
  });

  it('may set neither NODE_OPTIONS nor variables of the runner for others', async () => {
    const record = await runSteps('- run: echo "NODE_OPTIONS=--require ./evil.js" >> "$GITHUB_ENV"');
    assert.equal(record.conclusion, 'failure');
    assert.match(linesOf(record).join(), /Can't store NODE_OPTIONS/);
  });

  it('cannot stand over the variables of the runner', async () => {
    const record = await runSteps('- run: echo "$GITHUB_REF"\n  env: { GITHUB_REF: refs/heads/evil }');
    assert.deepEqual(linesOf(record), ['refs/heads/main']);
  });
});

describe('actions', () => {
  it('get inputs with their defaults, give outputs, and clean up in reverse order', async () => {
    const record = await runSteps(`
- { id: a, uses: $/say, with: { what: first } }
- { uses: $/say }
- run: echo "\${{ steps.a.outputs.said }}"`);
    assert.deepEqual(linesOf(record), ['says first', 'says nothing', 'first', 'post of nothing', 'post of first']);
    assert.deepEqual(record.jobs[0]?.steps.map(step => step.summary).join(''), '### first\n### nothing\n');
  });

  it('clean up after a failure too', async () => {
    const record = await runSteps('- { uses: $/say, with: { what: x } }\n- run: exit 1');
    assert.deepEqual(linesOf(record), ['says x', 'post of x']);
  });

  it('of the composite kind pass inputs on by expression alone, and their inner actions clean up at the end of the job', async () => {
    const record = await runSteps(`
- { id: both, uses: $/twice, with: { what: hello } }
- run: echo "\${{ steps.both.outputs.both }}"`);
    assert.deepEqual(linesOf(record), [
      ...['says hello', 'says again', "input in env is ''", 'hello+again'],
      ...['post of again', 'post of hello'],
    ]);
  });

  it('warn of an input that they do not have, and do not ask for a required one', async () => {
    const record = await runSteps('- { uses: $/twice, with: { wat: x } }');
    assert.match(
      record.jobs[0]?.steps[0]?.annotations[0]?.message ?? '',
      /Unexpected input\(s\) 'wat', valid inputs are \['what'\]/,
    );
    assert.equal(record.conclusion, 'success');
  });

  it('of someone else are stubbed by their exact reference only', async () => {
    const stubs = { 'actions/checkout@1': async () => ({ ref: 'main' }) };
    assert.equal((await runSteps('- uses: actions/checkout@1', '', { stubs })).conclusion, 'success');
    const other = await runSteps('- uses: actions/checkout@2', '', { stubs });
    assert.match(linesOf(other).join(), /Unable to resolve action 'actions\/checkout@2'/);
  });

  it('by "$/" need a path and take no ref', async () => {
    for (const uses of ['$/', '$/say@v1']) {
      const record = await runSteps(`- uses: ${uses}`);
      assert.match(linesOf(record).join() + (record.reason ?? ''), /must have a path and no ref|uses/);
      assert.notEqual(record.conclusion, 'success');
    }
  });
});

describe('secrets', () => {
  const secrets = { TOKEN: 'hunter2 "quoted"' };

  it('are hidden in the log in every form that the runner knows', async () => {
    const record = await runSteps(
      `
- run: |
    echo "plain $T"
    printf %s "$T" | base64
    printf %s "xx$T" | base64
    echo '\${{ toJSON(secrets.TOKEN) }}'
  env: { T: '\${{ secrets.TOKEN }}' }`,
      '',
      { secrets },
    );
    const text = linesOf(record).join('\n');
    assert.match(text, /^plain \*\*\*$/m);
    for (const form of ['hunter2', Buffer.from('hunter2').toString('base64').slice(0, 8)])
      assert.ok(!text.includes(form), text);
  });

  it('that a step masks are hidden line by line from then on', async () => {
    const record = await runSteps(`- run: |
    echo "::add-mask::one%0Atwo"
    echo "one and two"`);
    assert.deepEqual(linesOf(record), ['*** and ***']);
  });
});

describe('limits', () => {
  it('of a summary: over 1 MiB it is dropped with an error, and the step does not fail', async () => {
    const record = await runSteps('- run: head -c 1100000 /dev/zero | tr "\\\\0" x >> "$GITHUB_STEP_SUMMARY"');
    const step = record.jobs[0]?.steps[0];
    assert.equal(step?.summary, '');
    assert.match(step?.annotations[0]?.message ?? '', /supports content up to a size of 1024k/);
    assert.equal(record.conclusion, 'success');
  });

  it('of annotations: ten of each level, each cut at 4,096 characters', async () => {
    const record = await runSteps(
      '- run: for i in $(seq 12); do echo "::error file=a.js,line=$i::$(head -c 5000 /dev/zero | tr "\\\\0" x)"; done',
    );
    const annotations = record.jobs[0]?.steps[0]?.annotations ?? [];
    assert.equal(annotations.length, 10);
    assert.deepEqual([annotations[1]?.file, annotations[1]?.line, annotations[1]?.message.length], ['a.js', 2, 4096]);
  });
});

describe('cancellation', () => {
  it('reaches the running step as SIGINT, and the rest runs only where it asks for it', async () => {
    const stop = new AbortController();
    const record = await runSteps(
      `
- run: |
    trap 'echo interrupted; exit 1' INT
    echo ready
    while true; do sleep 0.05; done
- run: echo not reached
- run: echo cleaned up
  if: always()`,
      '',
      { signal: stop.signal, onLine: line => line === 'ready' && stop.abort() },
    );
    assert.equal(record.conclusion, 'cancelled');
    assert.deepEqual(linesOf(record), ['ready', 'interrupted', 'cleaned up']);
  });
});
