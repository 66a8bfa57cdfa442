import type { SourceTree } from '../../src/core/project.ts';

const fileCount = 100;
/** Statements of a handler: five lines each, so that its body has the length of a usual one. */
const blocks = 6;
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

/** An app of 200 functions in 100 files and one with constants, which all of them import. */
export interface ManyFunctions {
  readonly name: string;
  readonly tree: SourceTree;
}

/** The same app in JavaScript, TypeScript and Python. */
export const manyFunctions: readonly ManyFunctions[] = [
  { name: 'JavaScript', tree: treeOf(scripts('js')) },
  { name: 'TypeScript', tree: treeOf(scripts('ts')) },
  { name: 'Python', tree: treeOf(modules()) },
];

function treeOf(files: Readonly<Record<string, string>>): SourceTree {
  const all = { 'host.json': '{"version": "2.0"}', ...files };
  return { folder: 'many', paths: Object.keys(all).sort(), texts: new Map(Object.entries(all)) };
}

function scripts(extension: 'js' | 'ts'): Readonly<Record<string, string>> {
  const type = (name: string) => (extension === 'ts' ? `: ${name}` : '');
  const config = `export const queues = { orders: 'orders', connection: 'Orders' };
export async function load(group${type('number')}, options${type('object')}) { return { group, ...options, size: 1 }; }`;
  return {
    'package.json': JSON.stringify({ main: `src/functions/*.${extension}` }),
    [`src/config.${extension}`]: config,
    ...Object.fromEntries(
      numbers(fileCount).map(file => [`src/functions/group${file}.${extension}`, script(file, type)]),
    ),
  };
}

function script(file: number, type: (name: string) => string): string {
  return `import { app } from '@azure/functions';
import { load, queues } from '../config';

async function read${file}(request${type('HttpRequest')}, context${type('InvocationContext')})${type('Promise<HttpResponseInit>')} {
${numbers(blocks).map(scriptBlock).join('\n')}
  return { body: 'done' };
}

app.http('read${file}', { methods: ['GET', 'POST'], route: 'groups/${file}', authLevel: 'anonymous', handler: read${file} });
app.storageQueue('work${file}', {
  queueName: \`\${queues.orders}-${file}\`,
  connection: queues.connection,
  handler: async (message${type('unknown')}, context${type('InvocationContext')}) => {
${numbers(blocks).map(scriptBlock).join('\n')}
  },
});
`;
}

function scriptBlock(index: number): string {
  return `  const item${index} = await load(${index}, { id: ${index}, name: 'item' + ${index} });
  if (!item${index} || item${index}.size > 10) {
    context.log(\`skipped \${item${index}?.name}\`);
    return { status: 400, body: JSON.stringify({ error: 'too large', index: ${index} }) };
  }`;
}

function modules(): Readonly<Record<string, string>> {
  const names = numbers(fileCount);
  const entry = `import azure.functions as func
${names.map(file => `from groups.group${file} import bp as group${file}`).join('\n')}

app = func.FunctionApp()
${names.map(file => `app.register_functions(group${file})`).join('\n')}
`;
  return {
    'function_app.py': entry,
    'config.py': 'ORDERS = "orders"\nCONNECTION = "Orders"\n\n\ndef load(group, options):\n    return options\n',
    ...Object.fromEntries(names.map(file => [`groups/group${file}.py`, blueprint(file)])),
  };
}

function blueprint(file: number): string {
  return `import json
import logging
import azure.functions as func
from config import CONNECTION, ORDERS, load

bp = func.Blueprint()


@bp.route(route="groups/${file}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
def read${file}(req: func.HttpRequest) -> func.HttpResponse:
${numbers(blocks).map(pythonBlock).join('\n')}
    return func.HttpResponse("done")


@bp.queue_trigger(arg_name="message", queue_name=f"{ORDERS}-${file}", connection=CONNECTION)
def work${file}(message: func.QueueMessage) -> None:
${numbers(blocks).map(pythonBlock).join('\n')}
`;
}

function pythonBlock(index: number): string {
  return `    item${index} = load(${index}, dict(id=${index}, name="item" + str(${index})))
    if not item${index} or item${index}.size > 10:
        logging.info(f"skipped {item${index}.name}")
        return func.HttpResponse(json.dumps({"error": "too large", "index": ${index}}), status_code=400)
`;
}
