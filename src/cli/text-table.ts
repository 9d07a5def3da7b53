// A table of text: columns as wide as their widest cell, two spaces apart. It knows nothing of what it shows.

export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** The lines of a table: the titles, then one line a row. Lines do not end in blanks. */
export function drawTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  paintTitle: (text: string) => string = (text) => text,
): string[] {
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)),
  );
  const layout = (cells: readonly string[]): string =>
    columns
      .map(({ align }, i) => pad(cells[i] ?? '', widths[i] ?? 0, align))
      .join('  ')
      .trimEnd();
  return [paintTitle(layout(columns.map(({ title }) => title))), ...rows.map(layout)];
}

function pad(text: string, width: number, align: Column['align']): string {
  return align === 'left' ? text.padEnd(width) : text.padStart(width);
}
