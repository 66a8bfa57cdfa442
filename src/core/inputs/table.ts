/** What an input is for; the documentation is ordered by it. */
export type InputGroup =
  | 'sign-in'
  | 'target'
  | 'app'
  | 'image'
  | 'settings'
  | 'scale'
  | 'network'
  | 'behaviour'
  | 'smoke test'
  | 'scale test'
  | 'doctor'
  | 'teardown';

/** One input of an action, which is also a flag of the command line. */
export interface InputRow {
  readonly group: InputGroup;
  /** Value when neither input, file nor discovery gives one. */
  readonly default?: string;
  /** Masked before anything else happens, and never a flag of the command line. */
  readonly secret?: boolean;
  readonly choices?: readonly string[];
  /** Dotted key of `aks-functions.yml` that means the same; the default then applies after the file, not in action.yml. */
  readonly key?: string;
  /** In the schema, but answered with "not available yet" when given. */
  readonly later?: boolean;
}

const row = <const Row extends InputRow>(given: Row): Row => given;

/** Every input of every action, by its name; actions choose from it by groups and names. */
export const inputRows = {
  'client-id': row({ group: 'sign-in' }),
  'tenant-id': row({ group: 'sign-in' }),
  'subscription-id': row({ group: 'sign-in' }),
  auth: row({
    group: 'sign-in',
    default: 'oidc',
    choices: ['oidc', 'managed-identity', 'client-secret', 'azure-cli', 'none'],
  }),
  'client-secret': row({ group: 'sign-in', secret: true }),
  'azure-environment': row({ group: 'sign-in', default: 'AzureCloud' }),

  cluster: row({ group: 'target' }),
  'resource-group': row({ group: 'target' }),
  kubeconfig: row({ group: 'target' }),
  'kubeconfig-file': row({ group: 'target' }),
  namespace: row({ group: 'target', default: 'default' }),

  'app-directory': row({ group: 'app', default: '.' }),
  name: row({ group: 'app', key: 'name' }),
  config: row({ group: 'app', default: 'aks-functions.yml' }),
  environment: row({ group: 'app' }),

  registry: row({ group: 'image' }),
  'registry-username': row({ group: 'image' }),
  'registry-password': row({ group: 'image', secret: true }),
  image: row({ group: 'image' }),
  builder: row({ group: 'image', default: 'auto', choices: ['auto', 'layers', 'docker', 'acr'] }),
  'base-image': row({ group: 'image' }),
  dockerfile: row({ group: 'image' }),
  'build-context': row({ group: 'image' }),
  'build-args': row({ group: 'image' }),
  'build-secrets': row({ group: 'image', secret: true }),
  'build-target': row({ group: 'image' }),
  platform: row({ group: 'image', default: 'linux/amd64', choices: ['linux/amd64', 'linux/arm64'] }),
  tags: row({ group: 'image' }),

  settings: row({ group: 'settings', key: 'settings' }),
  'secret-settings': row({ group: 'settings', secret: true }),
  'settings-file': row({ group: 'settings' }),
  'identity-client-id': row({ group: 'settings', key: 'identity.clientId' }),

  'min-replicas': row({ group: 'scale', default: '0', key: 'scale.minReplicas' }),
  'max-replicas': row({ group: 'scale', default: '100', key: 'scale.maxReplicas' }),
  'polling-interval': row({ group: 'scale', default: '30', key: 'scale.pollingInterval' }),
  'cooldown-period': row({ group: 'scale', default: '300', key: 'scale.cooldownPeriod' }),

  expose: row({
    group: 'network',
    default: 'cluster',
    key: 'expose.type',
    choices: ['none', 'cluster', 'internal-load-balancer', 'load-balancer', 'ingress', 'gateway'],
  }),
  host: row({ group: 'network', key: 'expose.host' }),

  mode: row({ group: 'behaviour', default: 'deploy', choices: ['deploy', 'plan', 'render'] }),
  wait: row({ group: 'behaviour', default: 'true' }),
  verify: row({ group: 'behaviour', default: 'loaded', choices: ['none', 'ready', 'loaded'] }),
  timeout: row({ group: 'behaviour', default: '10m' }),
  'rollback-on-failure': row({ group: 'behaviour', default: 'true' }),
  prune: row({ group: 'behaviour', default: 'true' }),
  'take-over': row({ group: 'behaviour', default: 'false' }),
  'manifests-directory': row({ group: 'behaviour' }),
  'github-token': row({ group: 'behaviour', secret: true }),

  checks: row({ group: 'smoke test', key: 'checks' }),
  url: row({ group: 'smoke test' }),
  retries: row({ group: 'smoke test', default: '5' }),

  function: row({ group: 'scale test' }),
  messages: row({ group: 'scale test', default: '1' }),
  'message-body': row({ group: 'scale test', default: 'message {n}' }),
  'expect-replicas': row({ group: 'scale test' }),
  'first-replica-within': row({ group: 'scale test' }),
  'drained-within': row({ group: 'scale test' }),
  confirm: row({ group: 'scale test' }),

  fix: row({ group: 'doctor', default: 'false' }),
  'install-keda': row({ group: 'doctor', default: 'true' }),

  preview: row({ group: 'teardown', later: true }),
  everything: row({ group: 'teardown', default: 'false' }),
  'delete-namespace': row({ group: 'teardown', default: 'false' }),
  'delete-images': row({ group: 'teardown', default: 'false' }),
  'delete-queues': row({ group: 'teardown', default: 'false' }),
  'dry-run': row({ group: 'teardown', default: 'false' }),
} as const satisfies Readonly<Record<string, InputRow>>;

/** Name of an input, which is also that of its flag. */
export type InputName = keyof typeof inputRows;

/** The row of an input by its name in text form, or undefined for a name that is no input. */
export function inputRow(name: string): InputRow | undefined {
  return Object.hasOwn(inputRows, name) ? inputRows[name as InputName] : undefined;
}

/** Names of the inputs of the given groups, in the order of the table. */
export function inputNames(...groups: readonly InputGroup[]): readonly InputName[] {
  return (Object.keys(inputRows) as InputName[]).filter(name => groups.includes(inputRows[name].group));
}

/** The target of actions that hand no kubeconfig on to later steps. */
const target = inputNames('target').filter(name => name !== 'kubeconfig-file');

/** Names of the inputs of each action, by the action's name. */
export const actionInputs = {
  deploy: inputNames('sign-in', 'target', 'app', 'image', 'settings', 'scale', 'network', 'behaviour'),
  'smoke-test': [...inputNames('sign-in'), ...target, ...inputNames('app', 'smoke test'), 'timeout'],
  'scale-test': [...inputNames('sign-in'), ...target, ...inputNames('app', 'settings', 'scale test'), 'timeout'],
  doctor: [
    ...inputNames('sign-in'),
    ...target,
    ...inputNames('app', 'doctor'),
    'registry',
    'registry-username',
    'registry-password',
    'image',
    'platform',
    ...inputNames('settings', 'scale', 'network'),
    'timeout',
  ],
  teardown: [
    ...inputNames('sign-in'),
    ...target,
    ...inputNames('app', 'teardown'),
    'registry',
    'registry-username',
    'registry-password',
    'secret-settings',
    'settings',
    'settings-file',
    'timeout',
  ],
} as const satisfies Readonly<Record<string, readonly InputName[]>>;

/** Name of an action, which is also that of its folder below `workflows`. */
export type ActionName = keyof typeof actionInputs;
