import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Programs that stand before the real ones on the path and record how they were called. */
export interface Programs extends AsyncDisposable {
  readonly environment: NodeJS.ProcessEnv;
  /** Arguments of each call, the program's name first. */
  calls(): Promise<readonly (readonly string[])[]>;
  /** `NAME=value` lines of the environment of the last call. */
  lastEnvironment(): Promise<readonly string[]>;
  /** A file that a program wrote into the folder `$RECORD`. */
  read(name: string): Promise<string>;
}

/** Makes programs out of shell scripts; in them `$RECORD` is a folder to leave things in. */
export async function fakePrograms(
  scripts: Readonly<Record<string, string>>,
  environment: NodeJS.ProcessEnv = {},
): Promise<Programs> {
  const folder = await mkdtemp(join(tmpdir(), 'programs-'));
  for (const [name, script] of Object.entries(scripts)) {
    const lines = [
      '#!/bin/sh',
      `RECORD='${folder}'`,
      `{ printf '%s\\0' '${name}' "$@"; printf '\\n'; } >>"$RECORD/calls"`,
      'env >"$RECORD/environment"',
      script,
    ];
    await writeFile(join(folder, name), `${lines.join('\n')}\n`);
    await chmod(join(folder, name), 0o755);
  }
  const read = (name: string) => readFile(join(folder, name), 'utf8').catch(() => '');
  return {
    environment: { PATH: `${folder}${delimiter}/usr/bin${delimiter}/bin`, ...environment },
    read,
    calls: async () =>
      (await read('calls'))
        .split('\0\n')
        .filter(Boolean)
        .map(line => line.split('\0')),
    lastEnvironment: async () => (await read('environment')).split('\n').filter(Boolean),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
