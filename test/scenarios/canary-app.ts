import { randomBytes } from 'node:crypto';
import { type AppOnDisk, writeApp } from '../support/registry-app.ts';
import { fakePrograms, type Programs } from '../support/registry-programs.ts';
import { answering, greeting } from './lab-scene.ts';

/** Secrets that are inputs, or in a file that one names. */
export const secrets = {
  'client secret': newSecret(),
  'registry password': newSecret(),
  'secret setting': newSecret(),
  'settings file': newSecret(),
  'build secret': newSecret(),
  'github token': newSecret(),
};

/** With signs that change when the text is escaped or put into an address. */
function newSecret(): string {
  return `${randomBytes(15).toString('base64url')}+/"&=${randomBytes(6).toString('hex')}`;
}

const spy = `
cat /proc/[0-9]*/cmdline >>"$RECORD/arguments" 2>/dev/null
env >>"$RECORD/given"
cat "$DOCKER_CONFIG/config.json" >>"$RECORD/config" 2>/dev/null
`;

/**
 * Stand-ins of npm and docker. They keep the arguments of every process of the machine in `arguments`, their own
 * environment in `given`, and the sign-in that docker has in `config`.
 */
export function spyingPrograms(): Promise<Programs> {
  return fakePrograms({ npm: `${spy}mkdir -p node_modules/left`, docker: `${spy}exit 0` });
}

const lock = { lockfileVersion: 3, packages: { '': {}, 'node_modules/left': { version: '1.0.0' } } };

/** An app whose function wants a key, with a dependency, a file of settings, and a way for docker to build it. */
export function writeGuarded(): Promise<AppOnDisk> {
  const files = greeting(answering('hello'));
  return writeApp({
    ...files,
    'greet/function.json': (files['greet/function.json'] ?? '').replace('anonymous', 'function'),
    'package.json': '{"name":"greeting","version":"1.0.0","dependencies":{"left":"1.0.0"}}',
    'package-lock.json': JSON.stringify(lock),
    Dockerfile: 'FROM scratch',
    'local.settings.json': JSON.stringify({ IsEncrypted: false, Values: { FILE_TOKEN: secrets['settings file'] } }),
    '.funcignore': 'local.settings.json\n',
  });
}
