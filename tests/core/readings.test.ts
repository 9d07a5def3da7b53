// Readings against the plain list: whatever was told before, the reader ends with what the member has now.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Contact } from '../../src/core/contact.ts';
import type { Neighbourhood } from '../../src/core/message.ts';
import { digest } from '../../src/core/neighbourhood.ts';
import { distance } from '../../src/core/position.ts';
import { LastRead, Told, withoutList } from '../../src/core/readings.ts';
import { memberAt } from '../support/members.ts';

const SIZE = 64;
const SELF = memberAt(20);

/** A list as a member may have it: clockwise from itself, some of it restarted since. */
const neighbourhoods: fc.Arbitrary<Neighbourhood> = fc
  .record({
    predecessor: fc.option(fc.integer({ min: 0, max: 19 }), { nil: undefined }),
    positions: fc.uniqueArray(
      fc.integer({ min: 0, max: SIZE - 1 }).filter((position) => position !== 20),
      { maxLength: 16 },
    ),
    lives: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 16, maxLength: 16 }),
  })
  .map(({ predecessor, positions, lives }) => ({
    predecessor: predecessor === undefined ? undefined : memberAt(predecessor),
    successors: positions
      .toSorted((a, b) => distance(20, a, SIZE) - distance(20, b, SIZE))
      .map((position, i): Contact => ({ ...memberAt(position), incarnation: lives[i] ?? 1 })),
  }));

function read(told: Told, reader: LastRead, now: Neighbourhood): Neighbourhood | undefined {
  const known = reader.digestOf(SELF.id);
  const answer = known === digest(now) ? withoutList('same') : told.answer(now, digest(now), known);
  return reader.take(SELF, known, answer, SIZE);
}

describe('a reader', () => {
  it('has the whole neighbourhood after every reading, whatever was told to whom', () => {
    const history = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), neighbourhoods), { maxLength: 12 });
    fc.assert(
      fc.property(history, (readings) => {
        const told = new Told();
        const readers = [new LastRead(), new LastRead(), new LastRead()];
        for (const [who, now] of readings) {
          expect(read(told, readers[who] ?? new LastRead(), now)).toEqual(now);
        }
      }),
    );
  });

  it('is told only what is new', () => {
    const told = new Told();
    const reader = new LastRead();
    const before = { predecessor: memberAt(7), successors: [memberAt(25), memberAt(30), memberAt(41)] };
    const after = { predecessor: memberAt(7), successors: [memberAt(25), memberAt(35), memberAt(41)] };
    read(told, reader, before);
    const answer = told.answer(after, digest(after), reader.digestOf(SELF.id));
    expect(answer).toEqual({
      type: 'neighbourhood-is',
      state: 'changed',
      neighbourhood: { predecessor: undefined, successors: [memberAt(35)] },
      kept: 0b1011,
    });
  });

  it('takes no difference from what it has forgotten since it asked', () => {
    const reader = new LastRead();
    read(new Told(), reader, { predecessor: memberAt(7), successors: [memberAt(25)] });
    const known = reader.digestOf(SELF.id);
    reader.forget();
    expect(
      reader.take(SELF, known, { ...withoutList('same'), state: 'changed', kept: 3 }, SIZE),
    ).toBeUndefined();
  });
});
