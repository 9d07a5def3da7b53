// Walk: iteration over all entries of the ring, page by page. It owns the bounded memory of it (one page at
// a time) and the shapes that users ask for; that each key comes once is the order of the core's scan.
import { type ScanCursor, type ScanResult, WALK_START } from '../core/command.ts';
import type { Entry, Key } from '../core/entry.ts';
import { keyToBuffer, toPrefix, valueToBuffer } from './bytes.ts';
import { type Call, type CallOptions, parseCall } from './call-options.ts';
import type { Runner } from './runner.ts';

export interface WalkOptions extends CallOptions {
  /** Only keys that begin with these bytes; text stands for its UTF-8 bytes. Default: all. */
  readonly prefix?: string | Uint8Array | undefined;
}

export class Walk {
  readonly #runner: Runner;

  constructor(runner: Runner) {
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

  /** Every key once, with its value where asked for, clockwise from position 0. */
  async *stored(withValues: boolean, call: Call): AsyncGenerator<Entry, void, undefined> {
    yield* this.#entries('', withValues, call);
  }

  #parse(options: unknown): { prefix: Key; call: Call } {
    const call = parseCall(options, this.#runner.defaults, ['prefix']);
    return { prefix: toPrefix((options as WalkOptions | undefined)?.prefix), call };
  }

  /** The time-out is that of each page. */
  async *#entries(prefix: Key, withValues: boolean, call: Call): AsyncGenerator<Entry, void, undefined> {
    let cursor: ScanCursor | undefined = WALK_START;
    while (cursor !== undefined) {
      const page: ScanResult = await this.#runner.run({ type: 'scan', cursor, prefix, withValues }, call);
      for (const entry of page.entries) {
        call.signal?.throwIfAborted();
        yield entry;
      }
      cursor = page.next;
    }
  }
}

async function* convert<Item>(
  entries: AsyncIterable<Entry>,
  shape: (entry: Entry) => Item,
): AsyncGenerator<Item, void, undefined> {
  for await (const entry of entries) yield shape(entry);
}

export function valueOf(entry: Entry): Buffer {
  return valueToBuffer(entry.value ?? new Uint8Array());
}
