// ByteCount: what messages and entries take on the wire, as the codec writes them, in worlds that send none
// of these bytes. It owns the distinction between what mends entries and what keeps the ring together.
import type { Entry } from '../core/entry.ts';
import type { Message } from '../core/message.ts';
import { Writer } from '../wire/bytes.ts';
import { Codec } from '../wire/codec.ts';
import { ContactReader } from '../wire/contact-codec.ts';
import { writeEntries } from '../wire/entry-codec.ts';
import { WIRE_LIMITS } from '../wire/limits.ts';
import type { Scope } from '../wire/schema.ts';
import { simulationHash } from './hash.ts';

/** What keeps the ring together and finds the way in it; everything else that is sent mends entries. */
const UPKEEP: ReadonlySet<string> = new Set([
  ...words('ping pong neighbourhood neighbourhood-is notify notified introduce introduced leave left'),
  ...words('check checked dial-back dialled-back announce announced find found tables tables-are'),
  ...words('describe described redirect'),
]);

/** Bytes of the messages that mend entries, for as long as it is running. */
export class ByteCount {
  readonly #codec: Codec;
  readonly #byType = new Map<string, number>();
  /** Counts nothing before it is set. */
  running = false;

  constructor(k: number) {
    this.#codec = new Codec({ k, hash: simulationHash, idOf: () => '', limits: WIRE_LIMITS });
  }

  add(message: Message): void {
    const { type } = message.body;
    if (!this.running || UPKEEP.has(type)) return;
    this.#byType.set(type, (this.#byType.get(type) ?? 0) + this.#codec.encode(message).length);
  }

  get bytes(): number {
    let sum = 0;
    for (const bytes of this.#byType.values()) sum += bytes;
    return sum;
  }

  /** The kinds of messages, the costliest first. */
  get byType(): [type: string, bytes: number][] {
    return [...this.#byType].toSorted(([, a], [, b]) => b - a);
  }
}

/** The bytes of an entry as it is written into a message, without the message. */
export class EntrySizes {
  readonly #out = new Writer(WIRE_LIMITS.frameBytes);
  readonly #scope: Scope;
  readonly #empty: number;

  constructor(k: number) {
    const { hostBytes } = WIRE_LIMITS;
    const contacts = new ContactReader({ k, hash: simulationHash, idOf: () => '', hostBytes });
    this.#scope = { limits: WIRE_LIMITS, size: 2 ** k, contacts };
    this.#empty = this.#lengthOf([]);
  }

  of(entry: Entry): number {
    return this.#lengthOf([entry]) - this.#empty;
  }

  #lengthOf(entries: readonly Entry[]): number {
    this.#out.begin();
    writeEntries(this.#out, entries, this.#scope);
    return this.#out.finish().length;
  }
}

function words(text: string): string[] {
  return text.split(' ');
}
