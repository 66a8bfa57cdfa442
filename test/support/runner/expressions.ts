import { createHash } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { data, Evaluator, type Expr, Lexer, Parser } from '@actions/expressions';
import { isMap, textOf, type Value, type ValueMap } from './values.ts';

export type Status = 'success' | 'failure' | 'cancelled';

/** What an expression can see. */
export interface Scope {
  readonly contexts: ValueMap;
  /** State of what came before: of the steps in a job, of the needed jobs in a workflow. */
  readonly status: Status;
  /** Folder in which `hashFiles` looks. */
  readonly workspace: string;
}

const contextNames = [
  'github',
  'env',
  'vars',
  'job',
  'jobs',
  'steps',
  'runner',
  'secrets',
  'strategy',
  'matrix',
  'needs',
  'inputs',
];
const statusFunctions = /\b(?:success|failure|cancelled|always)\s*\(/i;

/** Value of an expression without its braces, by GitHub's own lexer, parser and evaluator. */
export function evaluate(expression: string, scope: Scope): Value {
  const functions = functionsOf(scope);
  const tree: Expr = new Parser(new Lexer(expression).lex().tokens, contextNames, [...functions.values()]).parse();
  return plain(new Evaluator(tree, dictionaryOf(scope.contexts), functions).evaluate());
}

/** The value with every `${{ }}` in its texts replaced; a text that is one expression alone keeps the expression's type. */
export function interpolate(value: Value, scope: Scope): Value {
  if (typeof value === 'string') return interpolateText(value, scope);
  if (Array.isArray(value)) return value.map(item => interpolate(item, scope));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, interpolate(item, scope)]));
}

/** Whether an `if` lets its job or step run: without a status function it also asks for `success()`. */
export function holds(condition: Value | undefined, scope: Scope): boolean {
  const text = textOf(condition ?? 'success()').trim();
  const expression = /^\$\{\{(.*)\}\}$/s.exec(text)?.[1] ?? text;
  const whole = statusFunctions.test(expression) ? expression : `success() && (${expression})`;
  return isTruthy(evaluate(whole, scope));
}

function interpolateText(text: string, scope: Scope): Value {
  const alone = /^\$\{\{((?:(?!\}\}).)*)\}\}$/s.exec(text)?.[1];
  if (alone !== undefined) return evaluate(alone, scope);
  return text.replace(/\$\{\{(.*?)\}\}/gs, (_, expression: string) => textOf(evaluate(expression, scope)));
}

function isTruthy(value: Value): boolean {
  return value !== null && value !== false && value !== 0 && value !== '' && !Number.isNaN(value);
}

type ExtraFunction = Parameters<
  Map<
    string,
    { name: string; minArgs: number; maxArgs: number; call(...args: data.ExpressionData[]): data.ExpressionData }
  >['set']
>[1];

function functionsOf({ status, workspace }: Scope): Map<string, ExtraFunction> {
  const state = (name: string, holds: boolean): ExtraFunction => ({
    ...{ name, minArgs: 0, maxArgs: 0 },
    call: () => new data.BooleanData(holds),
  });
  const hash: ExtraFunction = {
    ...{ name: 'hashFiles', minArgs: 1, maxArgs: 255 },
    call: (...patterns) =>
      new data.StringData(
        hashFiles(
          workspace,
          patterns.map(pattern => pattern.coerceString()),
        ),
      ),
  };
  const all = [
    state('always', true),
    state('success', status === 'success'),
    state('failure', status === 'failure'),
    state('cancelled', status === 'cancelled'),
    hash,
  ];
  return new Map(all.map(one => [one.name.toLowerCase(), one]));
}

/** SHA-256 over the digests of the files that the patterns find in the workspace; empty when there are none. */
function hashFiles(workspace: string, patterns: readonly string[]): string {
  const found = globSync([...patterns], { cwd: workspace }).filter(path => statSync(join(workspace, path)).isFile());
  if (found.length === 0) return '';
  const whole = createHash('sha256');
  for (const path of found.sort())
    whole.update(
      createHash('sha256')
        .update(readFileSync(join(workspace, path)))
        .digest(),
    );
  return whole.digest('hex');
}

function dictionaryOf(contexts: ValueMap): data.Dictionary {
  return new data.Dictionary(
    ...Object.entries(contexts).map(([key, value]) => ({ key, value: expressionData(value) })),
  );
}

function expressionData(value: Value): data.ExpressionData {
  return JSON.parse(JSON.stringify(value), data.reviver);
}

function plain(value: data.ExpressionData): Value {
  return JSON.parse(JSON.stringify(value, data.replacer));
}
