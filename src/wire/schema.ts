// Schema: how the variants of a union are told apart on the wire. A table with a row for each variant, which
// the compiler knows to be complete, gives it a one-byte code and the two functions that write and read its
// fields. To add a message: its type in core/message.ts, its row in request-codec.ts or reply-codec.ts, its
// line in docs/PROTOCOL.md, a sample in tests/wire/samples.ts.
import type { Reader, Writer } from './bytes.ts';
import type { ContactReader } from './contact-codec.ts';
import type { WireLimits } from './limits.ts';

/** What reading and writing depend on besides the bytes. */
export interface Scope {
  readonly limits: WireLimits;
  /** Number of positions of the ring, 2**k. */
  readonly size: number;
  readonly contacts: ContactReader;
}

interface Variant {
  readonly type: string;
}

/** The row of one variant. `read` reads exactly what `write` wrote, in the same order. */
export interface Rule<T> {
  /** In [0, 255], stable for ever. */
  readonly code: number;
  write(out: Writer, value: T, scope: Scope): void;
  read(input: Reader, scope: Scope): T;
}

/** A row for every variant of the union. */
export type Rules<Union extends Variant> = {
  readonly [Name in Union['type']]: Rule<Extract<Union, { readonly type: Name }>>;
};

/** Finds the row by the value, or by the code. */
export class Schema<Union extends Variant> {
  readonly #byType = new Map<string, Rule<Union>>();
  readonly #byCode: (Rule<Union> | undefined)[] = Array.from({ length: 256 });
  /** What was looked up last: under load most messages in a row are of one kind. */
  #lastType = '';
  #lastRule: Rule<Union> | undefined;

  /** Throws an Error where two rows have one code: a fault of the program. */
  constructor(rules: Rules<Union>) {
    // A row takes its own variant only; that it is given no other is what looking it up by type ensures.
    for (const [type, rule] of Object.entries<Rule<Union>>(rules)) {
      if (this.#byCode[rule.code] !== undefined) throw new Error(`two variants with the code ${rule.code}`);
      this.#byType.set(type, rule);
      this.#byCode[rule.code] = rule;
    }
  }

  ruleOf(value: Union): Rule<Union> {
    if (this.#lastRule !== undefined && value.type === this.#lastType) return this.#lastRule;
    const rule = this.#byType.get(value.type);
    if (rule === undefined) throw new TypeError(`${value.type} has no form on the wire`);
    this.#lastType = value.type;
    this.#lastRule = rule;
    return rule;
  }

  /** Reads the code. */
  readRule(input: Reader): Rule<Union> {
    const code = input.u8();
    const rule = this.#byCode[code];
    if (rule === undefined) throw input.error(`the unknown code 0x${code.toString(16).padStart(2, '0')}`);
    return rule;
  }

  /** The code, then the fields. */
  write(out: Writer, value: Union, scope: Scope): void {
    const rule = this.ruleOf(value);
    out.u8(rule.code);
    rule.write(out, value, scope);
  }

  read(input: Reader, scope: Scope): Union {
    return this.readRule(input).read(input, scope);
  }
}

/** One of a few words, as one byte. */
export class Choice<Word extends string> {
  readonly #codes: Readonly<Record<Word, number>>;
  readonly #words: (Word | undefined)[] = [];

  constructor(codes: Readonly<Record<Word, number>>) {
    this.#codes = codes;
    for (const word in codes) this.#words[codes[word]] = word;
  }

  write(out: Writer, word: Word): void {
    out.u8(this.#codes[word]);
  }

  read(input: Reader): Word {
    const code = input.u8();
    const word = this.#words[code];
    if (word === undefined) throw input.error(`the unknown choice ${code}`);
    return word;
  }
}

/** A list: its length, then its items. */
export function writeList<T>(
  out: Writer,
  items: readonly T[],
  limit: number,
  write: (out: Writer, item: T, scope: Scope) => void,
  scope: Scope,
): void {
  out.items(items.length, limit, scope.limits.listedMax);
  for (const item of items) write(out, item, scope);
}

export function readList<T>(
  input: Reader,
  limit: number,
  read: (input: Reader, scope: Scope) => T,
  scope: Scope,
): T[] {
  const items: T[] = [];
  const count = input.items(limit, scope.limits.listedMax);
  for (let left = count; left > 0; left--) items.push(read(input, scope));
  return items;
}

/** A value that may be absent: a boolean, then the value if there is one. */
export function writeOptional<T>(
  out: Writer,
  value: T | undefined,
  write: (out: Writer, value: T, scope: Scope) => void,
  scope: Scope,
): void {
  out.bool(value !== undefined);
  if (value !== undefined) write(out, value, scope);
}

export function readOptional<T>(
  input: Reader,
  read: (input: Reader, scope: Scope) => T,
  scope: Scope,
): T | undefined {
  return input.bool() ? read(input, scope) : undefined;
}
