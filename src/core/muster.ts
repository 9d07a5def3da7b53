// Muster: which of several lineages that claim one arc have a majority of their members there. Where nothing
// may be forced, one that is down must not stop one that is not. It owns the asking, and the patience until
// each has answered or is taken for dead.
import type { Configuration } from './configuration.ts';
import { majority } from './configuration.ts';
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Arc } from './position.ts';
import { callRoll, type Roll } from './roll-call.ts';

/** Asks once whether the configuration has its majority. */
export function isThere(
  engine: Engine,
  arc: Arc,
  { members }: Configuration,
  done: (isThere: boolean, roll: Roll) => void,
): void {
  const need = majority(members.length);
  callRoll(engine, arc, members, need, (roll) => done(roll.there.size >= need, roll));
}

export interface MusterView {
  isLost(contact: Contact): boolean;
  /** These have their majority, and the others have lost it. */
  done(there: readonly Configuration[]): void;
}

export class Muster {
  readonly arc: Arc;
  readonly bases: readonly Configuration[];
  readonly #engine: Engine;
  readonly #view: MusterView;
  readonly #startedAt: number;
  #there: readonly Configuration[] = [];
  #ended = false;

  constructor(engine: Engine, arc: Arc, bases: readonly Configuration[], view: MusterView) {
    this.arc = arc;
    this.#engine = engine;
    this.bases = bases;
    this.#view = view;
    this.#startedAt = engine.now;
  }

  get isStuck(): boolean {
    return (
      this.#there.length === 0 && this.#engine.now - this.#startedAt >= this.#engine.profile.evictAfterMs
    );
  }

  /** Who serves the arc meanwhile, in a lineage that is there. */
  get servedBy(): Contact | undefined {
    const owners = this.#there.map(({ members }) => members[0]?.contact);
    return owners.find(
      (owner) => owner !== undefined && owner.id !== this.#engine.self.id && !this.#view.isLost(owner),
    );
  }

  end(): this {
    this.#ended = true;
    return this;
  }

  begin(): void {
    const there = new Set<Configuration>();
    let [open, waits] = [this.bases.length, false];
    for (const configuration of this.bases) {
      isThere(this.#engine, this.arc, configuration, (is, roll) => {
        if (is) there.add(configuration);
        else if (!this.#isDown(configuration, roll)) waits = true;
        open -= 1;
        if (open > 0 || this.#ended) return;
        this.#there = this.bases.filter((one) => there.has(one));
        if (this.#there.length > 0 && !waits) this.#view.done(this.#there);
        else this.#again();
      });
    }
  }

  #again(): void {
    const { random, profile } = this.#engine;
    this.#engine.after(random.around(profile.retryMs * 4, 0.5), () => {
      if (!this.#ended) this.begin();
    });
  }

  /** Whether so many are lost, with their memory or without, that the others are no majority. */
  #isDown({ members }: Configuration, { reborn }: Roll): boolean {
    const left = members.filter(({ contact }) => !reborn.has(contact.id) && !this.#view.isLost(contact));
    return left.length < majority(members.length);
  }
}
