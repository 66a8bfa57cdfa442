import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HttpCheck, smokeChecksOf } from '../../src/core/smoke-checks.ts';
import { parseChecks } from '../../src/core/smoke-input.ts';
import { smokeSummary } from '../../src/core/smoke-report.ts';
import { authLevelOf, exposesKeys, functionOfPath, keyNamesOf } from '../../src/core/smoke-route.ts';
import { faultsOfAnswer } from '../../src/core/smoke-verdict.ts';
import { UserError } from '../../src/errors.ts';
import { functionWith, projectOf } from '../support/project.ts';

test('reads checks of the input, whatever their indentation', () => {
  assert.deepEqual(parseChecks('- get: /api/a\n  status: 204\n- {queue: pack, send: "{\\"n\\": 1}", within: 2m}'), [
    { get: '/api/a', status: 204 },
    { queue: 'pack', send: '{"n": 1}', within: 120 },
  ]);
  assert.deepEqual(parseChecks('    - post: /a\n      send: x'), [{ post: '/a', send: 'x' }]);
  assert.deepEqual(parseChecks('[{"get": "/a"}]'), [{ get: '/a' }]);
});

const badChecks = [
  {
    name: 'an unknown key',
    text: '- get: /a\n  statuss: 200',
    expected: 'Line 2 of input "checks": Key "[0].statuss" is not known. Did you mean "status"?',
  },
  {
    name: 'two kinds at once',
    text: '- get: /a\n  queue: b',
    expected: 'Line 2 of input "checks": Key "[0].queue" stands beside "get". Make two checks of them.',
  },
  {
    name: 'a queue without a message',
    text: '- queue: b',
    expected: 'Line 1 of input "checks": Key "[0]" has no message for the queue. Add "send".',
  },
  { name: 'no list', text: 'get: /a', expected: 'Line 1 of input "checks": Key "checks" must be a list, got a map.' },
] as const;

for (const { name, text, expected } of badChecks) {
  test(`names the line of a check with ${name}`, () => {
    assert.throws(
      () => parseChecks(text),
      error => error instanceof UserError && error.message === expected,
    );
  });
}

test('shows an example with a path of the app when there are no checks', () => {
  const project = projectOf([functionWith('greet', { type: 'httpTrigger', route: 'hello' })]);
  assert.throws(() => smokeChecksOf([], project), /There is nothing to check\..*\{get: \/api\/hello, status: 200/);
});

test('keeps the query, which may hold a key, out of the title', () => {
  const [check] = smokeChecksOf([{ post: '/a?code=secret', send: '{}', sendHeaders: { 'X-Trace': '1' } }], undefined);
  assert.deepEqual(check, {
    kind: 'http',
    title: 'POST /a',
    method: 'POST',
    path: '/a?code=secret',
    send: '{}',
    expected: { status: 200, headers: undefined, body: undefined, latency: undefined },
    headers: { 'content-type': 'application/json', 'x-trace': '1' },
  });
});

const project = projectOf([
  functionWith('one', { type: 'httpTrigger', route: 'orders/{id:int}', methods: ['get'] }),
  functionWith('latest', { type: 'httpTrigger', route: 'orders/latest', authLevel: 'anonymous' }),
  functionWith('add', { type: 'httpTrigger', route: 'orders/{id?}', methods: ['post'], authLevel: 'ADMIN' }),
  functionWith('files', { type: 'httpTrigger', route: 'files/{*path}' }),
  functionWith('bare', { type: 'httpTrigger' }),
  functionWith('pack', { type: 'queueTrigger' }),
]);

const paths = [
  ['GET', '/api/orders/7', 'one'],
  ['GET', '/api/orders/latest?x=1', 'latest'],
  ['POST', '/api/orders', 'add'],
  ['GET', '/api/orders', undefined],
  ['GET', '/api/files/a/b/c', 'files'],
  ['GET', '/API/Bare', 'bare'],
  ['GET', '/api/pack', undefined],
] as const;

for (const [method, path, expected] of paths) {
  test(`finds ${expected ?? 'no function'} behind ${method} ${path}`, () => {
    assert.equal(functionOfPath(project, method, path)?.name, expected);
  });
}

for (const address of [
  'http://shop.example.com',
  'http://192.0.2.7:8080',
  'http://172.32.0.1',
  'http://10.example.com',
])
  test(`sends no key to ${address}`, () => assert.equal(exposesKeys(new URL(address)), true));

for (const address of [
  'https://shop.example.com',
  'http://localhost:7071',
  'http://[::1]',
  'http://172.16.0.9',
  'http://[fd00::1]',
])
  test(`may send a key to ${address}`, () => assert.equal(exposesKeys(new URL(address)), false));

test('never opens a function with the master key', () => {
  assert.deepEqual(keyNamesOf('function', 'One'), ['functions.one.default', 'host.function.default']);
});

test('knows which keys open a function', () => {
  const levels = project.functions.slice(0, 3).map(authLevelOf);
  assert.deepEqual(levels, ['function', 'anonymous', 'admin']);
  assert.deepEqual(
    levels.map(level => keyNamesOf(level, 'One')[0]),
    ['functions.one.default', undefined, 'host.master'],
  );
});

function checkWith(expected: Partial<HttpCheck['expected']>): HttpCheck {
  return {
    kind: 'http',
    title: 'GET /a',
    method: 'GET',
    path: '/a',
    headers: {},
    send: undefined,
    expected: { status: 200, headers: undefined, body: undefined, latency: undefined, ...expected },
  };
}

const answer = {
  status: 200,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: 'Hello you',
  milliseconds: 120,
};

const verdicts = [
  {
    name: 'all as expected',
    check: checkWith({ headers: { 'Content-Type': 'text/plain' }, body: 'Hello', latency: 200 }),
    given: answer,
    expected: [],
  },
  {
    name: 'another status',
    check: checkWith({}),
    given: { ...answer, status: 500, body: 'it\nbroke' },
    expected: ['expected status 200, got 500', 'the body is "it broke"'],
  },
  {
    name: 'another body',
    check: checkWith({ body: 'Bye' }),
    given: { ...answer, body: '' },
    expected: ['expected a body with "Bye"', 'the body is empty'],
  },
  {
    name: 'a missing header',
    check: checkWith({ headers: { ETag: 'x' } }),
    given: answer,
    expected: ['expected header "ETag" with "x", got none'],
  },
  {
    name: 'a slow answer',
    check: checkWith({ latency: 100 }),
    given: answer,
    expected: ['expected an answer within 100 ms, got it after 120 ms'],
  },
] as const;

for (const { name, check, given, expected } of verdicts) {
  test(`judges an answer: ${name}`, () => assert.deepEqual(faultsOfAnswer(check, given), expected));
}

test('cuts a long body', () => {
  const [, body] = faultsOfAnswer(checkWith({}), { ...answer, status: 404, body: 'x'.repeat(1000) });
  assert.match(body ?? '', /^the body is "x{300}" and 700 characters more$/);
});

test('lets no answer break the table of the summary', () => {
  const summary = smokeSummary('shop', [
    { title: 'GET /a', via: 'x', attempts: 1, milliseconds: 1, faults: ['the body is "a | <b>`c`\nd"'] },
  ]);
  assert.match(summary, /the body is "a \\\| &lt;b>\\`c\\` d" \|$/m);
});
