import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { packTar, type TarEntry } from 'modern-tar';
import { cachedLayer, type Layer } from './base-image-layers.ts';
import { debianRoot } from './debian.ts';

const hostFolder = join(import.meta.dirname, 'host');

/** Folders by mode; parents first. */
const folders: readonly (readonly [string, number])[] = [
  ...['azure-functions-host', 'home', 'home/site', 'home/site/wwwroot', 'opt', 'opt/startup', 'root', 'run'],
  ...['proc', 'sys', 'dev', 'var', 'usr', 'usr/local', 'usr/local/bin', 'etc', 'etc/ssl', 'etc/ssl/certs'],
]
  .map((path): readonly [string, number] => [path, 0o755])
  .concat([
    ['tmp', 0o1777],
    ['var/tmp', 0o1777],
  ]);

const applets = [
  ...[
    'sh',
    'ls',
    'cat',
    'cp',
    'mv',
    'rm',
    'mkdir',
    'chmod',
    'chown',
    'ln',
    'pwd',
    'echo',
    'sleep',
    'sed',
    'grep',
    'ps',
  ],
  ...['kill', 'date', 'true', 'false', 'tar', 'gzip', 'touch', 'uname', 'hostname', 'df', 'mount', 'ping'],
];
const userApplets = [
  'env',
  'id',
  'wget',
  'head',
  'tail',
  'wc',
  'sort',
  'find',
  'xargs',
  'test',
  'dirname',
  'basename',
  'awk',
  'tr',
];

const texts: Readonly<Record<string, string>> = {
  'etc/passwd': 'root:x:0:0::/root:/bin/sh\napp:x:1654:1654::/home:/bin/sh\n',
  'etc/group': 'root:x:0:\napp:x:1654:\n',
  'etc/nsswitch.conf': 'hosts: files dns\n',
};

// As in the official images the host is a child of the script: signals for process 1 do not reach it. Other shells than
// bash would drop settings whose names have dots.
const startScript = '#!/bin/bash\n/azure-functions-host/Microsoft.Azure.WebJobs.Script.WebHost\nexit $?\n';

/** Layer with what the scripts of the Debian packages would have made: folders, users, links, certificates; and the start script. */
export async function setupLayer(packages: readonly string[]): Promise<Layer> {
  const links = [
    ...applets.map(name => link(`bin/${name}`, '/bin/busybox')),
    ...userApplets.map(name => link(`usr/bin/${name}`, '/bin/busybox')),
    link('var/run', '/run'),
  ];
  const files = { ...texts, 'etc/ssl/certs/ca-certificates.crt': await certificates(packages) };
  return smallLayer('setup', [
    ...folders.map(([path, mode]) => folder(path, mode)),
    ...Object.entries(files).map(([path, text]) => file(path, Buffer.from(text), 0o644)),
    file('opt/startup/start_nonappservice.sh', Buffer.from(startScript), 0o755),
    ...links,
  ]);
}

async function certificates(packages: readonly string[]): Promise<string> {
  const root = await debianRoot(packages, { closure: true });
  const place = join(root, 'usr/share/ca-certificates/mozilla');
  const names = (await readdir(place)).filter(name => name.endsWith('.crt')).sort();
  return (await Promise.all(names.map(name => readFile(join(place, name), 'utf8')))).join('');
}

/** Layer with the stand-in host below `/azure-functions-host`. */
export async function hostLayer(): Promise<Layer> {
  const entries = await readdir(hostFolder, { recursive: true, withFileTypes: true });
  const paths = entries.map(entry => ({ path: relative(hostFolder, join(entry.parentPath, entry.name)), entry }));
  const wanted = paths.filter(({ path }) => !path.includes('__pycache__')).sort((a, b) => (a.path < b.path ? -1 : 1));
  const contents = wanted.map(async ({ path, entry }) => {
    const target = `azure-functions-host/${path}`;
    if (entry.isDirectory()) return folder(target, 0o755);
    // By name, not by the file's mode: a checkout may have lost it.
    return file(target, await readFile(join(hostFolder, path)), path.endsWith('.WebHost') ? 0o755 : 0o644);
  });
  return smallLayer('host', await Promise.all(contents));
}

async function smallLayer(name: string, entries: TarEntry[]): Promise<Layer> {
  const tar = await packTar(entries);
  const content = createHash('sha256').update(tar).digest('hex');
  return cachedLayer(
    [name, content],
    () => undefined,
    async () => Readable.from([tar]),
  );
}

const epoch = new Date(0);

function folder(path: string, mode: number): TarEntry {
  return { header: { name: `${path}/`, type: 'directory', size: 0, mode, mtime: epoch, uid: 0, gid: 0 } };
}

function file(path: string, body: Uint8Array, mode: number): TarEntry {
  return { header: { name: path, type: 'file', size: body.length, mode, mtime: epoch, uid: 0, gid: 0 }, body };
}

function link(path: string, target: string): TarEntry {
  return {
    header: { name: path, type: 'symlink', linkname: target, size: 0, mode: 0o777, mtime: epoch, uid: 0, gid: 0 },
  };
}
