// Learned arcs against an array that says, position by position, who was last seen to own it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LearnedArcs } from '../../src/core/learned-arcs.ts';
import type { Arc } from '../../src/core/position.ts';
import { holds } from '../../src/core/position.ts';
import { Random } from '../../src/core/random.ts';
import { memberAt } from '../support/members.ts';

const SIZE = 12;
const NO_BOUND = 1_000;

/**
 * The owner of every position, by the position where the owner stands. An owner's arc always ends at
 * itself.
 */
class OwnerArray {
  readonly owners: (number | undefined)[] = Array.from({ length: SIZE }, () => undefined);

  learn(arc: Arc): void {
    for (const [position, owner] of this.owners.entries()) {
      if (owner === undefined) continue;
      // Whoever stands inside is no member any more; of the others, what lies before the new owner is not
      // theirs.
      if (holds(arc, owner) || holds(arc, position) || cutOff(position, arc.to, owner)) {
        this.owners[position] = undefined;
      }
    }
    for (let position = 0; position < SIZE; position++) {
      if (holds(arc, position)) this.owners[position] = arc.to;
    }
  }

  observe(member: number): void {
    const former = this.owners[member];
    if (former === undefined) return;
    for (const [position, owner] of this.owners.entries()) {
      if (owner === former && former !== member && cutOff(position, member, owner)) {
        this.owners[position] = undefined;
      }
    }
  }

  forget(member: number): void {
    for (const [position, owner] of this.owners.entries()) {
      if (owner === member) this.owners[position] = undefined;
    }
  }
}

/** Whether `member` stands between a position, or on it, and the position's owner. */
function cutOff(position: number, member: number, owner: number): boolean {
  for (let x = position; x !== owner; x = (x + 1) % SIZE) if (x === member) return true;
  return false;
}

const place = fc.nat(SIZE - 1);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('learn' as const), from: place, to: place }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('observe' as const), to: place }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('forget' as const), to: place }) },
);

describe('LearnedArcs', () => {
  it('know what an array of positions knows', () => {
    const property = fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const learned = new LearnedArcs(NO_BOUND, new Random(1));
      const model = new OwnerArray();
      for (const action of steps) {
        const member = memberAt(action.to);
        if (action.type === 'learn') {
          learned.learn({ from: action.from, to: action.to }, member);
          model.learn({ from: action.from, to: action.to });
        } else if (action.type === 'observe') {
          learned.observe(member);
          model.observe(action.to);
        } else {
          learned.forget(member.id);
          model.forget(action.to);
        }
        const known = model.owners.map((_, position) => learned.find(position)?.position);
        expect(known).toEqual(model.owners);
        expect(learned.size).toBe(new Set(known.filter((owner) => owner !== undefined)).size);
      }
    });
    fc.assert(property, { seed: 20_261_122, numRuns: 3_000 });
  });

  it('take the newer contact of an owner whose arc is the same', () => {
    const learned = new LearnedArcs(NO_BOUND, new Random(1));
    learned.learn({ from: 2, to: 5 }, memberAt(5));
    const restarted = { ...memberAt(5), incarnation: 2 };
    learned.learn({ from: 2, to: 5 }, restarted);
    expect(learned.owners()).toEqual([restarted]);
  });

  it('replace an owner on whose position another member is seen', () => {
    const learned = new LearnedArcs(NO_BOUND, new Random(1));
    learned.learn({ from: 2, to: 5 }, memberAt(5, 'former'));
    learned.observe(memberAt(5, 'other'));
    expect(learned.find(4)).toBeUndefined();
  });

  it('name the nearest owner before a position, going back round the ring', () => {
    const learned = new LearnedArcs(NO_BOUND, new Random(1));
    expect(learned.preceding(3)).toBeUndefined();
    for (const to of [2, 6, 9]) learned.learn({ from: to - 1, to }, memberAt(to));
    const preceding = [0, 3, 6, 7, 11].map((position) => learned.preceding(position)?.position);
    expect(preceding).toEqual([9, 2, 2, 6, 9]);
  });

  it('are bounded', () => {
    const learned = new LearnedArcs(5, new Random(1));
    for (let to = 1; to < 100; to++) {
      learned.learn({ from: to - 1, to }, memberAt(to));
      expect(learned.size).toBe(Math.min(to, 5));
    }
    const found = Array.from({ length: 100 }, (_, position) => learned.find(position)).filter(Boolean);
    expect(found).toHaveLength(5);
  });

  it('know nothing once they are cleared', () => {
    const learned = new LearnedArcs(NO_BOUND, new Random(1));
    learned.learn({ from: 3, to: 3 }, memberAt(3));
    expect(learned.find(9)?.position).toBe(3);
    learned.clear();
    expect(learned.find(9)).toBeUndefined();
  });
});
