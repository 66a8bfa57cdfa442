import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { type OutputChunk, type OutputOptions, type Plugin, type RolldownOptions, rolldown } from 'rolldown';

/** One JavaScript file of the bundle. */
export interface BundleFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Names of the files that are loaded together with this one. */
  readonly imports: readonly string[];
  /** `true` for the start file of an action or of the command line. */
  readonly isEntry: boolean;
}

/** What was built. */
export interface Bundle {
  readonly files: readonly BundleFile[];
  /** Absolute paths of the modules of which at least one byte is in the bundle. */
  readonly modules: readonly string[];
}

/** Where to read the sources, and where to write the files. */
export interface BundleOptions {
  /** Root folder of the repository. */
  readonly root: string;
  /** Emptied first. */
  readonly directory: string;
}

const undiciFile = './undici.cjs';
const undiciOnFirstUse = '\0undici-on-first-use';
const lazyUndici = `
export const ProxyAgent = new Proxy(class ProxyAgent {}, {
  construct: (target, args) => new (require('${undiciFile}').ProxyAgent)(...args),
});`;

/**
 * One copy of undici for everybody, in a file of its own. The import at the top of @actions/http-client, which needs
 * it behind a proxy only, gets a stand-in that loads that file when an agent is made.
 */
const undiciApart: Plugin = {
  name: 'undici-apart',
  resolveId: {
    filter: { id: [/^undici$/, /^\.\/undici\.cjs$/] },
    handler(source, importer) {
      const early = source === 'undici' && /[\\/]@actions[\\/]http-client[\\/]/.test(importer ?? '');
      return early ? undiciOnFirstUse : { id: undiciFile, external: true };
    },
  },
  load: { filter: { id: /undici-on-first-use$/ }, handler: id => (id === undiciOnFirstUse ? lazyUndici : null) },
};

const cryptoOnFirstUse = '\0crypto-on-first-use';
const cryptoFunctions = ['createHash', 'createHmac', 'randomBytes', 'randomUUID'];

/**
 * Node's cryptography takes a third of the time that an entry needs before its first request, and faults of inputs and
 * registries on loopback do without it: what our sources and @actions/core call of it loads it when it is called.
 */
const cryptoLater: Plugin = {
  name: 'crypto-later',
  resolveId: {
    filter: { id: /^(node:)?crypto$/ },
    handler: (_, importer = '') => {
      if (importer === cryptoOnFirstUse) return null;
      const ours = !/[\\/]node_modules[\\/]/.test(importer) || /[\\/]@actions[\\/]core[\\/]/.test(importer);
      return ours ? cryptoOnFirstUse : null;
    },
  },
  load: {
    filter: { id: /crypto-on-first-use$/ },
    handler: () =>
      cryptoFunctions
        .map(name => `export const ${name} = (...args) => require('node:crypto').${name}(...args);`)
        .join('\n'),
  },
};

const common: RolldownOptions = {
  platform: 'node',
  // An optional package of client-node for Negotiate proxies; loaded on use only, and never there.
  external: ['kerberos'],
  // A linked folder of packages must look like one in its place, or the order of what is loaded would differ.
  resolve: { symlinks: false },
  transform: { target: 'node24' },
  treeshake: {
    // None of these declares it, though only the polyfill does anything on load: the generated models are most of
    // client-node, and @actions/core would bring a client and a tunnel that outputs and annotations never use.
    moduleSideEffects: [
      { test: /[\\/]@kubernetes[\\/]client-node[\\/]dist[\\/](?!polyfill\.js$)/, sideEffects: false },
      { test: /[\\/]node_modules[\\/](@actions[\\/](core|exec|http-client|io)|tunnel)[\\/]/, sideEffects: false },
    ],
  },
};

const output: OutputOptions = { format: 'cjs', comments: false, exports: 'named', externalLiveBindings: false };

/** Builds every entry of `src/entries` into one folder; the same sources give the same bytes anywhere. */
export async function buildBundle({ root, directory }: BundleOptions): Promise<Bundle> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const chunks = [
    ...(await write(productOptions(root, await entriesOf(root)), productOutput(root, directory))),
    ...(await buildUndici(root, directory)),
  ];
  if (chunks.some(chunk => chunk.fileName === 'cli.cjs')) await chmod(join(directory, 'cli.cjs'), 0o755);
  return {
    files: chunks.map(fileOf).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    modules: [...new Set(chunks.flatMap(modulesIn))].toSorted(),
  };
}

