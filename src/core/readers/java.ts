import type { HostJson, SourceTree } from '../project.ts';
import { bestOutput, outputsOfFolders } from './built-output.ts';
import { readFunctionFolders } from './function-json.ts';
import type { Reader, Reading } from './reading.ts';

const projectFile = /^(?:pom\.xml|build\.gradle(?:\.kts)?|settings\.gradle(?:\.kts)?)$/;

/** Java apps: from the output of their build, else from the annotations in Java. */
export const javaReader: Reader = {
  model: 'java',
  matches: ({ paths }) => paths.some(path => projectFile.test(path)),
  read,
};

async function read(tree: SourceTree, host: HostJson): Promise<Reading> {
  const output = bestOutput(outputsOfFolders(tree, /^(?:target|build)\/azure-functions\/[^/]+\/$/));
  if (output !== undefined)
    return { ...readFunctionFolders(tree, host, output), runtime: 'java', model: 'function.json' };
  const { readJava } = await import('./annotations/java.ts');
  return readJava(tree);
}
