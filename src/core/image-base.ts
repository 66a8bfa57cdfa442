import { UserError } from '../errors.ts';
import type { ImageReference } from './image.ts';
import { isRecord, parseJson } from './json.ts';
import type { Runtime, SourceTree } from './project.ts';

const nodeMajors = [24, 22, 20] as const;
const nodeCodeNames: Readonly<Record<string, number>> = { iron: 20, jod: 22, krypton: 24 };
const pythonVersions = ['3.13', '3.12', '3.11', '3.10'] as const;
const defaultPython = '3.12';

/** Reads a version out of one file of the app; undefined when the file does not state one. */
interface VersionFile {
  readonly path: string;
  readonly read: (text: string) => string | undefined;
}

const nodeFiles: readonly VersionFile[] = [
  { path: 'package.json', read: nodeEngine },
  { path: '.nvmrc', read: firstLine },
  { path: '.node-version', read: firstLine },
];
const pythonFiles: readonly VersionFile[] = [
  { path: '.python-version', read: firstLine },
  { path: 'runtime.txt', read: firstLine },
];

const baseTags: Readonly<Partial<Record<Runtime, (source: SourceTree) => string>>> = {
  node: source => `node:4-node${nodeMajor(source)}`,
  python: source => `python:4-python${pythonVersion(source)}`,
};

/** Official Functions image of the runtime in the version the app asks for; throws UserError when there is none. */
export function defaultBaseImage(runtime: Runtime, source: SourceTree): ImageReference {
  const tagOf = baseTags[runtime];
  if (!tagOf) {
    throw new UserError(
      `There is no default base image for runtime "${runtime}". Name one in input "base-image", or add a Dockerfile.`,
    );
  }
  const [repository = '', tag = ''] = tagOf(source).split(':');
  return { host: 'mcr.microsoft.com', repository: `azure-functions/${repository}`, tag };
}

/** Newest supported Node.js major that the app allows; throws UserError when it allows none. */
export function nodeMajor(source: SourceTree): number {
  const wanted = wantedVersion(source, nodeFiles);
  if (!wanted) return nodeMajors[0];
  const major = nodeMajors.find(candidate => allowsMajor(wanted.version, candidate));
  if (major !== undefined) return major;
  throw unsupported('Node.js', wanted, nodeMajors);
}

/** Python version of the app as `3.12`; throws UserError for one without an official image. */
export function pythonVersion(source: SourceTree): string {
  const wanted = wantedVersion(source, pythonFiles);
  if (!wanted) return defaultPython;
  const minor = /^(?:python-)?(\d+\.\d+)/.exec(wanted.version)?.[1];
  const version = pythonVersions.find(candidate => candidate === minor);
  if (version !== undefined) return version;
  throw unsupported('Python', wanted, pythonVersions);
}

/** Python version of a base image as `3.12`: what its configuration says, else its tag; undefined when neither does. */
export function pythonOfBase(base: ImageReference, environment: readonly string[]): string | undefined {
  const stated = environment.find(entry => entry.startsWith('PYTHON_VERSION='));
  return /=(\d+\.\d+)/.exec(stated ?? '')?.[1] ?? /python(\d+\.\d+)/.exec(base.tag ?? '')?.[1];
}

interface WantedVersion {
  readonly version: string;
  readonly file: string;
}

function wantedVersion(source: SourceTree, files: readonly VersionFile[]): WantedVersion | undefined {
  for (const { path, read } of files) {
    const text = source.texts.get(path);
    const version = text === undefined ? undefined : read(text);
    if (version) return { version, file: path };
  }
  return undefined;
}

function unsupported(language: string, wanted: WantedVersion, supported: readonly (string | number)[]): UserError {
  return new UserError({
    message: `${language} version "${wanted.version}" has no official Functions image. Choose one of ${supported.join(', ')}, or name an image in input "base-image".`,
    place: { file: wanted.file },
  });
}

function nodeEngine(text: string): string | undefined {
  // Planning the dependencies reports a package.json that is no JSON, with its place.
  const manifest = parseJson(text);
  const engines = isRecord(manifest) ? manifest.engines : undefined;
  return isRecord(engines) && typeof engines.node === 'string' ? engines.node : undefined;
}

function firstLine(text: string): string | undefined {
  return text
    .split(/\r?\n/)
    .map(line => line.trim())
    .find(line => line !== '' && !line.startsWith('#'));
}

/** `true` when some version of `major` fits the range, as `>=20 <23`, `^22.1`, `20.x || 22`, `lts/jod`, `18 - 22`. */
export function allowsMajor(range: string, major: number): boolean {
  return range.split('||').some(part => allowsAll(part.trim(), major));
}

function allowsAll(part: string, major: number): boolean {
  const span = /^(\S+)\s+-\s+(\S+)$/.exec(part);
  const comparators = span ? [`>=${span[1]}`, `<=${span[2]}`] : part.replace(/([<>=~^]+)\s+/g, '$1').split(/\s+/);
  return comparators.every(comparator => allows(comparator, major));
}

const comparisons: Readonly<Record<string, (major: number, bound: number, exact: boolean) => boolean>> = {
  '>=': (major, bound) => major >= bound,
  // `>20` starts at 21, but `>20.1.0` still allows 20.2.
  '>': (major, bound, exact) => (exact ? major >= bound : major > bound),
  '<=': (major, bound) => major <= bound,
  '<': (major, bound, exact) => (exact ? major <= bound : major < bound),
};

function allows(comparator: string, major: number): boolean {
  if (/^(?:\*|x|node|lts(?:\/\*)?|)$/i.test(comparator)) return true;
  const codeName = /^lts\/(\w+)$/.exec(comparator)?.[1]?.toLowerCase();
  if (codeName !== undefined) return nodeCodeNames[codeName] === major;
  const match = /^([<>=~^]*)v?(\d+)((?:\.\d+)*)/.exec(comparator);
  if (!match) return false;
  const compare = comparisons[match[1] ?? ''] ?? ((candidate, bound) => candidate === bound);
  return compare(major, Number(match[2]), /\.0*[1-9]/.test(match[3] ?? ''));
}
