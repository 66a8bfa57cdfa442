import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import * as v from 'valibot';
import { root } from '../../test/support/action.ts';

const manifest = v.object({ inputs: v.record(v.string(), v.object({ default: v.optional(v.string(), '') })) });

/** Environment of the root action as the runner makes it: the given inputs, and the defaults of its manifest for the rest. */
export async function actionEnvironment(inputs: Readonly<Record<string, string>>): Promise<NodeJS.ProcessEnv> {
  const declared = v.parse(manifest, load(await readFile(join(root, 'action.yml'), 'utf8')));
  const values = Object.entries(declared.inputs).map(([name, input]) => [
    `INPUT_${name.toUpperCase()}`,
    inputs[name] ?? input.default,
  ]);
  return { PATH: process.env.PATH, HOME: process.env.HOME, GITHUB_ACTIONS: 'true', ...Object.fromEntries(values) };
}
