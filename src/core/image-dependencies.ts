import { type Fault, UserError } from '../errors.ts';
import type { Platform } from './image-manifest.ts';
import { isRecord, parseJson } from './json.ts';
import type { Runtime, SourceTree } from './project.ts';

/** How the dependencies of an app get into its image. */
export type DependencyPlan =
  | { readonly kind: 'none' }
  /** A folder of installed dependencies in the app goes into the image as it is. */
  | { readonly kind: 'vendored'; readonly folder: string }
  | { readonly kind: 'npm'; readonly lockfile: string; readonly cpu: 'x64' | 'arm64' }
  | { readonly kind: 'pip'; readonly pythonVersion: string; readonly wheelPlatforms: readonly string[] };

/** Folder of installed packages, by the tool that fills it. */
export const dependencyFolders = { npm: 'node_modules', pip: '.python_packages' } as const;

const lockfiles = ['npm-shrinkwrap.json', 'package-lock.json'] as const;
const cpus = { 'linux/amd64': 'x64', 'linux/arm64': 'arm64' } as const;
const machines = { 'linux/amd64': 'x86_64', 'linux/arm64': 'aarch64' } as const;
// The oldest C library among the official images, Debian 11's, is newer than any of these.
const manylinux = [
  'manylinux_2_28',
  'manylinux_2_27',
  'manylinux_2_26',
  'manylinux_2_24',
  'manylinux_2_17',
  'manylinux2014',
];

const elsewhere = 'Use builder "docker" or "acr" with a Dockerfile';

/** What `dependencyPlan` decides from. */
export interface DependencyFacts {
  readonly source: SourceTree;
  readonly platform: Platform;
  readonly pythonVersion: string;
}

const planners: Readonly<Partial<Record<Runtime, (facts: DependencyFacts) => DependencyPlan>>> = {
  node: planNode,
  python: planPython,
};

/**
 * How to get the app's dependencies into its image without a compiler or an install script.
 * Throws UserError with every package or line that would need one.
 */
export function dependencyPlan(runtime: Runtime, facts: DependencyFacts): DependencyPlan {
  return planners[runtime]?.(facts) ?? { kind: 'none' };
}

function planNode({ source, platform }: DependencyFacts): DependencyPlan {
  const manifest = readObject(source, 'package.json');
  const wanted = namesOf(manifest.dependencies).length + namesOf(manifest.optionalDependencies).length;
  if (wanted === 0 && namesOf(manifest.devDependencies).length > 0) return { kind: 'none' };
  const lockfile = lockfiles.find(path => source.texts.has(path));
  if (wanted > 0 && lockfile !== undefined) return planNpm(source, lockfile, cpus[platform]);
  if (source.dependencyFolders?.includes(dependencyFolders.npm))
    return { kind: 'vendored', folder: dependencyFolders.npm };
  if (wanted === 0) return { kind: 'none' };
  throw new UserError({
    message:
      'The app has dependencies, but neither "package-lock.json" nor "node_modules". Run "npm install" and commit the lockfile, or install them in a step before.',
    place: { file: 'package.json' },
  });
}

function planNpm(source: SourceTree, lockfile: string, cpu: 'x64' | 'arm64'): DependencyPlan {
  const { packages } = readObject(source, lockfile);
  if (!isRecord(packages)) {
    const message =
      'The lockfile has version 1, which does not tell install scripts. Run "npm install" with npm 7 or newer and commit it.';
    throw new UserError({ message, place: { file: lockfile } });
  }
  const faults = Object.entries(packages).flatMap(([path, entry]) => packageFaults(path, entry, lockfile));
  if (faults.length > 0) throw new UserError(faults);
  return { kind: 'npm', lockfile, cpu };
}

function packageFaults(path: string, entry: unknown, file: string): readonly Fault[] {
  if (path === '' || !isRecord(entry) || entry.dev === true) return [];
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  if (entry.link === true) {
    return [
      {
        message: `Package "${name}" is a link to another folder, which an image cannot have. ${elsewhere}, or bundle the app first.`,
        place: { file },
      },
    ];
  }
  // An app must do without its optional packages anyway, so their scripts may stay unrun.
  if (entry.hasInstallScript !== true || entry.optional === true) return [];
  return [
    {
      message: `Package "${name}" runs an install script, which builder "layers" never does. ${elsewhere}.`,
      place: { file },
    },
  ];
}

function planPython({ source, platform, pythonVersion }: DependencyFacts): DependencyPlan {
  const folder = dependencyFolders.pip;
  if (source.dependencyFolders?.includes(folder)) return { kind: 'vendored', folder };
  const lines = requirementLines(source.texts.get('requirements.txt') ?? '');
  if (lines.length === 0) return { kind: 'none' };
  const faults = lines.flatMap(requirementFaults);
  if (faults.length > 0) throw new UserError(faults);
  return { kind: 'pip', pythonVersion, wheelPlatforms: manylinux.map(tag => `${tag}_${machines[platform]}`) };
}

interface RequirementLine {
  readonly text: string;
  readonly line: number;
}

function requirementLines(text: string): readonly RequirementLine[] {
  return text
    .split(/\r?\n/)
    .map((line, index) => ({ text: line.replace(/(^|\s)#.*$/, '').trim(), line: index + 1 }))
    .filter(({ text: line }) => line !== '');
}

// Such a requirement is built from its source, whatever pip is told about wheels.
const builtFromSource =
  /^(?:-e|--editable)\b|^(?:\.{0,2}\/|\.{1,2}$)|(?:^|@\s*)(?:git|hg|svn|bzr)\+|file:|\.(?:tar\.\w+|tgz|zip)\b/;

function requirementFaults({ text, line }: RequirementLine): readonly Fault[] {
  if (!builtFromSource.test(text)) return [];
  const message = `Requirement "${text}" is built from its source, which builder "layers" never does. ${elsewhere}, or require a published wheel.`;
  return [{ message, place: { file: 'requirements.txt', line } }];
}

function readObject(source: SourceTree, path: string): Readonly<Record<string, unknown>> {
  const text = source.texts.get(path);
  if (text === undefined) return {};
  const value = parseJson(text);
  if (isRecord(value)) return value;
  throw new UserError({
    message: `"${path}" is not a JSON object. Correct it or restore it from version control.`,
    place: { file: path },
  });
}

function namesOf(value: unknown): readonly string[] {
  return isRecord(value) ? Object.keys(value) : [];
}
