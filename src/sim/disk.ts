// SimDisk: the durable store of a simulated node, as its contract allows it to behave: a batch is there as
// a whole or not at all, in the order of the calls, and takes its time. It owns what a crash, a full disk
// and damage do to the records; what a node does with them is the machine's affair.
import type { Random } from '../core/random.ts';
import type { SavedRecord } from '../core/saved.ts';

/** All may be changed while the world runs. */
export interface DiskFaults {
  /** Mean time until a batch is on the disk, milliseconds, exponentially distributed. */
  syncMs: number;
  /** The part of batches that take much longer, 0..1, and how long at most. */
  stalls: number;
  stallMs: number;
  /** No batch can be written: it fails, and may be there all the same. */
  full: boolean;
  /** The chance of a record to be found damaged after a crash, 0..1; it is left out, and that is noticed. */
  corruption: number;
}

export const SOUND_DISK: Readonly<DiskFaults> = {
  syncMs: 1,
  stalls: 0,
  stallMs: 0,
  full: false,
  corruption: 0,
};

/** What is found when a node starts again. */
export interface LoadedRecords {
  readonly records: readonly SavedRecord[];
  /** Records that are not what was written, and were left out. */
  readonly damaged: number;
}

interface Batch {
  readonly records: readonly SavedRecord[];
  readonly fails: boolean;
}

export class SimDisk {
  readonly faults: DiskFaults;
  readonly #random: Random;
  /** On the disk, by what a record replaces. */
  readonly #records = new Map<string, SavedRecord>();
  /** Written, and not on the disk yet: a crash may lose a tail of them. */
  #pending: Batch[] = [];
  /** When the last batches, which are written together, begin to be written, and when they are done. */
  #beginsAt = 0;
  #doneAt = 0;

  constructor(random: Random, faults: Partial<DiskFaults> = {}) {
    this.#random = random;
    this.faults = { ...SOUND_DISK, ...faults };
  }

  /**
   * Takes a batch, and returns when it is done; `finish` is called then, in the order of the calls. All that
   * comes while the disk is busy is written together afterwards, as persistence.ts does.
   */
  write(now: number, records: readonly SavedRecord[]): number {
    const { syncMs, stalls, stallMs, full } = this.faults;
    this.#pending.push({ records, fails: full });
    if (this.#beginsAt > now) return this.#doneAt;
    const stall = stalls > 0 && this.#random.float() < stalls ? this.#random.float() * stallMs : 0;
    this.#beginsAt = Math.max(this.#doneAt, now);
    this.#doneAt = this.#beginsAt + stall - syncMs * Math.log(1 - this.#random.float());
    return this.#doneAt;
  }

  /** The oldest batch is done; returns whether it is on the disk for certain. */
  finish(): boolean {
    const batch = this.#pending.shift();
    if (batch === undefined) throw new RangeError('no batch is under way');
    // Who is told that a batch failed cannot know whether it is there.
    if (!batch.fails || this.#random.float() < 0.5) this.#apply(batch);
    return !batch.fails;
  }

  /** The power is gone: of what was not done yet a first part is there, and the rest never was. */
  crash(): void {
    const kept = this.#random.below(this.#pending.length + 1);
    for (const batch of this.#pending.slice(0, kept)) if (!batch.fails) this.#apply(batch);
    this.#rest();
  }

  /** What a node finds when it starts; damaged records are gone for good. */
  load(): LoadedRecords {
    let damaged = 0;
    for (const name of this.#records.keys()) {
      if (this.faults.corruption === 0 || this.#random.float() >= this.faults.corruption) continue;
      this.#records.delete(name);
      damaged += 1;
    }
    return { records: [...this.#records.values()], damaged };
  }

  /** The disk is lost, or replaced by an empty one. */
  erase(): void {
    this.#records.clear();
    this.#rest();
  }

  #rest(): void {
    this.#pending = [];
    this.#beginsAt = 0;
    this.#doneAt = 0;
  }

  #apply({ records }: Batch): void {
    for (const record of records) {
      if (record.type === 'forgotten') this.#records.delete(nameOf(record));
      else this.#records.set(nameOf(record), record);
    }
  }
}

/** Records of one name replace each other. */
function nameOf(record: SavedRecord): string {
  if (record.type === 'entry') return `entry ${record.entry.key}`;
  return record.type === 'forgotten' ? `entry ${record.key}` : record.type;
}
