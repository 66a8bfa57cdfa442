import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ActionName, actionInputs } from '../src/core/inputs/table.ts';
import { rootManifest, subActionManifest } from './action-manifests.ts';
import { configSchemaText } from './config-schema.ts';
import { noticesText } from './notices.ts';
import { actionPage, actionTable, commandTable, inputTable, outputTable } from './reference.ts';

/** Every generated file but `dist`: its path from the root of the repository and the text it should have. */
export async function generatedFiles(root: string, modules: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const actions = Object.keys(actionInputs).filter(isAction);
  return new Map([
    ['action.yml', rootManifest()],
    ...actions.map(action => [`workflows/${action}/action.yml`, subActionManifest(action)] as const),
    ...actions.map(action => [`workflows/${action}/README.md`, actionPage(action)] as const),
    ['aks-functions.schema.json', configSchemaText()],
    ['THIRD_PARTY_NOTICES.md', await noticesText(modules)],
    ['README.md', withTables(await readFile(join(root, 'README.md'), 'utf8'))],
  ]);
}

/** The lines that differ between two texts, the old ones after `-` and the new ones after `+`; at most 40 of each. */
export function differenceOf(before: string, after: string): string {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const start = old.findIndex((line, index) => line !== now[index]);
  const first = start < 0 ? old.length : start;
  let same = 0;
  while (same < Math.min(old.length, now.length) - first && old.at(-1 - same) === now.at(-1 - same)) same++;
  const part = (lines: readonly string[], sign: string) =>
    lines
      .slice(first, lines.length - same)
      .slice(0, 40)
      .map(line => `${sign} ${line}`);
  return [`@@ line ${first + 1}`, ...part(old, '-'), ...part(now, '+')].join('\n');
}

/** Tables of the README by the name in their marker. */
const tables: Readonly<Record<string, () => string>> = {
  inputs: () => inputTable('deploy'),
  outputs: () => outputTable('deploy'),
  actions: actionTable,
  commands: commandTable,
};

function withTables(readme: string): string {
  return Object.entries(tables).reduce((text, [name, table]) => {
    const [start, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
    const [head, rest] = split(text, start);
    return `${head}${start}\n\n${table()}\n\n${end}${split(rest, end)[1]}`;
  }, readme);
}

function split(text: string, marker: string): readonly [string, string] {
  const index = text.indexOf(marker);
  if (index < 0) throw new Error(`README.md has no marker "${marker}". Put it back where the table belongs.`);
  return [text.slice(0, index), text.slice(index + marker.length)];
}

function isAction(name: string): name is ActionName {
  return Object.hasOwn(actionInputs, name);
}
