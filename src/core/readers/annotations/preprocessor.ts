/** A text with the branches that a release build leaves out, and its directives, made blank; offsets stay. */
export interface Preprocessed {
  readonly text: string;
  /** Offsets of functions in branches that depend on a symbol nobody here knows. */
  readonly doubtful: readonly number[];
}

interface Branch {
  readonly outer: boolean;
  /** Whether this branch is taken. */
  active: boolean;
  /** Whether a branch of the same `#if` was taken before. */
  taken: boolean;
  known: boolean;
}

const declaration = /\[\s*Function(Name)?\s*\(/;

/** What a build for release compiles: `DEBUG` is false, `RELEASE`, `TRACE` and those of the framework are true. */
export function withoutDeadBranches(source: string): Preprocessed {
  if (!/^[ \t]*#/m.test(source)) return { text: source, doubtful: [] };
  const branches: Branch[] = [];
  const doubtful: number[] = [];
  let offset = 0;
  const lines = source.split('\n').map(line => {
    const start = offset;
    offset += line.length + 1;
    const directive = /^\s*#\s*(\w+)\s*(.*?)\s*(?:\/\/.*)?$/.exec(line);
    const here = branches.at(-1);
    if (directive) direct(directive[1] ?? '', directive[2] ?? '', branches);
    if (!directive && (here === undefined || here.active)) return line;
    if (!directive && here && !here.known && declaration.test(line)) doubtful.push(start + line.search(declaration));
    return line.replace(/[^\r]/g, ' ');
  });
  return { text: lines.join('\n'), doubtful };
}

function direct(name: string, condition: string, branches: Branch[]): void {
  const here = branches.at(-1);
  if (name === 'if') {
    const outer = here?.active ?? true;
    const value = isTrue(condition);
    branches.push({ outer, active: outer && value, taken: value, known: isKnown(condition) && (here?.known ?? true) });
  }
  if (here === undefined) return;
  if (name === 'elif' || name === 'else') {
    const value = !here.taken && (name === 'else' || isTrue(condition));
    here.known &&= name === 'else' || isKnown(condition);
    here.active = here.outer && value;
    here.taken ||= value;
  }
  if (name === 'endif') branches.pop();
}

const symbols = /[A-Za-z_]\w*/g;
const always = /^(true|RELEASE|TRACE|NET\d*|NET\d+_\d+(_OR_GREATER)?|NETCOREAPP\w*)$/;

function isKnown(condition: string): boolean {
  return (condition.match(symbols) ?? []).every(symbol => always.test(symbol) || /^(DEBUG|false)$/.test(symbol));
}

/** The value of a condition of symbols, `!`, `&&`, `||` and one level of brackets. */
function isTrue(condition: string): boolean {
  const flat = condition.replace(/\(([^()]*)\)/g, (_, inner: string) => String(isTrue(inner)));
  return flat.split('||').some(part =>
    part.split('&&').every(term => {
      const symbol = term.match(symbols)?.[0] ?? '';
      const negated = (term.match(/!(?!=)/g) ?? []).length % 2 === 1;
      return always.test(symbol) !== negated;
    }),
  );
}
