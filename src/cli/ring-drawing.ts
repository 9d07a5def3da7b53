// The ring as text: members around a circle, and the table that goes with it. Pure functions from members to
// lines; where the members come from and where the lines go is the commands' affair.
import { formatPair } from './flags.ts';
import { drawTable } from './text-table.ts';

/** What is drawn of a member. */
export interface DrawnMember {
  readonly id: string;
  readonly position: number;
  readonly addr: readonly [host: string, port: number];
  readonly arc: { readonly from: number; readonly to: number };
  readonly serving: boolean;
  readonly entries: number;
  readonly copies: number;
}

/** What a piece of the drawing is, for colouring. */
export type Part = 'arc' | 'member' | 'absent' | 'label' | 'centre' | 'title';
export type Painter = (part: Part, text: string) => string;

export interface DrawingOptions {
  readonly k: number;
  /** Columns and lines of the drawing; at least 20 by 7 is readable. */
  readonly width: number;
  readonly height: number;
  /** Written in the middle, a line each. */
  readonly centre?: readonly string[];
  readonly paint?: Painter;
}

/** More members than this make a circle of a terminal's size unreadable. */
export const DRAWN_MEMBERS_MAX = 32;

// A character cell of a terminal is about twice as high as it is wide.
const CELL_ASPECT = 2;
// Characters of an id that tell the members of a small ring apart.
const ID_SHOWN = 10;

interface Cell {
  text: string;
  part: Part;
}

/**
 * Draws the ring with position 0 at the top, clockwise. Members are numbered in the order given, a filled dot
 * where a member serves its arc and an empty one where it does not. Lines do not end in blanks.
 */
export function drawRing(members: readonly DrawnMember[], options: DrawingOptions): string[] {
  const canvas = new Canvas(options.width, options.height);
  const labels = members.map((member, i) => labelOf(member, i, members.length, options.k));
  const margin = Math.max(0, ...labels.map((label) => label.length)) + 2;
  const ring = new Circle(options.width, options.height, margin);
  for (const step of ring.steps()) canvas.put(ring.at(step), '·', 'arc');
  const spots = members.map((member) => ring.at(member.position / 2 ** options.k));
  for (const [i, member] of members.entries()) {
    const spot = spots[i];
    if (spot) canvas.put(spot, member.serving ? '●' : '○', member.serving ? 'member' : 'absent');
  }
  for (const [i, spot] of spots.entries()) canvas.putBeside(spot, labels[i] ?? '');
  canvas.putCentre(options.centre ?? []);
  return canvas.lines(options.paint ?? ((_part, text) => text));
}

/** The table under the drawing: number, position, id, address, share of the ring, entries, copies, state. */
export function drawMembers(members: readonly DrawnMember[], k: number, paint?: Painter): string[] {
  const columns = [
    { title: '#', align: 'right' },
    { title: 'position', align: 'right' },
    { title: 'id', align: 'left' },
    { title: 'address', align: 'left' },
    { title: 'arc %', align: 'right' },
    { title: 'entries', align: 'right' },
    { title: 'copies', align: 'right' },
    { title: 'state', align: 'left' },
  ] as const;
  const rows = members.map((member, i) => [
    String(i + 1),
    String(member.position),
    member.id.slice(0, ID_SHOWN),
    formatPair(member.addr),
    (arcShare(member, k) * 100).toFixed(1),
    String(member.entries),
    String(member.copies),
    member.serving ? 'serving' : 'not serving yet',
  ]);
  return drawTable(columns, rows, (text) => paint?.('title', text) ?? text);
}

/** The part of the ring that a member owns, in (0, 1]. */
export function arcShare(member: Pick<DrawnMember, 'arc'>, k: number): number {
  const size = 2 ** k;
  const { from, to } = member.arc;
  return from === to ? 1 : ((to - from + size) % size) / size;
}

/** Number and position where there is room for both, else the number, which the table explains. */
function labelOf(member: DrawnMember, index: number, count: number, k: number): string {
  return count <= 16 && k <= 16 ? `${index + 1} @${member.position}` : String(index + 1);
}

