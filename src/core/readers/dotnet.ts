import type { HostJson, Runtime, SourceTree } from '../project.ts';
import { bestOutput, outputsOfFolders, readMetadata } from './built-output.ts';
import { readFunctionFolders } from './function-json.ts';
import type { Reader, Reading } from './reading.ts';

const projectFile = /^[^/]+\.(?:cs|fs|vb)proj$/i;

/** .NET apps: from the output of their build, else from the attributes in C#. */
export const dotnetReader: Reader = {
  model: 'csharp',
  matches: ({ paths }) => paths.some(path => projectFile.test(path) || path === 'functions.metadata'),
  read,
};

async function read(tree: SourceTree, host: HostJson): Promise<Reading> {
  const metadata = readMetadata(tree);
  if (metadata) return metadata;
  const output = bestOutput(outputsOfFolders(tree, /(?:^|\/)(?:bin|publish|out|output)\//i));
  if (output !== undefined) return { ...readFunctionFolders(tree, host, output), model: 'function.json' };
  const sources = await import('./annotations/csharp.ts');
  return { ...sources.readCsharp(tree, runtimeOf(tree)), lookedAt: lookedAt(tree) };
}

/** The worker's package makes an isolated app; what else the project file says does not matter. */
function runtimeOf({ paths, texts }: SourceTree): Runtime | undefined {
  const project = texts.get(paths.find(path => projectFile.test(path)) ?? '') ?? '';
  if (/Microsoft\.Azure\.Functions\.Worker|Azure\.Functions\.Sdk/i.test(project)) return 'dotnet-isolated';
  return /Microsoft\.NET\.Sdk\.Functions/i.test(project) ? 'dotnet' : undefined;
}

function lookedAt({ paths }: SourceTree): string {
  const others = paths.some(path => /\.(?:fs|vb)$/i.test(path));
  return `functions.metadata and function.json below "bin", and attributes in C# files${others ? '; the functions of other .NET languages are only in the build output' : ''}`;
}
