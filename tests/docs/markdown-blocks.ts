// The fenced blocks of a Markdown document, with where they stand and what is said about them. It knows
// nothing of what is done with a block.
//
// A comment on the line before a fence says something about the block: `<!-- continues -->`.

export interface Block {
  /** The document's path from the repository's root. */
  readonly document: string;
  /** Line number of the first line inside the fence, from 1. */
  readonly line: number;
  /** The word behind the opening fence; '' where there is none. */
  readonly language: string;
  readonly lines: readonly string[];
  /** What the comment before the fence says; '' where there is none. */
  readonly remark: string;
}

/** Every block, in order. Throws for a fence that is never closed. */
export function blocksOf(document: string, text: string): Block[] {
  const lines = text.split(/\r?\n/);
  const blocks: Block[] = [];
  for (let i = 0; i < lines.length; i++) {
    const language = /^```(\S*)/.exec(lines[i] ?? '')?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', i + 1);
    if (end === -1) throw new Error(`${document}:${i + 1}: this block is never closed`);
    const remark = /^<!-- (.*) -->$/.exec(lines[i - 1] ?? '')?.[1] ?? '';
    blocks.push({ document, line: i + 2, language, lines: lines.slice(i + 1, end), remark });
    i = end;
  }
  return blocks;
}
