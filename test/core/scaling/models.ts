import type { App } from '../../../src/core/app.ts';
import { parseConfig } from '../../../src/core/config/parse.ts';
import { discoverProject } from '../../../src/core/discovery.ts';
import { noShape } from '../../../src/core/inputs/inputs.ts';
import type { Manifest } from '../../../src/core/manifests/object.ts';
import { planDeployment } from '../../../src/core/plan.ts';
import { resolveApp } from '../../../src/core/resolve-app.ts';
import { mergeSettings, secretLayer } from '../../../src/core/settings.ts';
import { toSecrets } from '../../../src/core/settings-text.ts';
import { sourceTree } from '../source-tree.ts';
import type { ScalingCase } from './cases.ts';

const image = 'shop.azurecr.io/app:1';

/** Files of an app by their paths. */
export type Sources = Readonly<Record<string, string>>;
/** A key of a function's options as it stands in a source. */
const pythonOf = (value: unknown): string =>
  typeof value === 'boolean' ? (value ? 'True' : 'False') : JSON.stringify(value);

/** Registrations of today's libraries by the trigger's type; any other goes through the generic one. */
const nodeMethods: Readonly<Record<string, string>> = {
  queueTrigger: 'storageQueue',
  blobTrigger: 'storageBlob',
  eventHubTrigger: 'eventHub',
  eventGridTrigger: 'eventGrid',
  timerTrigger: 'timer',
  cosmosDBTrigger: 'cosmosDB',
  sqlTrigger: 'sql',
  mysqlTrigger: 'mySql',
  warmupTrigger: 'warmup',
  mcpToolTrigger: 'mcpTool',
};

/** The same function in each programming model. */
export const models: Readonly<Record<string, (binding: ScalingCase['binding']) => Sources>> = {
  'function.json': binding => ({
    'f/function.json': JSON.stringify({ bindings: [{ ...binding, name: 'm', direction: 'in' }] }),
    'f/index.js': '',
  }),
  'a .NET build': binding => ({
    'functions.metadata': JSON.stringify([
      {
        name: 'f',
        entryPoint: 'Shop.F',
        language: 'dotnet-isolated',
        bindings: [{ ...binding, name: 'm', direction: 'In' }],
      },
    ]),
  }),
  'a Java build': binding => ({
    'pom.xml': '',
    'target/azure-functions/shop/f/function.json': JSON.stringify({
      ...{ scriptFile: '../shop.jar', entryPoint: 'F.run', bindings: [{ ...binding, name: 'm', direction: 'in' }] },
    }),
  }),
  'Node v4': ({ type, ...options }) => {
    const method =
      nodeMethods[type] ??
      (type === 'serviceBusTrigger' ? (options.topicName ? 'serviceBusTopic' : 'serviceBusQueue') : undefined);
    const call = method
      ? `app.${method}('f', { ...${JSON.stringify(options)}, handler: () => {} })`
      : `app.generic('f', { trigger: { type: '${type}', name: 'm', ...${JSON.stringify(options)} }, handler: () => {} })`;
    return { 'package.json': '{"main": "f.js"}', 'f.js': `const { app } = require('@azure/functions');\n${call};\n` };
  },
  'Python v2': ({ type, ...options }) => {
    const given = Object.entries({ ...options, type }).map(([key, value]) => `${snakeCase(key)}=${pythonOf(value)}`);
    return {
      'function_app.py': `import azure.functions as func\napp = func.FunctionApp()\n@app.generic_trigger(arg_name="m", ${given.join(', ')})\ndef f(m): pass\n`,
    };
  },
};

function snakeCase(text: string): string {
  return text.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
}

/** The app of one function that a case is about, found in its sources. */
export async function appOf(
  { binding, settings = {}, host, keda = '2.21.0', function: options }: ScalingCase,
  sources: (binding: ScalingCase['binding']) => Sources,
): Promise<App> {
  const project = await discoverProject(
    sourceTree({ 'host.json': JSON.stringify({ version: '2.0', ...host }), ...sources(binding) }),
  );
  return resolveApp({
    inputs: { name: 'shop', namespace: 'default', ...noShape() },
    project,
    kedaVersion: keda,
    config: options
      ? parseConfig(JSON.stringify({ version: 1, functions: { f: options } }), {
          file: 'aks-functions.yml',
          environment: undefined,
        })
      : {},
    settings: mergeSettings([secretLayer(toSecrets(new Map(Object.entries(settings))))]),
  });
}

/** Everything that would be applied for the app. */
export function objectsOf(app: App): readonly Manifest[] {
  return planDeployment(app, { reference: image }).objects;
}