/** Files that are loaded before the first line of `entry` runs, itself included. */
export function closureOf(bundle: Bundle, entry: string): readonly BundleFile[] {
  const names = new Set([entry]);
  for (const name of names) {
    for (const next of bundle.files.find(file => file.name === name)?.imports ?? []) names.add(next);
  }
  return bundle.files.filter(file => names.has(file.name));
}

/** Bytes of `files` together. */
export function sizeOf(files: readonly BundleFile[]): number {
  return files.reduce((sum, file) => sum + file.size, 0);
}

async function entriesOf(root: string): Promise<Record<string, string>> {
  const files = (await readdir(join(root, 'src/entries'))).filter(file => file.endsWith('.ts')).toSorted();
  return Object.fromEntries(files.map(file => [file.slice(0, -'.ts'.length), join(root, 'src/entries', file)]));
}

function productOptions(root: string, input: Record<string, string>): RolldownOptions {
  return { ...common, cwd: root, input, plugins: [undiciApart, cryptoLater] };
}

function productOutput(root: string, directory: string): OutputOptions {
  return {
    ...output,
    dir: directory,
    // Names of the sources would cost 0.3 MB, and a quarter of what an entry loads before it starts.
    minify: true,
    entryFileNames: '[name].cjs',
    chunkFileNames: chunk => `${chunkName(root, chunk.facadeModuleId ?? chunk.moduleIds.at(-1) ?? chunk.name)}.cjs`,
    banner: chunk => (chunk.isEntry && chunk.name === 'cli' ? '#!/usr/bin/env node' : ''),
  };
}

/** A plain name made of the path, so that a chunk keeps it while its content changes: `core-config-parse`, `modern-tar`. */
function chunkName(root: string, module: string): string {
  const path = isAbsolute(module) ? relative(root, module).split(sep).join('/') : module;
  const inPackage = /.*node_modules\/(@[^/]+\/[^/]+|[^/]+)/.exec(path)?.[1];
  return (inPackage ?? path.replace(/^src\//, '').replace(/\.[^./]+$/, ''))
    .replace(/^@/, '')
    .replace(/[^a-zA-Z0-9]+/g, '-')
    .replace(/^-/, '');
}

/** A build of its own: of a CommonJS package nothing can be shaken off, and it must not be split. */
function buildUndici(root: string, directory: string): Promise<readonly OutputChunk[]> {
  return write(
    { ...common, cwd: root, input: { undici: undiciParts }, plugins: [undiciInParts(root)] },
    {
      ...output,
      exports: 'auto',
      dir: directory,
      entryFileNames: '[name].cjs',
      minify: true,
      codeSplitting: false,
    },
  );
}

const undiciParts = '\0undici-parts';

/**
 * The parts of undici that are used: its start file loads everything, and a third of that is fetch, web sockets, caches
 * and mocks. "request" is as there, for a caller who gives a dispatcher.
 */
function undiciInParts(root: string): Plugin {
  const part = (path: string) => `require(${JSON.stringify(join(root, 'node_modules/undici/lib', path))})`;
  const code = `
Object.assign(${part('dispatcher/dispatcher.js')}.prototype, ${part('api/index.js')});
exports.Agent = ${part('dispatcher/agent.js')};
exports.EnvHttpProxyAgent = ${part('dispatcher/env-http-proxy-agent.js')};
exports.ProxyAgent = ${part('dispatcher/proxy-agent.js')};
exports.request = (address, { dispatcher, ...options }) => {
  const { origin, pathname, search } = new URL(address);
  return dispatcher.request({ ...options, origin, path: pathname + search });
};`;
  return {
    name: 'undici-in-parts',
    resolveId: { filter: { id: /undici-parts$/ }, handler: id => id },
    load: { filter: { id: /undici-parts$/ }, handler: () => code },
  };
}

async function write(options: RolldownOptions, outputOptions: OutputOptions): Promise<readonly OutputChunk[]> {
  await using build = await rolldown({ ...options, onLog: failOnWarning });
  const { output: files } = await build.write(outputOptions);
  return files.filter(file => file.type === 'chunk');
}

function failOnWarning(level: string, log: { readonly message: string }): void {
  if (level === 'warn') throw new Error(log.message);
}

function fileOf(chunk: OutputChunk): BundleFile {
  return {
    name: chunk.fileName,
    size: Buffer.byteLength(chunk.code),
    imports: chunk.imports.map(name => name.replace(/^\.\//, '')).filter(name => name.endsWith('.cjs')),
    isEntry: chunk.isEntry && chunk.fileName !== 'undici.cjs',
  };
}

function modulesIn(chunk: OutputChunk): readonly string[] {
  return Object.entries(chunk.modules)
    .filter(([id, module]) => !id.startsWith('\0') && (module.code ?? '').trim() !== '')
    .map(([id]) => id);
}
