import { parseArgs } from 'node:util';
import { type Fault, UsageError } from '../errors.ts';
import { type InputName, type InputRow, inputRow } from './inputs/table.ts';
import { nearest } from './nearest.ts';

/** What a command line says. */
export interface Flags {
  /** Texts by input name. */
  readonly inputs: ReadonlyMap<string, string>;
  /** Values of the command's own flags, such as `format`. */
  readonly own: ReadonlyMap<string, string>;
  readonly help: boolean;
}

/** Inputs that a flag of singular form may give several times, one line each. */
export const repeated: Readonly<Record<string, InputName>> = {
  setting: 'settings',
  tag: 'tags',
  'build-arg': 'build-args',
};
/** Inputs whose flag may stand without a value, or as `--no-<name>`. */
const switches: ReadonlySet<string> = new Set([
  'wait',
  'prune',
  'rollback-on-failure',
  'take-over',
  'everything',
  'fix',
  'install-keda',
  'delete-namespace',
  'delete-images',
  'delete-queues',
  'dry-run',
]);

/** What the flags of one command may be. */
export interface FlagRules {
  readonly inputs: readonly InputName[];
  /** Own flags and whether each takes a value. */
  readonly own: Readonly<Record<string, { readonly value: boolean }>>;
}

/** Flags and the folder of a command line without its command; throws UsageError with every fault. */
export function parseFlags(args: readonly string[], rules: FlagRules): Flags {
  const { tokens } = parseArgs({
    args: spelled(args, rules),
    options: optionsOf(rules),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const inputs = new Map<string, string>();
  const own = new Map<string, string>();
  const faults: Fault[] = [];
  const positionals: string[] = [];
  let help = false;
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    if (token.name === 'help') help = true;
    else if (token.name in rules.own) put(own, token.name, token.value ?? 'true', faults);
    else takeInput(token.name, token.value, rules, inputs, faults);
  }
  const [directory, ...tooMany] = positionals;
  if (directory !== undefined) put(inputs, 'app-directory', directory, faults);
  if (tooMany.length > 0) faults.push({ message: `Argument "${tooMany[0]}" is one too many. Name one folder.` });
  if (faults.length > 0 && !help) throw new UsageError(faults);
  return { inputs, own, help };
}

function takeInput(
  name: string,
  value: string | undefined,
  rules: FlagRules,
  inputs: Map<string, string>,
  faults: Fault[],
): void {
  const target = Object.hasOwn(repeated, name) ? (repeated[name] ?? name) : name;
  const row = inputRow(target);
  const known: readonly string[] = rules.inputs;
  if (!row || !known.includes(target)) faults.push({ message: unknownText(name, rules) });
  else if (row.secret) faults.push({ message: secretText(name) });
  else if (value === undefined && !switches.has(name))
    faults.push({ message: `Flag "--${name}" needs a value. Write "--${name}=VALUE".` });
  else if (target !== name)
    inputs.set(target, [inputs.get(target), value].filter(line => line !== undefined).join('\n'));
  else put(inputs, name, value ?? 'true', faults);
}

function put(values: Map<string, string>, name: string, value: string, faults: Fault[]): void {
  if (values.has(name)) faults.push({ message: `Flag "--${name}" is given twice. Keep one.` });
  values.set(name, value);
}

function unknownText(name: string, rules: FlagRules): string {
  const close = nearest(name, [...rules.inputs, ...Object.keys(rules.own), ...Object.keys(repeated)]);
  return `Flag "--${name}" is unknown here. ${close ? `Did you mean "--${close}"?` : 'See "--help".'}`;
}

function secretText(name: string): string {
  return `Flag "--${name}" would show a secret to every process of the machine. Give it in the environment variable AKS_FUNCTIONS_${name.toUpperCase().replaceAll('-', '_')}.`;
}

/** `--no-wait` as `--wait=false`, which the action input says as well. */
function spelled(args: readonly string[], rules: FlagRules): string[] {
  const known: readonly string[] = rules.inputs;
  return args.map(arg => {
    const name = /^--no-([a-z-]+)$/.exec(arg)?.[1];
    return name && switches.has(name) && known.includes(name) ? `--${name}=false` : arg;
  });
}

function optionsOf(rules: FlagRules): Record<string, { type: 'string' | 'boolean' }> {
  const typeOf = (name: string): { type: 'string' | 'boolean' } => ({
    type: switches.has(name) ? 'boolean' : 'string',
  });
  const inputs = [...rules.inputs, ...Object.keys(repeated)].map(name => [name, typeOf(name)] as const);
  const own = Object.entries(rules.own).map(
    ([name, { value }]) => [name, { type: value ? ('string' as const) : ('boolean' as const) }] as const,
  );
  return Object.fromEntries([...inputs, ...own, ['help', { type: 'boolean' as const }] as const]);
}

/** The row's secret flag decides, so that a new secret input cannot become a flag by mistake. */
export function flagNames(names: readonly InputName[]): readonly InputName[] {
  return names.filter(name => {
    const row: InputRow | undefined = inputRow(name);
    return !row?.secret;
  });
}
