import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import * as v from 'valibot';
import { UserError } from '../../src/errors.ts';
import { cacheFolder, cacheKey, filledFolder, type Say } from './cache.ts';
import { outputOf } from './command.ts';
import { debianRoot } from './debian.ts';

const meta = v.object({ digest: v.string(), diffId: v.string(), size: v.number() });

/** A compressed layer in the cache. */
export interface Layer extends v.InferOutput<typeof meta> {
  /** Path of the gzip file. */
  readonly file: string;
}

/** The version of Node in the images. */
const nodeVersion = '24.21.0';

/** What the packages bring and no container needs. */
const unwanted = [
  ...['doc', 'man', 'locale', 'info', 'lintian', 'perl5', 'debconf'].map(name => `usr/share/${name}`),
  'var/lib/dpkg',
  'var/cache',
];

/** Layer with the files of Debian packages and all they depend on. */
export async function debianLayer(packages: readonly string[], say: Say): Promise<Layer> {
  const root = await debianRoot(packages, { closure: true, say });
  return cachedLayer(['debian', root], say, async () => tarOf(root, await wantedPaths(root)));
}

/** Layer with what `packages` have beyond `base`. */
export async function differenceLayer(packages: readonly string[], base: readonly string[], say: Say): Promise<Layer> {
  const [root, below] = [
    await debianRoot(packages, { closure: true, say }),
    await debianRoot(base, { closure: true, say }),
  ];
  return cachedLayer(['difference', root, below], say, async () => {
    const present = new Set(await wantedPaths(below));
    return tarOf(
      root,
      (await wantedPaths(root)).filter(path => !present.has(path)),
    );
  });
}

/** Layer with `/usr/local/bin/node`. */
export async function nodeLayer(say: Say): Promise<Layer> {
  return cachedLayer(['node', nodeVersion, process.arch], say, async () => {
    const folder = await nodePackage(say);
    return tarOf(folder, ['bin/node'], ['--transform', 's,^bin/,usr/local/bin/,']);
  });
}

async function nodePackage(say: Say): Promise<string> {
  const name = `node-linux-${process.arch}`;
  const folder = join(cacheFolder(), 'lab', `${name}-${nodeVersion}`);
  await filledFolder(
    folder,
    async part => {
      say(`Fetching Node ${nodeVersion} for the base images.`);
      const flags = ['--prefix', part, '--ignore-scripts', '--no-audit', '--no-fund', '--no-save'];
      await outputOf('npm', ['install', ...flags, `${name}@${nodeVersion}`]);
    },
    say,
  );
  return join(folder, 'node_modules', name);
}

async function wantedPaths(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.map(entry => relative(root, join(entry.parentPath, entry.name)));
  return paths.filter(path => !path.includes('__pycache__') && !unwanted.some(name => isBelow(path, name))).sort();
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** Uncompressed tar of `paths` below `root`, the same for the same files: owner root, no times. */
function tarOf(root: string, paths: readonly string[], flags: readonly string[] = []): Readable {
  const same = ['--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu', '--no-recursion'];
  const child = spawn(
    'tar',
    ['-C', root, ...same, ...flags, '-cf', '-', '--null', '--verbatim-files-from', '-T', '-'],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  let said = '';
  child.stderr.on('data', piece => {
    said += piece;
  });
  child.stdin.on('error', () => undefined).end(paths.join('\0'));
  child.once('error', error => child.stdout.destroy(new UserError(`"tar" cannot be started: ${error.message}`)));
  const ended = once(child, 'close');
  return Readable.from(checked(child.stdout, ended, () => said));
}

async function* checked(output: Readable, ended: Promise<unknown[]>, said: () => string): AsyncGenerator<Buffer> {
  yield* output;
  const [code] = await ended;
  if (code !== 0) throw new UserError(`"tar" ended with ${code}: ${said().slice(-500)}`);
}

/** Compressed layer of the tar that `open` gives; opened only when the cache lacks a layer for `parts`. */
export async function cachedLayer(parts: readonly string[], say: Say, open: () => Promise<Readable>): Promise<Layer> {
  const key = cacheKey(parts);
  const folder = join(cacheFolder(), 'lab', `layer-${parts[0]}-${key}`);
  await filledFolder(folder, async part => compress(await open(), part), say);
  const facts = v.parse(meta, JSON.parse(await readFile(join(folder, 'layer.json'), 'utf8')));
  return { ...facts, file: join(folder, 'layer.tar.gz') };
}

async function compress(tar: Readable, folder: string): Promise<void> {
  const [plain, packed] = [createHash('sha256'), createHash('sha256')];
  const draft = join(folder, 'draft');
  await pipeline(tar, observed(plain), createGzip({ level: 1 }), observed(packed), createWriteStream(draft));
  const file = join(folder, 'layer.tar.gz');
  await rename(draft, file);
  const { size } = await stat(file);
  const facts = { digest: `sha256:${packed.digest('hex')}`, diffId: `sha256:${plain.digest('hex')}`, size };
  await writeFile(join(folder, 'layer.json'), JSON.stringify(facts));
}

/** Lets everything through, and into the hash. */
function observed(hash: { update(piece: Uint8Array): unknown }): Transform {
  return new Transform({
    transform(piece: Uint8Array, _encoding, done) {
      hash.update(piece);
      done(null, piece);
    },
  });
}
