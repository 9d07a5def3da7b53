// Saver: what this member has to write down before others may rely on it. It owns the batches under way and
// what waits for them; the driver stores them. Without a durable store nothing is written and nobody waits.
// A batch that could not be stored is kept and tried again, while whoever waited for it is told.
import type { Effect } from './effect.ts';
import type { SavedRecord } from './saved.ts';

export interface SaverView {
  effect(effect: Effect): void;
  /** Runs when the inputs of this turn are handled. */
  defer(action: () => void): void;
  after(ms: number, action: () => void): unknown;
}

type Waiting = (saved: boolean) => void;

interface Batch {
  readonly records: SavedRecord[];
  readonly waiting: Waiting[];
  /**
   * A batch before it could not be stored: that this one is does not mean that everything is, and it is
   * written again behind the one that failed, so that nothing older is left to be read.
   */
  behindFailure: boolean;
}

/** A record, and the batch that it was to be stored with. */
interface Unsaved {
  readonly token: number;
  readonly record: SavedRecord;
}

export class Saver {
  readonly durable: boolean;
  readonly #view: SaverView;
  readonly #retryMs: number;
  #batch: Batch = { records: [], waiting: [], behindFailure: false };
  readonly #underWay = new Map<number, Batch>();
  #lastToken = 0;
  /** Records that could not be stored, as they were handed over: part of the next batch. */
  #unsaved: Unsaved[] = [];
  #failure: string | undefined;
  #scheduled = false;

  constructor(durable: boolean, retryMs: number, view: SaverView) {
    this.durable = durable;
    this.#retryMs = retryMs;
    this.#view = view;
  }

  /** Why the store takes nothing now; undefined while it works. */
  get failure(): string | undefined {
    return this.#failure;
  }

  save(record: SavedRecord): void {
    if (!this.durable) return;
    this.#batch.records.push(record);
    this.#schedule();
  }

  /**
   * Once everything that was handed over before is stored, or could not be; at once where nothing is durable.
   */
  whenSaved(done: Waiting): void {
    if (!this.durable) return done(true);
    if (this.#batch.records.length > 0) return void this.#batch.waiting.push(done);
    // What has failed goes with the next batch, which nobody has begun.
    const last = this.#unsaved.length > 0 ? undefined : [...this.#underWay.values()].at(-1);
    if (last === undefined) done(this.#unsaved.length === 0);
    else last.waiting.push(done);
  }

  handleSaved(token: number): void {
    const batch = this.#underWay.get(token);
    this.#underWay.delete(token);
    if (batch === undefined) return;
    if (batch.behindFailure) this.#keep(token, batch.records);
    else if (this.#unsaved.length === 0) this.#failure = undefined;
    for (const done of batch.waiting) done(!batch.behindFailure);
  }

  handleSaveFailed(token: number, message: string): void {
    const batch = this.#underWay.get(token);
    this.#underWay.delete(token);
    if (batch === undefined) return;
    const first = this.#failure === undefined;
    this.#failure = message;
    this.#keep(token, batch.records);
    // One may be refused while those before it are still being written.
    for (const [other, later] of this.#underWay) if (other > token) later.behindFailure = true;
    for (const done of batch.waiting) done(false);
    if (first) this.#retry();
  }

  /** One that was refused may be known to have failed before those that were handed over earlier. */
  #keep(token: number, records: readonly SavedRecord[]): void {
    const all = [...this.#unsaved, ...records.map((record) => ({ token, record }))];
    this.#unsaved = latestOf(all.toSorted((a, b) => a.token - b.token));
  }

  #retry(): void {
    this.#view.after(this.#retryMs, () => {
      if (this.#unsaved.length > 0) this.#flush();
      if (this.#failure !== undefined) this.#retry();
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#view.defer(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    // What has failed goes out again with all that came behind it, in order: `#retry` comes back for it.
    if ([...this.#underWay.values()].some((batch) => batch.behindFailure)) return;
    const { records, waiting } = this.#batch;
    this.#batch = { records: [], waiting: [], behindFailure: false };
    const all = [...this.#unsaved.map(({ record }) => record), ...records];
    this.#unsaved = [];
    if (all.length === 0) return;
    this.#lastToken += 1;
    this.#underWay.set(this.#lastToken, { records: all, waiting, behindFailure: false });
    this.#view.effect({ type: 'save', token: this.#lastToken, records: all });
  }
}

/** Of records that replace each other, the last: what is kept does not grow with what is written. */
function latestOf(all: readonly Unsaved[]): Unsaved[] {
  const last = new Map<string, Unsaved>();
  for (const one of all) {
    const name = nameOf(one.record);
    last.delete(name);
    last.set(name, one);
  }
  return [...last.values()];
}

function nameOf(record: SavedRecord): string {
  if (record.type === 'registers') return 'registers';
  return `entry ${record.type === 'entry' ? record.entry.key : record.key}`;
}
