import { type CommandRow, commandRows } from './commands-table.ts';
import { repeated } from './flags.ts';
import { inputDescriptions } from './inputs/descriptions.ts';
import { type InputName, type InputRow, inputRow } from './inputs/table.ts';

/** Longest line of help. */
const width = 100;
const indent = 26;

/** Help of the whole command line: its commands and its exit codes. */
export function overviewHelp(): string {
  const rows = Object.entries(commandRows).map(([name, { summary, later }]) =>
    entry(name, `${summary}${later ? ' Not available yet.' : ''}`),
  );
  return [
    'Puts Azure Functions on your own AKS cluster, scaled by KEDA.',
    '',
    'Usage: aks-functions COMMAND [DIR] [--FLAG=VALUE]…',
    '',
    'DIR is the folder of the app, the one with "host.json"; by default the working directory.',
    '',
    'Commands:',
    ...rows,
    '',
    'Help on one command: aks-functions COMMAND --help',
    '',
    'Exit codes: 0 done, 1 it failed, 2 wrong usage or configuration, 130 interrupted.',
    '',
  ].join('\n');
}

/** Help of one command with every flag it takes; throws RangeError for a name that is no command. */
export function commandHelp(name: string): string {
  const row = Object.hasOwn(commandRows, name) ? commandRows[name] : undefined;
  if (!row) throw new RangeError(`no command is named ${name}`);
  return [
    ...wrapped(row.summary, 0),
    '',
    `Usage: aks-functions ${name} [DIR] [--FLAG=VALUE]…`,
    '',
    ...ownFlags(row),
    ...inputFlags(row),
    ...environmentNote(row),
  ].join('\n');
}

/** The first sentence of a text: up to the first full stop before a space, or all of it. */
export function firstSentence(text: string): string {
  return /^.*?[.](?=\s+[A-Z"]|$)/.exec(text)?.[0] ?? text;
}

function ownFlags({ own }: CommandRow): readonly string[] {
  const rows = Object.entries(own).map(([flag, { value, description }]) =>
    entry(`--${flag}${value ? '=VALUE' : ''}`, description),
  );
  return rows.length > 0 ? ['Flags of this command:', ...rows, ''] : [];
}

function inputFlags({ inputs }: CommandRow): readonly string[] {
  const groups = new Map<string, readonly InputName[]>();
  for (const input of inputs) {
    const group = inputRow(input)?.group ?? '';
    groups.set(group, [...(groups.get(group) ?? []), input]);
  }
  return [...groups].flatMap(([group, names]) => [
    `${group[0]?.toUpperCase()}${group.slice(1)}:`,
    ...names.map(inputEntry),
    '',
  ]);
}

function inputEntry(name: InputName): string {
  const { choices, default: fallback, later }: InputRow = inputRow(name) ?? { group: 'app' };
  const single = Object.keys(repeated).find(flag => repeated[flag] === name);
  const notes = [
    ...(choices ? [`One of ${choices.join(', ')}.`] : []),
    ...(fallback === undefined ? [] : [`Default: "${fallback}".`]),
    ...(later ? ['Not available yet.'] : []),
    ...(single ? [`--${single}=LINE gives one line and may be repeated.`] : []),
  ];
  return entry(`--${name}=VALUE`, [firstSentence(inputDescriptions[name]), ...notes].join(' '));
}

function environmentNote({ inputs }: CommandRow): readonly string[] {
  if (inputs.length === 0) return [];
  const note =
    'An environment variable AKS_FUNCTIONS_<INPUT>, such as AKS_FUNCTIONS_NAMESPACE, stands in for a flag that is not given. Secrets are taken only from there, never from a flag.';
  return [...wrapped(note, 0), ''];
}

/** A term and its text in two columns; a long term gets a line of its own. */
function entry(term: string, text: string): string {
  const lines = wrapped(text, indent);
  const head = `  ${term}`;
  if (head.length >= indent) return [head, ...lines].join('\n');
  return [head.padEnd(indent) + (lines[0] ?? '').trimStart(), ...lines.slice(1)].join('\n');
}

function wrapped(text: string, margin: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && margin + line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map(each => ' '.repeat(margin) + each);
}
