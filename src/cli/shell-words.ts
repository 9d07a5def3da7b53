// Shell words: a typed line as a command and its arguments, and a word as it has to be typed. It owns the
// quoting: blanks part words, quotes of either kind hold them together, and within double quotes a backslash
// makes the next quote or backslash plain. Nothing else is special: JSON can be typed in single quotes.

export interface Line {
  readonly words: readonly string[];
  /** The last word as it was typed, quote included; '' behind a blank. */
  readonly last: string;
  /** Whether a quote is still open at the end. */
  readonly isOpen: boolean;
}

export function parseLine(line: string): Line {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  let start = line.length;
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? '';
    if (quote === '' && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    if (word === undefined) start = at;
    word ??= '';
    const next = line[at + 1];
    if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
    } else if (character === quote) {
      quote = '';
    } else if (quote === '"' && character === '\\' && (next === '"' || next === '\\')) {
      word += next;
      at += 1;
    } else {
      word += character;
    }
  }
  if (word !== undefined) words.push(word);
  return { words, last: word === undefined ? '' : line.slice(start), isOpen: quote !== '' };
}

/** The word so that it is read back as it is. */
export function quoteWord(word: string): string {
  if (/^[^\s"']+$/.test(word)) return word;
  return `"${word.replaceAll(/["\\]/g, '\\$&')}"`;
}
