// What is remembered to have come after is not forgotten for something earlier, nor when it is told again.
import { expect, it } from 'vitest';
import type { Base, Configuration } from '../../src/core/configuration.ts';
import { Registers } from '../../src/core/registers.ts';
import { Saver } from '../../src/core/saver.ts';
import { memberAt } from '../support/members.ts';

const WHOLE = { from: 0, to: 100 };

function configurationOf(
  epoch: number,
  positions: readonly number[],
  lineage = 'l',
  ancestors: Base[] = [],
): Configuration {
  const members = positions.map((position) => ({ contact: memberAt(position), birth: 1 }));
  return { lineage, epoch, members, ancestors };
}

function registersOf(): Registers {
  const saver = new Saver(false, 100, { effect: () => {}, defer: () => {}, after: () => {} });
  const view = { promised: () => {}, moved: () => {}, forgotten: () => {} };
  return new Registers(256, () => ({ id: 'm1', birth: 1 }), saver, view);
}

const SIX = configurationOf(6, [1, 2, 3]);

/** It has promised l6 away, and was let go by l9. */
function letGo(): Registers {
  const registers = registersOf();
  registers.install(WHOLE, SIX, 0);
  registers.prepare(WHOLE, SIX, { round: 1, id: 'p' });
  registers.forget(WHOLE, SIX, configurationOf(9, [4, 5, 6]));
  expect(registers.install(WHOLE, SIX, 0)).toBe(false);
  return registers;
}

it('not when it is noted that an earlier one is over', () => {
  const registers = letGo();
  registers.note(WHOLE, configurationOf(5, [7, 8, 9]), []);
  expect(registers.install(WHOLE, SIX, 0)).toBe(false);
});

it('not by a release that was given before, and comes later, for another lineage', () => {
  const registers = letGo();
  const foreign = configurationOf(1, [1, 2, 3], 'f');
  registers.install(WHOLE, foreign, 0);
  registers.forget(WHOLE, foreign, configurationOf(5, [7, 8, 9], 'l', [{ lineage: 'f', epoch: 1 }]));
  expect(registers.install(WHOLE, SIX, 0)).toBe(false);
});

it('not when what came after is told again', () => {
  const registers = registersOf();
  const three = configurationOf(3, [1, 5, 6], 'f');
  const merged = configurationOf(8, [7, 8, 9], 'm', [SIX, three]);
  const ballot = { round: 4, id: 'p' };
  for (const base of [SIX, three]) {
    registers.install(WHOLE, base, 0);
    registers.prepare(WHOLE, base, ballot);
    registers.accept(WHOLE, base, { ballot, configuration: merged });
  }
  registers.forget(WHOLE, SIX, merged);
  registers.install(WHOLE, merged, 0);
  for (const base of [SIX, three]) {
    expect(registers.prepare(WHOLE, base, { round: 9, id: 'q' })[0]?.vote.type).toBe('elsewhere');
    expect(registers.install(WHOLE, base, 0)).toBe(false);
  }
});
