/** Words that are no secrets even when given as one: masking them would swallow outputs and log lines. */
const publicWords: ReadonlySet<string> = new Set([
  'true',
  'false',
  'yes',
  'none',
  'null',
  'default',
  'node',
  'python',
  'dotnet',
  'dotnet-isolated',
  'java',
  'powershell',
  'custom',
  'production',
  'development',
  'staging',
  'test',
  'information',
  'warning',
  'error',
  'debug',
  'http',
  'https',
  'admin',
  'root',
  'main',
]);
const shortest = 4;

/** Fields of a connection string whose values are secrets of their own. */
const secretFields =
  /(?:^|;)\s*(?:AccountKey|SharedAccessKey|SharedAccessSignature|AccessKey|Password|Pwd|ClientSecret)\s*=\s*([^;]+)/gi;

/**
 * Texts to hide for a secret: the value, each of its longer lines, the keys inside a connection string, and base64 of all these,
 * the form in which Kubernetes shows them. Empty for a word that is public anyway.
 */
export function maskTextsOf(value: string): readonly string[] {
  const lines = value.split(/\r?\n/).map(line => line.trim());
  const fields = [...value.matchAll(secretFields)].map(match => match[1]?.trim() ?? '');
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:([^@\s]+)@/i.exec(value)?.[1];
  // A document is never masked as a whole: a line that is one brace would hide every brace.
  const whole = lines.length === 1 ? [value.trim()] : lines.filter(line => line.length >= 8);
  const texts = [...whole, ...fields, ...(password ? [password] : [])].filter(isSecretText);
  return [...new Set(texts.flatMap(text => [text, Buffer.from(text).toString('base64')]))];
}

/** Hides every given text; the longest first, so that no part of one stays. */
export function redacted(text: string, masks: Iterable<string>): string {
  return [...masks].sort((a, b) => b.length - a.length).reduce((rest, mask) => rest.replaceAll(mask, '***'), text);
}

function isSecretText(text: string): boolean {
  return text.length >= shortest && !publicWords.has(text.toLowerCase()) && !/^\d{1,6}$/.test(text);
}
