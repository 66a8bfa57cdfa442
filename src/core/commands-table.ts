import { flagNames } from './flags.ts';
import { actionInputs, type InputName, inputNames } from './inputs/table.ts';

/** A flag that only one command has. */
export interface OwnFlag {
  readonly value: boolean;
  readonly description: string;
  readonly choices?: readonly string[];
}

/** One command of the command line. */
export interface CommandRow {
  readonly summary: string;
  readonly inputs: readonly InputName[];
  readonly own: Readonly<Record<string, OwnFlag>>;
  /** In the contract, but answered with "not available yet". */
  readonly later?: boolean;
}

const resultFormat = {
  format: {
    value: true,
    choices: ['text', 'json'],
    description: 'Form of the result on stdout: text (the default) or json, the outputs of the action.',
  },
};
const shape = [
  ...inputNames('app', 'settings', 'scale', 'network'),
  'namespace',
  'image',
  'registry-username',
  'platform',
] as const satisfies readonly InputName[];
const later = (summary: string): CommandRow => ({ summary, inputs: [], own: {}, later: true });

/** Every command by its name, in the order in which help lists them. */
export const commandRows: Readonly<Record<string, CommandRow>> = {
  discover: {
    summary: 'List the functions of an app as its code declares them, in its folder or in an image.',
    inputs: [...inputNames('app'), 'image', 'registry-username', 'platform'],
    own: {
      format: {
        value: true,
        choices: ['table', 'json'],
        description: 'Form of the result on stdout: table (the default) or json.',
      },
    },
  },
  render: {
    summary: 'Write the manifests of an app without a cluster.',
    inputs: flagNames(shape),
    own: {
      output: { value: true, description: 'Folder for the manifests, or - for stdout (the default).' },
      format: {
        value: true,
        choices: ['yaml', 'json'],
        description: 'Form of the manifests: yaml (the default) or json.',
      },
      'keda-version': { value: true, description: 'KEDA of the cluster that the manifests are for, 2.14 or newer.' },
      'include-secrets': { value: false, description: 'Write the values of Secrets too.' },
    },
  },
  deploy: {
    summary: 'Build, push, apply, wait and verify.',
    inputs: flagNames(actionInputs.deploy),
    own: resultFormat,
  },
  'smoke-test': {
    summary: 'Run the checks of an app.',
    inputs: flagNames(actionInputs['smoke-test']),
    own: resultFormat,
  },
  'scale-test': {
    summary: 'Put messages and watch the replicas.',
    inputs: flagNames(actionInputs['scale-test']),
    own: resultFormat,
  },
  doctor: {
    summary: 'Find what would make a deployment fail, and mend it.',
    inputs: flagNames(actionInputs.doctor),
    own: resultFormat,
  },
  teardown: {
    summary: 'Remove an app and wait until it is gone.',
    inputs: flagNames(actionInputs.teardown),
    own: resultFormat,
  },
  plan: later('Show what a deployment would change.'),
  rollback: later('Go back to a recorded release.'),
  janitor: later('Remove previews that are no longer needed.'),
  init: later('Write a first configuration and workflows.'),
};
