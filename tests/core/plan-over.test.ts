// What is planned must not be called over, or the arc is planned again for ever.
import { expect, it } from 'vitest';
import type { Base, Configuration } from '../../src/core/configuration.ts';
import { Hints } from '../../src/core/hints.ts';
import { isOver, plan } from '../../src/core/plan.ts';
import { Registers } from '../../src/core/registers.ts';
import { Saver } from '../../src/core/saver.ts';
import { memberAt } from '../support/members.ts';

const WHOLE = { from: 0, to: 100 };
function configurationOf(lineage: string, epoch: number, ancestors: Base[] = []): Configuration {
  const members = [1, 2, 3].map((position) => ({ contact: memberAt(position), birth: 1 }));
  return { lineage, epoch, members, ancestors };
}

it('where the bounded history of the latest does not reach back as far as that of one before it', () => {
  const saver = new Saver(false, 100, { effect: () => {}, defer: () => {}, after: () => {} });
  const view = { promised: () => {}, moved: () => {}, forgotten: () => {} };
  const registers = new Registers(256, () => ({ id: 'm9', birth: 1 }), saver, view);
  const hints = new Hints(256);
  const between = Array.from({ length: 63 }, (_, i) => ({ lineage: `l${i}`, epoch: 1 }));
  const old = configurationOf('old', 5);
  // The last that knows of `old`, and the next lineage, which has room for 64 others.
  const former = configurationOf('former', 7, [...between, { lineage: 'old', epoch: 5 }]);
  const latest = configurationOf('latest', 8, [{ lineage: 'former', epoch: 7 }, ...between]);
  registers.install(WHOLE, old, 0);
  hints.add(WHOLE, former, registers.standing(WHOLE));
  // Then a voter is told of the next one.
  registers.install(WHOLE, latest, 0);
  for (const { arc, bases } of plan(WHOLE, registers, hints).known) {
    expect(bases.length).toBeGreaterThan(0);
    expect(isOver({ arc, bases }, registers, hints)).toBe(false);
  }
});