interface Spot {
  readonly x: number;
  readonly y: number;
  /** Whether labels go to the right of it. */
  readonly right: boolean;
}

/** The circle that fits a rectangle of cells, leaving a margin at both sides for labels. */
class Circle {
  readonly #centreX: number;
  readonly #centreY: number;
  readonly #radiusX: number;
  readonly #radiusY: number;

  constructor(width: number, height: number, margin: number) {
    // Whole numbers, so that the rounding of cells is the same on all sides.
    this.#centreX = Math.floor((width - 1) / 2);
    this.#centreY = Math.floor((height - 1) / 2);
    this.#radiusX = Math.max(1, Math.min(this.#centreY * CELL_ASPECT, this.#centreX - margin));
    this.#radiusY = this.#radiusX / CELL_ASPECT;
  }

  /** The cell at a turn in [0, 1), clockwise from the top. */
  at(turn: number): Spot {
    const angle = 2 * Math.PI * turn;
    const x = Math.round(this.#centreX + this.#radiusX * Math.sin(angle));
    const y = Math.round(this.#centreY - this.#radiusY * Math.cos(angle));
    return { x, y, right: turn < 0.5 };
  }

  /** Turns at which the arc is dotted: about one dot every second column. */
  *steps(): Generator<number> {
    const count = Math.max(8, 4 * Math.round(this.#radiusX * 0.75));
    for (let i = 0; i < count; i++) yield i / count;
  }
}

/** A rectangle of cells; what does not fit in is left out. */
class Canvas {
  readonly #rows: Cell[][];
  readonly #width: number;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#rows = Array.from({ length: height }, () =>
      Array.from({ length: width }, (): Cell => ({ text: ' ', part: 'arc' })),
    );
  }

  put(spot: Spot, text: string, part: Part): void {
    this.#write(spot.x, spot.y, text, part);
  }

  /**
   * Writes the label outside the circle, or inside where another member or label is in the way, or not at
   * all.
   */
  putBeside(spot: Spot, label: string): void {
    const after = spot.x + 2;
    const before = spot.x - 1 - label.length;
    const choices = spot.right ? [after, before] : [before, after];
    const start = choices.find((x) => this.#isFree(x, spot.y, label.length));
    if (start === undefined) return;
    this.#clearDots(start - 1, start + label.length, spot.y);
    this.#write(start, spot.y, label, 'label');
  }

  putCentre(lines: readonly string[]): void {
    const top = Math.floor((this.#rows.length - lines.length) / 2);
    for (const [i, line] of lines.entries()) {
      this.#write(Math.floor((this.#width - line.length) / 2), top + i, line, 'centre');
    }
  }

  lines(paint: Painter): string[] {
    return this.#rows.map((row) => {
      const used = row.findLastIndex((cell) => cell.text !== ' ') + 1;
      return runs(row.slice(0, used))
        .map(({ text, part }) => paint(part, text))
        .join('');
    });
  }

  /** One blank at either side belongs to a label, so that two never run together. */
  #isFree(start: number, y: number, length: number): boolean {
    if (start < 0 || start + length > this.#width) return false;
    const cells = this.#rows[y]?.slice(Math.max(0, start - 1), start + length + 1);
    return cells?.every(({ text }) => text === ' ' || text === '·') ?? false;
  }

  /** A label with dots of the arc at its ends is hard to read. */
  #clearDots(first: number, last: number, y: number): void {
    for (const x of [first, last]) {
      if (this.#rows[y]?.[x]?.text === '·') this.#write(x, y, ' ', 'arc');
    }
  }

  #write(start: number, y: number, text: string, part: Part): void {
    for (const [i, character] of Array.from(text).entries()) {
      const cell = this.#rows[y]?.[start + i];
      if (cell) Object.assign(cell, { text: character, part });
    }
  }
}

/** Joins neighbouring cells of the same part, so that each run is coloured once. */
function runs(cells: readonly Cell[]): Cell[] {
  const joined: Cell[] = [];
  for (const cell of cells) {
    const last = joined.at(-1);
    if (last && last.part === cell.part) last.text += cell.text;
    else joined.push({ ...cell });
  }
  return joined;
}
