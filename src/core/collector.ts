// Collector: lets entries end in the arcs we own. It owns when: an entry whose time is over is deleted like
// any other, and a deletion is forgotten when it is old enough, every member of the set holds it, and nobody
// is being read who may have what was deleted. From then on the arc's watermark tells members that come back
// with older entries that these are void.
import type { Engine } from './engine.ts';
import { versionTime } from './entry.ts';
import type { Operations } from './operations.ts';
import type { Owner } from './owner.ts';
import type { Segment } from './segment.ts';
import type { MemoryStore } from './store.ts';

/** Entries that are ended in one turn, so that a burst of them does not hold up everything else. */
const EXPIRED_MAX = 1_024;

export class Collector {
  readonly #engine: Engine;
  readonly #store: MemoryStore;
  readonly #owner: Owner;
  readonly #operations: Operations;

  constructor(engine: Engine, store: MemoryStore, owner: Owner, operations: Operations) {
    this.#engine = engine;
    this.#store = store;
    this.#owner = owner;
    this.#operations = operations;
  }

  begin(): void {
    const { random, profile } = this.#engine;
    this.#engine.after(random.around(profile.sweepMs), () => {
      this.begin();
      if (!this.#engine.member) return;
      this.#owner.tidy();
      // A member that was silent for a while may be back without anything else having changed.
      if (this.#owner.underReplicated.length > 0) this.#owner.reconcile();
      if (!this.#store.mortal) return;
      for (const segment of this.#owner.segments) if (segment.complete) this.#look(segment);
    });
  }

  #look(segment: Segment): void {
    const { wall, profile } = this.#engine;
    const before = wall - profile.tombstoneMs;
    let expired = 0;
    let oldest = Infinity;
    for (const { position, entry } of Array.from(this.#store.walk(segment.arc))) {
      if (entry.value === undefined) oldest = Math.min(oldest, versionTime(entry.version));
      else if (entry.expiresAt > 0 && entry.expiresAt <= wall && expired < EXPIRED_MAX) {
        expired += 1;
        this.#operations.expire(segment, position, entry);
      }
    }
    if (oldest < before && !segment.isReading) this.#collect(segment, Math.floor(before));
  }

  /** Of a set that holds everything, each member is told; this one goes last, when all have done it. */
  #collect(segment: Segment, watermark: number): void {
    const { arc, configuration } = segment;
    const base = { lineage: configuration.lineage, epoch: configuration.epoch };
    const others = configuration.members.filter(({ contact }) => contact.id !== this.#engine.self.id);
    let open = others.length;
    const finish = (): void => {
      // Who has come since, or is being read, may hold what was deleted: only the tombstone tells.
      if (segment.configuration !== configuration || !segment.complete || segment.isReading) return;
      this.#owner.registers.raiseWatermark(arc, base, watermark);
      segment.raiseWatermark(watermark);
      this.#store.collect(arc, watermark);
    };
    if (open === 0) return finish();
    for (const { contact } of others) {
      this.#engine.call(contact, { type: 'collect', arc, base, watermark }, (answer) => {
        if (answer.type !== 'reply' || answer.body.type !== 'collected' || !answer.body.done) return;
        open -= 1;
        if (open === 0) finish();
      });
    }
  }
}
