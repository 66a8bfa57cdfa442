import { formatImageReference, type ImageReference } from '../../core/image.ts';
import { buildArguments, buildEnvironment, type DockerBuild } from '../../core/image-docker.ts';
import { UserError } from '../../errors.ts';
import type { Credentials, ImageEngine, Log } from '../../flows/ports.ts';
import { childEnvironment, type Ending, lastLines, runProgram } from '../processes.ts';
import { openStaging } from '../staging.ts';
import { dockerFolder, writeDockerConfig } from './docker-config.ts';

/** How to drive the Docker engine. */
export interface DockerOptions {
  readonly log: Log;
  readonly environment: NodeJS.ProcessEnv;
  /** For a registry host; without them Docker's own sign-in is used. */
  credentials(host: string, signal: AbortSignal): Promise<Credentials | undefined>;
}

interface SignedIn extends AsyncDisposable {
  readonly environment: NodeJS.ProcessEnv;
}

const whenMissing = 'Install Docker, or use builder "layers".';
const answerDeadline = 15_000;
const buildDeadline = 60 * 60_000;
const pushDeadline = 30 * 60_000;

/** The Docker engine that the command `docker` of this machine talks to. */
export class Docker implements ImageEngine {
  readonly #options: DockerOptions;
  readonly #environment: NodeJS.ProcessEnv;

  constructor(options: DockerOptions) {
    this.#options = options;
    this.#environment = childEnvironment(options.environment);
  }

  async answers(signal: AbortSignal): Promise<boolean> {
    const command = ['version', '--format', '{{.Server.Version}}'];
    const ending = await this.#run(command, this.#environment, answerDeadline, signal).catch(error => {
      signal.throwIfAborted();
      this.#options.log.debug(String(error));
    });
    return ending?.code === 0;
  }

  async build(build: DockerBuild, signal: AbortSignal): Promise<void> {
    const secrets = [...buildEnvironment(build)].map(([name, value]) => [name, value.reveal()]);
    const buildKit = secrets.length > 0 ? { DOCKER_BUILDKIT: '1' } : {};
    // The base image may be in the registry that the image goes to.
    await using signedIn = await this.#signedIn(build.images[0]?.host, signal);
    const environment = { ...signedIn.environment, ...buildKit, ...Object.fromEntries(secrets) };
    this.#report(await this.#run(buildArguments(build), environment, buildDeadline, signal), 'docker build');
  }

  async push(images: readonly ImageReference[], signal: AbortSignal): Promise<void> {
    await using signedIn = await this.#signedIn(images[0]?.host, signal);
    for (const image of images) {
      const name = formatImageReference(image);
      this.#report(await this.#run(['push', name], signedIn.environment, pushDeadline, signal), `docker push ${name}`);
    }
  }

  /** Environment with a configuration of our own, which keeps the password out of Docker's, where it would stay behind. */
  async #signedIn(host: string | undefined, signal: AbortSignal): Promise<SignedIn> {
    const credentials = host && (await this.#options.credentials(host, signal));
    if (!credentials) return { environment: this.#environment, [Symbol.asyncDispose]: async () => {} };
    const folder = await openStaging(this.#options.environment);
    await writeDockerConfig({ from: dockerFolder(this.#environment), to: folder.path, host, credentials });
    return {
      environment: { ...this.#environment, DOCKER_CONFIG: folder.path },
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
  }

  #run(
    words: readonly string[],
    environment: NodeJS.ProcessEnv,
    deadline: number,
    signal: AbortSignal,
  ): Promise<Ending> {
    return runProgram({ program: 'docker', arguments: words, environment, deadline, whenMissing }, signal);
  }

  #report({ code, output }: Ending, what: string): void {
    const { log } = this.#options;
    log.debug(output);
    if (code === 0) return;
    log.info(output.trimEnd());
    const message =
      diagnoses.find(([sign]) => sign.test(output))?.[1] ?? `Correct what its last lines say.\n${lastLines(output)}`;
    throw new UserError(`"${what}" failed with code ${code}. ${message}`);
  }
}

const diagnoses: readonly (readonly [sign: RegExp, message: string])[] = [
  [
    /buildx component is missing|requires BuildKit/i,
    'This build needs BuildKit, as build secrets do. Install the buildx plugin of Docker.',
  ],
  [
    /no space left on device/i,
    'The disk of the Docker engine or of the registry is full. Free some space, for example with "docker system prune".',
  ],
  [
    /unauthorized|authentication required|denied/i,
    'The registry refused the sign-in. Check inputs "registry-username" and "registry-password", and for images in "FROM" a sign-in in a step before.',
  ],
];
