/** Levels by weight; lines below `information` are dropped unless the host logs verbosely. */
const weights = { trace: 0, debug: 1, information: 2, warning: 3, error: 4, critical: 5 };

/**
 * Log that writes one line per event to the console, errors to standard error: `<time> <level> <text>`.
 * Further lines of a text, as of a stack, are indented.
 */
export function consoleLog(level = 'information') {
  const least = weights[level.toLowerCase()] ?? weights.information;
  return (kind, text) => {
    if ((weights[kind] ?? weights.information) < least) return;
    const out = weights[kind] >= weights.error ? process.stderr : process.stdout;
    out.write(`${new Date().toISOString()} ${kind} ${String(text).trimEnd().replaceAll('\n', '\n    ')}\n`);
  };
}
