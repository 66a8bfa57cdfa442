import { type Fault, UserError } from '../errors.ts';
import { formatImageReference, type ImageReference } from './image.ts';
import type { Platform } from './image-manifest.ts';
import { Secret } from './secret.ts';

/** A build by a Docker engine. */
export interface DockerBuild {
  /** Folder sent to the engine. */
  readonly context: string;
  /** Undefined for `Dockerfile` in the context. */
  readonly dockerfile?: string;
  readonly target?: string;
  readonly platform: Platform;
  /** `NAME=value` each. */
  readonly arguments: readonly string[];
  readonly secrets: readonly BuildSecret[];
  readonly images: readonly ImageReference[];
}

/** A secret that a build may read and no layer keeps. */
export interface BuildSecret {
  /** Name by which the Dockerfile mounts it. */
  readonly id: string;
  readonly value: Secret;
}

/** Arguments of `docker` for a build; secrets appear by the name of a variable of `buildEnvironment` only. */
export function buildArguments(build: DockerBuild): readonly string[] {
  return [
    'build',
    ...option('--file', build.dockerfile),
    ...option('--target', build.target),
    ...option('--platform', build.platform),
    ...build.arguments.flatMap(argument => ['--build-arg', argument]),
    ...build.secrets.flatMap(({ id }, index) => ['--secret', `id=${id},env=${variable(index)}`]),
    ...build.images.flatMap(image => ['--tag', formatImageReference(image)]),
    '--',
    build.context,
  ];
}

/** Variables that carry the secrets of a build to `docker`. */
export function buildEnvironment(build: DockerBuild): ReadonlyMap<string, Secret> {
  return new Map(build.secrets.map(({ value }, index) => [variable(index), value]));
}

// Secrets need BuildKit, and ids such as "npm-token" are no names of variables.
function variable(index: number): string {
  return `BUILD_SECRET_${index}`;
}

function option(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [name, value];
}

/** Secrets of the input `build-secrets`, `id=value` one a line; throws UserError with the numbers of faulty lines. */
export function parseBuildSecrets(text: Secret | undefined): readonly BuildSecret[] {
  const lines = (text?.reveal() ?? '').split(/\r?\n/).map((line, index) => ({ line: line.trim(), number: index + 1 }));
  const parsed = lines.filter(({ line }) => line !== '').map(parseSecret);
  const faults = parsed.filter(result => 'message' in result);
  if (faults.length > 0) throw new UserError(faults);
  return parsed.filter(result => 'id' in result);
}

// A faulty line may be a secret, so the message gives its number only.
function parseSecret({ line, number }: { readonly line: string; readonly number: number }): BuildSecret | Fault {
  const match = /^([\w.-]+)=(.+)$/.exec(line);
  if (!match)
    return { message: `Input "build-secrets" must have "id=value" on each line, but line ${number} has not.` };
  return { id: match[1] ?? '', value: new Secret(match[2] ?? '') };
}
