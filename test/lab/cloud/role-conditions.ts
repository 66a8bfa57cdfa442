/** Values of the attributes that conditions ask for, by names such as `Microsoft.ContainerRegistry/registries/repositories:name`. */
export type ConditionFacts = Readonly<Record<string, string | undefined>>;

/**
 * Whether a condition of a role assignment lets an action pass; one that is not there always does. Knows what the
 * portal writes: `ActionMatches`, comparisons of `@Request` and `@Resource` with texts and lists, AND, OR, NOT and
 * brackets. Throws for anything else.
 */
export function conditionHolds(condition: string | undefined, action: string, facts: ConditionFacts): boolean {
  if (condition === undefined) return true;
  const reader = new ConditionReader(tokensOf(condition), action, facts);
  const holds = reader.either();
  if (reader.next() !== undefined) throw new Error(`the condition goes on after its end: ${condition}`);
  return holds;
}

const token =
  /\s*(@\w+\[[^\]]+\]|'(?:[^'\\]|\\.)*'|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\w+:\w+|\w+|[(){}!,]|&&|\|\|)/iy;

function tokensOf(condition: string): readonly string[] {
  const tokens: string[] = [];
  token.lastIndex = 0;
  const text = condition.trim();
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const found = token.exec(text)?.[1];
    if (found === undefined) throw new Error(`the condition has something unknown at "${text.slice(at, at + 20)}"`);
    tokens.push(found);
  }
  return tokens;
}

type Comparison = (actual: string, wanted: string) => boolean;

const lower = (compare: Comparison): Comparison => {
  return (actual, wanted) => compare(actual.toLowerCase(), wanted.toLowerCase());
};
const equals: Comparison = (actual, wanted) => actual === wanted;
const startsWith: Comparison = (actual, wanted) => actual.startsWith(wanted);

const comparisons: Readonly<Record<string, Comparison>> = {
  StringEquals: equals,
  StringEqualsIgnoreCase: lower(equals),
  StringStartsWith: startsWith,
  StringStartsWithIgnoreCase: lower(startsWith),
  StringLike: (actual, wanted) => patternOf(wanted).test(actual),
  GuidEquals: lower(equals),
};

/** `*` stands for any letters, `?` for one. */
function patternOf(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}

class ConditionReader {
  readonly #tokens: readonly string[];
  readonly #action: string;
  readonly #facts: ConditionFacts;
  #at = 0;

  constructor(tokens: readonly string[], action: string, facts: ConditionFacts) {
    this.#tokens = tokens;
    this.#action = action;
    this.#facts = facts;
  }

  next(): string | undefined {
    return this.#tokens[this.#at];
  }

  either(): boolean {
    let holds = this.#all();
    // The right side is read in any case: it must be stepped over.
    while (this.#takes('OR', '||')) holds = this.#all() || holds;
    return holds;
  }

  #all(): boolean {
    let holds = this.#one();
    while (this.#takes('AND', '&&')) holds = this.#one() && holds;
    return holds;
  }

  #one(): boolean {
    if (this.#takes('!', 'NOT')) return !this.#one();
    if (this.#takes('(')) {
      const holds = this.either();
      this.#must(')');
      return holds;
    }
    if (this.#takes('ActionMatches')) return this.#values().some(pattern => patternOf(pattern).test(this.#action));
    return this.#comparison();
  }

  #comparison(): boolean {
    const attribute = /^@\w+\[(.+)\]$/.exec(this.#take())?.[1] ?? '';
    const actual = this.#facts[attribute];
    const compare = comparisons[this.#take().replace(/^ForAnyOfAnyValues:/, '')];
    if (!compare) throw new Error(`the condition compares "${attribute}" in an unknown way`);
    return this.#values().some(wanted => actual !== undefined && compare(actual, wanted));
  }

  #values(): readonly string[] {
    if (!this.#takes('{')) return [unquoted(this.#take())];
    const values = [unquoted(this.#take())];
    while (this.#takes(',')) values.push(unquoted(this.#take()));
    this.#must('}');
    return values;
  }

  #take(): string {
    const found = this.next();
    if (found === undefined) throw new Error('the condition ends too early');
    this.#at += 1;
    return found;
  }

  #takes(...words: readonly string[]): boolean {
    const found = this.next();
    if (found === undefined || !words.includes(found)) return false;
    this.#at += 1;
    return true;
  }

  #must(word: string): void {
    if (!this.#takes(word)) throw new Error(`the condition lacks "${word}" before "${this.next() ?? 'its end'}"`);
  }
}

function unquoted(word: string): string {
  return word.startsWith("'") ? word.slice(1, -1) : word;
}
