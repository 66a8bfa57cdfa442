import { join } from 'node:path';
import { type Bundle, buildBundle, closureOf, sizeOf } from './bundle.ts';

const root = join(import.meta.dirname, '..');

/** Kilobytes of 1,000 bytes, with one digit. */
function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1).padStart(8)} KB`;
}

function describe(bundle: Bundle): string {
  const files = bundle.files.map(file => `${kilobytes(file.size)}  ${file.name}`);
  const closures = bundle.files
    .filter(file => file.isEntry)
    .map(({ name }) => {
      const closure = closureOf(bundle, name);
      return `${kilobytes(sizeOf(closure))}  ${name} starts with ${closure.length} file(s): ${closure.map(file => file.name).join(', ')}`;
    });
  return [...files, `${kilobytes(sizeOf(bundle.files))}  in all`, '', ...closures].join('\n');
}

console.log(describe(await buildBundle({ root, directory: join(root, 'dist') })));
