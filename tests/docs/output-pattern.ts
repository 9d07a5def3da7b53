// Output as documents promise it, compared with what was written. In a line `…` stands for anything; a line
// that is `…` alone stands for any number of lines.

/** What is wrong with the output, in a sentence, or undefined where it is as promised. */
export function differenceOf(promised: readonly string[], written: readonly string[]): string | undefined {
  const pattern = promised.map((line) => (line === '…' ? '(?:.*\n)*' : `${patternOf(line)}\n`)).join('');
  const text = written.map((line) => `${line.trimEnd()}\n`).join('');
  if (new RegExp(`^${pattern}$`).test(text)) return undefined;
  return `promised:\n${show(promised)}\nwritten:\n${show(written)}`;
}

/** The lines of an output, without what follows the last line end. */
export function linesOf(output: string): string[] {
  return output === '' ? [] : output.replace(/\n$/, '').split('\n');
}

function patternOf(line: string): string {
  const parts = line.trimEnd().split('…');
  return parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*');
}

function show(lines: readonly string[]): string {
  return lines.length === 0 ? '  (nothing)' : lines.map((line) => `  ${line}`).join('\n');
}
