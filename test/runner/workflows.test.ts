import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConcurrencyGroups, type RunEvent, run } from '../support/runner/index.ts';
import type { JobFacts } from '../support/runner/run.ts';
import { actions, linesOf, push, repositoryOf, runFiles } from './scratch.ts';

const job = (steps: string, more = '') => `\n    runs-on: ubuntu-latest\n${more}    steps:\n      - ${steps}\n`;
const workflow = (jobs: Readonly<Record<string, string>>, head = 'on: push') =>
  `${head}\njobs:\n${Object.entries(jobs)
    .map(([id, text]) => `  ${id}:${text}`)
    .join('')}`;

describe('jobs', () => {
  it('wait for those that they need, see their outputs, and are skipped when one has failed', async () => {
    const record = await runFiles({
      'ci.yml': workflow({
        last: job(`run: echo "\${{ needs.first.outputs.word }} \${{ needs.first.result }}"`, '    needs: first\n'),
        first: job(
          '{ id: s, run: echo "word=hi" >> "$GITHUB_OUTPUT" }',
          `    outputs: { word: '\${{ steps.s.outputs.word }}' }\n`,
        ),
        bad: job('run: exit 1'),
        after: job('run: echo no', '    needs: [bad, first]\n'),
        rescue: job('run: echo rescued', '    needs: bad\n    if: failure()\n'),
      }),
    });
    assert.deepEqual(
      record.jobs.map(({ id, conclusion }) => [id, conclusion]),
      [
        ['last', 'success'],
        ['first', 'success'],
        ['bad', 'failure'],
        ['after', 'skipped'],
        ['rescue', 'success'],
      ],
    );
    assert.ok(linesOf(record).includes('hi success'));
    assert.equal(record.conclusion, 'failure');
  });

  it('run for each combination of a matrix, with what is excluded and included', async () => {
    const strategy = `    strategy: { matrix: { app: [a, b], size: [1, 2], exclude: [{ app: b, size: 2 }], include: [{ app: a, extra: x }, { app: c }] } }\n`;
    const record = await runFiles({
      'ci.yml': workflow({
        main: job(`run: echo "\${{ matrix.app }}\${{ matrix.size }}\${{ matrix.extra }}"`, strategy),
      }),
    });
    assert.deepEqual([...linesOf(record)].sort(), ['a1x', 'a2x', 'b1', 'c']);
  });

  it('drop an output that holds a secret, and the address of an environment too', async () => {
    const more = `    environment: { name: prod, url: 'https://\${{ steps.s.outputs.v }}.example.com' }\n    outputs: { v: '\${{ steps.s.outputs.v }}', w: fine }\n`;
    const lines: string[] = [];
    const record = await runFiles(
      { 'ci.yml': workflow({ main: job('{ id: s, run: echo "v=hunter2" >> "$GITHUB_OUTPUT" }', more) }) },
      { secrets: { T: 'hunter2' }, onLine: line => lines.push(line) },
    );
    assert.deepEqual(record.jobs[0]?.outputs, { w: 'fine' });
    assert.equal(record.jobs[0]?.environmentUrl, undefined);
    assert.ok(lines.some(line => /Skip output 'v'/.test(line)));
  });
});

describe('permissions', () => {
  const platformOf = async (text: string, event: RunEvent = push) => {
    const seen: JobFacts[] = [];
    const record = await runFiles(
      { 'ci.yml': text },
      {
        event,
        platform: async facts => {
          seen.push(facts);
          return {};
        },
      },
    );
    return { permissions: seen[0]?.permissions, record };
  };

  it('are those of the job, else of the workflow, and without both only to read', async () => {
    const own = workflow(
      { main: job('run: true', '    permissions: { id-token: write }\n') },
      'on: push\npermissions: {}',
    );
    assert.deepEqual((await platformOf(own)).permissions, { 'id-token': 'write' });
    assert.deepEqual(
      (await platformOf(workflow({ main: job('run: true') }, 'on: push\npermissions: {}'))).permissions,
      {},
    );
    assert.deepEqual((await platformOf(workflow({ main: job('run: true') }))).permissions, {
      contents: 'read',
      packages: 'read',
    });
  });

  it('shrink to reading, without an identity, in a pull request of a fork', async () => {
    const side = (full_name: string) => ({ repo: { full_name } });
    const fork: RunEvent = {
      ...{ ...push, name: 'pull_request', ref: 'refs/pull/7/merge' },
      payload: { ...push.payload, pull_request: { head: side('mallory/shop'), base: side('acme/shop') } },
    };
    const text = workflow(
      { main: job('run: true') },
      'on: pull_request\npermissions: { contents: write, id-token: write }',
    );
    const { permissions, record } = await platformOf(text, fork);
    assert.deepEqual(permissions, { contents: 'read', 'id-token': 'none' });
    assert.equal(record.conclusion, 'success');
  });

  const called = `on: workflow_call\njobs:\n  inner:${job('run: true', '    permissions: { contents: read, id-token: write }\n')}`;
  const calling = (grants: string) =>
    `on: push\npermissions: {}\njobs:\n  outer:\n    uses: $/.github/workflows/called.yml\n    permissions: ${grants}\n`;

  it('of a called workflow may only shrink: a job that wants more starts nothing', async () => {
    const files = { '.github/workflows/called.yml': called };
    const less = await runFiles({ 'ci.yml': calling('{ contents: read }'), ...files });
    assert.equal(less.conclusion, 'startup_failure');
    assert.match(
      less.reason ?? '',
      /nested job 'inner' is requesting 'id-token: write', but is only allowed 'id-token: none'/,
    );
    assert.equal(
      (await runFiles({ 'ci.yml': calling('{ contents: read, id-token: write }'), ...files })).conclusion,
      'success',
    );
  });
});

