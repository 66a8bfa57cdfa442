import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { dockerConfigJson } from '../../core/image-pull-secret.ts';
import { isRecord, parseJson } from '../../core/json.ts';
import { Secret } from '../../core/secret.ts';
import { UserError } from '../../errors.ts';
import type { Credentials } from '../../flows/ports.ts';
import { childEnvironment, runProgram } from '../processes.ts';

const loginShape = v.object({
  auth: v.optional(v.string()),
  username: v.optional(v.string()),
  password: v.optional(v.string()),
  identitytoken: v.optional(v.string()),
});

const configShape = v.object({
  auths: v.optional(v.record(v.string(), loginShape), {}),
  credHelpers: v.optional(v.record(v.string(), v.string()), {}),
  credsStore: v.optional(v.string()),
});

const helperShape = v.object({ Username: v.string(), Secret: v.string() });

type DockerConfig = v.InferOutput<typeof configShape>;

const helperDeadline = 30_000;

/** Sign-ins that Docker's configuration of this machine holds, as `docker login` leaves them. */
export class DockerLogins {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #mask: (secret: Secret) => void;
  #config: Promise<DockerConfig | undefined> | undefined;

  /** `environment`: where `DOCKER_CONFIG`, `HOME` and the credential helpers are found. `mask` is told every password. */
  constructor(environment: NodeJS.ProcessEnv, mask: (secret: Secret) => void) {
    this.#environment = environment;
    this.#mask = mask;
  }

  /** User and password for a registry host; undefined when Docker has none. Throws UserError for a configuration that is none. */
  async find(host: string, signal: AbortSignal): Promise<Credentials | undefined> {
    this.#config ??= readConfig(dockerFolder(this.#environment));
    const config = await this.#config;
    if (!config) return undefined;
    const names = namesOf(host);
    const helper = names.map(name => config.credHelpers[name]).find(Boolean) ?? config.credsStore;
    const found = helper
      ? await this.#ask(helper, names[0] ?? host, signal)
      : names.map(name => credentialsOf(config.auths[name])).find(Boolean);
    if (found) this.#mask(found.password);
    return found;
  }

  async #ask(helper: string, name: string, signal: AbortSignal): Promise<Credentials | undefined> {
    const { code, output } = await runProgram(
      {
        program: `docker-credential-${helper}`,
        arguments: ['get'],
        environment: childEnvironment(this.#environment),
        input: name,
        deadline: helperDeadline,
        whenMissing: `Docker's configuration names it as credential helper. Install it, or set inputs "registry-username" and "registry-password".`,
      },
      signal,
    );
    // A helper that has nothing for the host says so by its code.
    const { success, output: answer } = v.safeParse(helperShape, code === 0 ? parseJson(output) : undefined);
    return success ? { username: answer.Username, password: new Secret(answer.Secret) } : undefined;
  }
}

/** Folder of Docker's configuration. */
export function dockerFolder({ DOCKER_CONFIG, HOME }: NodeJS.ProcessEnv): string {
  return DOCKER_CONFIG || join(HOME || homedir(), '.docker');
}

interface DockerConfigCopy {
  /** Docker's own folder, which may be missing. */
  readonly from: string;
  /** An empty folder. */
  readonly to: string;
  readonly host: string;
  readonly credentials: Credentials;
}

/** Makes a folder like Docker's own, with its plug-ins, contexts and other sign-ins, that also signs in to one host. */
export async function writeDockerConfig({ from, to, host, credentials }: DockerConfigCopy): Promise<void> {
  const own = recordOf(await readFile(join(from, 'config.json'), 'utf8').catch(() => '{}'));
  const added = recordOf(dockerConfigJson(host, credentials.username, credentials.password).reveal());
  const text = JSON.stringify({
    ...own,
    auths: { ...partOf(own, 'auths'), ...partOf(added, 'auths') },
    // An empty name stands for the file itself, also where a store is set for all hosts.
    credHelpers: { ...partOf(own, 'credHelpers'), [host]: '' },
  });
  await writeFile(join(to, 'config.json'), text, { mode: 0o600 });
  const others = (await readdir(from).catch(() => [])).filter(name => name !== 'config.json');
  await Promise.all(others.map(name => symlink(join(from, name), join(to, name))));
}

function recordOf(text: string): Readonly<Record<string, unknown>> {
  const value = parseJson(text);
  return isRecord(value) ? value : {};
}

function partOf(record: Readonly<Record<string, unknown>>, key: string): Readonly<Record<string, unknown>> {
  const part = record[key];
  return isRecord(part) ? part : {};
}

async function readConfig(folder: string): Promise<DockerConfig | undefined> {
  const path = join(folder, 'config.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { success, output } = v.safeParse(configShape, parseJson(text));
  if (success) return output;
  throw new UserError(
    `Docker's configuration "${path}" cannot be understood. Correct it, or set inputs "registry-username" and "registry-password".`,
  );
}

/** The names under which Docker may keep the sign-in of a host. */
function namesOf(host: string): readonly string[] {
  if (host === 'docker.io') return ['https://index.docker.io/v1/'];
  return [host, `https://${host}`, `https://${host}/v2/`, `http://${host}`];
}

function credentialsOf(login: v.InferOutput<typeof loginShape> | undefined): Credentials | undefined {
  if (!login) return undefined;
  const decoded = Buffer.from(login.auth ?? '', 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  const username = login.username ?? decoded.slice(0, Math.max(0, colon));
  const password = login.identitytoken ?? login.password ?? decoded.slice(colon + 1);
  return username && password ? { username, password: new Secret(password) } : undefined;
}
