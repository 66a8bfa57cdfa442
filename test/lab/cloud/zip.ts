import { inflateRawSync } from 'node:zlib';

/** A file of an archive. */
export interface ZipEntry {
  readonly path: string;
  readonly content: Buffer;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const methods = { stored: 0, deflated: 8 };

/** The files of a zip archive. Throws for what is none, for other ways of packing, and for paths that lead out of it. */
export function readZip(archive: Buffer): readonly ZipEntry[] {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || archive.readUInt32LE(end) !== endSignature) throw new Error('the attachment is no zip archive');
  const count = archive.readUInt16LE(end + 10);
  const entries: ZipEntry[] = [];
  for (let at = archive.readUInt32LE(end + 16), left = count; left > 0; left -= 1) {
    if (archive.readUInt32LE(at) !== entrySignature) throw new Error('the directory of the archive is damaged');
    const [name, extra, comment] = [28, 30, 32].map(offset => archive.readUInt16LE(at + offset));
    const path = archive.toString('utf8', at + 46, at + 46 + (name ?? 0));
    if (!path.endsWith('/')) entries.push({ path: checked(path), content: contentOf(archive, at) });
    at += 46 + (name ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
  return entries;
}

function checked(path: string): string {
  if (path.startsWith('/') || path.split('/').includes('..')) throw new Error(`"${path}" leads out of the archive`);
  return path;
}

function contentOf(archive: Buffer, entry: number): Buffer {
  const local = archive.readUInt32LE(entry + 42);
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const packed = archive.subarray(start, start + archive.readUInt32LE(entry + 20));
  const method = archive.readUInt16LE(entry + 10);
  if (method === methods.stored) return packed;
  if (method === methods.deflated) return inflateRawSync(packed);
  throw new Error(`the archive is packed by the unknown method ${method}`);
}