describe('reusable workflows', () => {
  const called = `on:
  workflow_call:
    inputs:
      app: { type: string, required: true }
      replicas: { type: number, default: 3 }
    secrets:
      KEY: { required: true }
    outputs:
      said: { value: '\${{ jobs.inner.outputs.said }}' }
env: { OWN: callee }
jobs:
  inner:${job(
    `{ id: s, uses: $/say, with: { what: '\${{ inputs.app }} \${{ inputs.replicas }} \${{ secrets.KEY == ''k'' }}' } }`,
    `    outputs: { said: '\${{ steps.s.outputs.said }}' }\n`,
  )}`;
  const caller = (more: string) => `on: push
env: { OWN: caller }
jobs:
  outer:
    uses: acme/tools/.github/workflows/called.yml@v1
${more}
  after:${job(`run: echo "got \${{ needs.outer.outputs.said }}"`, '    needs: outer\n')}`;
  const runWith = async (more: string) => {
    await using tools = await repositoryOf({ '.github/workflows/called.yml': called, ...actions }, 'acme/tools');
    return await runFiles({ 'ci.yml': caller(more) }, { others: { 'acme/tools@v1': tools }, secrets: { K: 'k' } });
  };

  it('find their siblings by "$/", and pass typed inputs in and outputs out', async () => {
    const record = await runWith(`    with: { app: shop }\n    secrets: { KEY: '\${{ secrets.K }}' }`);
    assert.ok(
      linesOf(record).some(line => /^got shop 3 true$/.test(line.replaceAll('***', 'k'))),
      linesOf(record).join('\n'),
    );
    assert.equal(record.conclusion, 'success');
  });

  for (const [more, reason] of [
    ['    with: { app: shop }', /secret 'KEY' is required/],
    ['    with: { app: shop, wat: 1 }\n    secrets: inherit', /'wat' is not defined/],
    [`    secrets: { KEY: '\${{ secrets.K }}' }`, /input 'app' is required/],
    [
      `    with: { app: shop, replicas: many }\n    secrets: { KEY: '\${{ secrets.K }}' }`,
      /input 'replicas' must be a number/,
    ],
  ] as const)
    it(`are not started when ${reason.source.replaceAll('\\', '')}`, async () => {
      const record = await runWith(more);
      assert.equal(record.conclusion, 'startup_failure');
      assert.match(record.reason ?? '', reason);
    });
});

describe('a workflow', () => {
  it("with a fault that GitHub's parser finds starts nothing", async () => {
    const record = await runFiles({ 'ci.yml': workflow({ main: job('runn: true') }) });
    assert.equal(record.conclusion, 'startup_failure');
    assert.match(record.reason ?? '', /Unexpected value 'runn'/);
  });

  const head = (more: string) => `on: push\nconcurrency: { group: one${more} }`;
  const together = async (more: string, count: number) => {
    const concurrency = new ConcurrencyGroups();
    await using repository = await repositoryOf({ 'ci.yml': workflow({ main: job('run: sleep 0.2') }, head(more)) });
    const start = () => run({ repository, workflow: 'ci.yml', event: push, concurrency });
    const records = await Promise.all(Array.from({ length: count }, start));
    return records.map(({ conclusion }) => conclusion);
  };

  it('waits for its turn in a concurrency group, where by default only the newest waits', async () => {
    assert.deepEqual(await together('', 3), ['success', 'cancelled', 'success']);
  });

  it('waits in order with "queue: max"', async () => {
    assert.deepEqual(await together(', queue: max', 3), ['success', 'success', 'success']);
  });

  it('takes the place of a running one with "cancel-in-progress"', async () => {
    assert.deepEqual(await together(', cancel-in-progress: true', 2), ['cancelled', 'success']);
  });
});
