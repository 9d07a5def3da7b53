// Walk: iteration over all entries of the ring, page by page. It owns the bounded memory of it (one page at
// a time), the place where a walk goes on, and the shapes that users ask for; that each key comes once is the
// order of the core's scan.
import { type ScanCursor, type ScanResult, WALK_START } from '../core/command.ts';
import type { Entry, Key } from '../core/entry.ts';
import { type Bytes, keyToBuffer, toKey, toPrefix, valueToBuffer } from './bytes.ts';
import { type Call, type CallOptions, parseIteration } from './call-options.ts';
import type { Runner } from './runner.ts';

export interface WalkOptions extends CallOptions {
  /** Only keys that begin with these bytes; text stands for its UTF-8 bytes. Default: all. */
  readonly prefix?: string | Uint8Array | undefined;
}

export interface ScanOptions extends WalkOptions {
  /** Goes on behind this key, in the order of the walk; it need not exist any more. Default: begins anew. */
  readonly after?: Bytes | undefined;
  /** Whether the values come along; without, they are empty. Default true. */
  readonly values?: boolean | undefined;
}

/** An entry as it was when its page was read. */
export interface ScannedEntry {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly version: string;
  /** Epoch milliseconds; absent for an entry that lives for ever. */
  readonly expiresAt?: number;
}

export interface ScanPage {
  /** May be empty where a part of the ring holds nothing that was asked for. */
  readonly entries: readonly ScannedEntry[];
  /** The part of the ring's positions that has been walked, in (0, 1]; 1 on the last page. */
  readonly walked: number;
}

/** What a walk needs of a node besides running commands. */
export interface WalkRunner extends Runner {
  /** Positions of the ring, 2**k. */
  readonly positions: number;
  positionOf(key: Key): number;
}

export class Walk {
  readonly #runner: WalkRunner;

  constructor(runner: WalkRunner) {
    this.#runner = runner;
  }

  /** Throws for misuse at once, not at the first step. */
  keys(options: unknown): AsyncGenerator<Buffer, void, undefined> {
    const { prefix, call } = this.#parse(options);
    return convert(this.#entries(prefix, false, call), (entry) => keyToBuffer(entry.key));
  }

  values(options: unknown): AsyncGenerator<Buffer, void, undefined> {
    const { prefix, call } = this.#parse(options);
    return convert(this.#entries(prefix, true, call), valueOf);
  }

  entries(options: unknown): AsyncGenerator<[key: Buffer, value: Buffer], void, undefined> {
    const { prefix, call } = this.#parse(options);
    return convert(this.#entries(prefix, true, call), (entry) => [keyToBuffer(entry.key), valueOf(entry)]);
  }

  async size(options: unknown): Promise<number> {
    const { prefix, call } = this.#parse(options);
    let count = 0;
    for await (const _ of this.#entries(prefix, false, call)) count += 1;
    return count;
  }

  /** Throws for misuse at once. */
  scan(options: unknown): AsyncGenerator<ScanPage, void, undefined> {
    const call = parseIteration(options, this.#runner.defaults, ['prefix', 'after', 'values']);
    const { prefix, after, values = true } = (options ?? {}) as ScanOptions;
    if (typeof values !== 'boolean') {
      throw new TypeError(`values must be true or false, got ${typeof values}`);
    }
    const start = after === undefined ? WALK_START : this.#behind(toKey(after, this.#runner.limits));
    return this.#scan(start, toPrefix(prefix), values, call);
  }

  /** Every key once, with its value, clockwise from position 0. */
  async *stored(call: Call): AsyncGenerator<Entry, void, undefined> {
    yield* this.#entries('', true, call);
  }

  /** The keys of each page by chance, so that several who take entries do not all want the same. */
  async *shuffled(call: Call): AsyncGenerator<Key[], void, undefined> {
    for await (const { entries } of this.#pages(WALK_START, '', false, call)) {
      const drawn = entries.map(({ key }) => ({ key, lot: Math.random() }));
      yield drawn.toSorted((a, b) => a.lot - b.lot).map(({ key }) => key);
    }
  }

  #parse(options: unknown): { prefix: Key; call: Call } {
    const call = parseIteration(options, this.#runner.defaults, ['prefix']);
    return { prefix: toPrefix((options as WalkOptions | undefined)?.prefix), call };
  }

  async *#entries(prefix: Key, withValues: boolean, call: Call): AsyncGenerator<Entry, void, undefined> {
    for await (const { entries } of this.#pages(WALK_START, prefix, withValues, call)) {
      for (const entry of entries) {
        call.signal?.throwIfAborted();
        yield entry;
      }
    }
  }

  async *#scan(
    start: ScanCursor,
    prefix: Key,
    withValues: boolean,
    call: Call,
  ): AsyncGenerator<ScanPage, void, undefined> {
    for await (const { entries, next } of this.#pages(start, prefix, withValues, call)) {
      const walked = next === undefined ? 1 : next.position / this.#runner.positions;
      yield { entries: entries.map(toScanned), walked };
      call.signal?.throwIfAborted();
    }
  }

  /** The time-out is that of each page; an aborted signal rejects the first step. */
  async *#pages(
    start: ScanCursor,
    prefix: Key,
    withValues: boolean,
    call: Call,
  ): AsyncGenerator<ScanResult, void, undefined> {
    let cursor: ScanCursor | undefined = start;
    while (cursor !== undefined) {
      const page: ScanResult = await this.#runner.run({ type: 'scan', cursor, prefix, withValues }, call);
      yield page;
      cursor = page.next;
    }
  }

  #behind(key: Key): ScanCursor {
    return { position: this.#runner.positionOf(key), afterKey: key };
  }
}

async function* convert<Item>(
  entries: AsyncIterable<Entry>,
  shape: (entry: Entry) => Item,
): AsyncGenerator<Item, void, undefined> {
  for await (const entry of entries) yield shape(entry);
}

function toScanned(entry: Entry): ScannedEntry {
  const { key, version, expiresAt } = entry;
  const bytes = { key: keyToBuffer(key), value: valueOf(entry), version };
  return expiresAt === 0 ? bytes : { ...bytes, expiresAt };
}

export function valueOf(entry: Entry): Buffer {
  return valueToBuffer(entry.value ?? new Uint8Array());
}
