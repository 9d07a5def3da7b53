// Registers: a vote for each part of an arc that has a state of its own, and what is known of forgotten arcs.
import { describe, expect, it } from 'vitest';
import type { Base, Configuration } from '../../src/core/configuration.ts';
import type { Arc } from '../../src/core/position.ts';
import { Registers } from '../../src/core/registers.ts';
import { Saver } from '../../src/core/saver.ts';
import { memberAt } from '../support/members.ts';

const SIZE = 256;
const WHOLE: Arc = { from: 0, to: 100 };
const LOW: Arc = { from: 0, to: 50 };
const HIGH: Arc = { from: 50, to: 100 };
const ONE = configurationOf(1);
const TWO = configurationOf(2);
const BALLOT = { round: 1, id: 'p' };

function configurationOf(epoch: number, lineage = 'l', ancestors: Base[] = []): Configuration {
  const members = [1, 2, 3].map((position) => ({ contact: memberAt(position), birth: 1 }));
  return { lineage, epoch, members, ancestors };
}

function registersOf(): { registers: Registers; told: string[] } {
  const told: string[] = [];
  const saver = new Saver(false, 100, { effect: () => {}, defer: () => {}, after: () => {} });
  const registers = new Registers(SIZE, () => ({ id: 'm1', birth: 1 }), saver, {
    promised: ({ from, to }, { round }) => told.push(`(${from}, ${to}] promised to ${round}`),
    moved: ({ from, to }, configuration) => told.push(`(${from}, ${to}] moved to ${configuration?.epoch}`),
  });
  return { registers, told };
}

describe('registers', () => {
  it('give one vote where all is alike, and one for each part where not', () => {
    const { registers, told } = registersOf();
    registers.install(WHOLE, ONE, 0);
    expect(registers.prepare(HIGH, ONE, BALLOT).map(({ arc, vote }) => [arc, vote.type])).toEqual([
      [HIGH, 'promised'],
    ]);
    const lower = { round: 0, id: 'p' };
    const votes = registers.prepare({ from: 0, to: 120 }, ONE, lower);
    expect(votes.map(({ arc, vote }) => [arc.from, arc.to, vote.type])).toEqual([
      [0, 50, 'promised'],
      [50, 100, 'outbid'],
      [100, 120, 'unknown'],
    ]);
    expect(told).toEqual(['(0, 100] moved to 1', '(50, 100] promised to 1', '(0, 50] promised to 0']);
  });

  it('serve an arc only where all of it stands at the epoch, promised to nobody', () => {
    const { registers } = registersOf();
    registers.install(LOW, ONE, 0);
    expect(registers.serves(WHOLE, ONE)).toBe(false);
    registers.install(HIGH, ONE, 0);
    expect(registers.serves(WHOLE, ONE)).toBe(true);
    registers.prepare({ from: 60, to: 61 }, ONE, BALLOT);
    expect([registers.serves(WHOLE, ONE), registers.serves(LOW, ONE)]).toEqual([false, true]);
  });

  it('say whether a whole arc stands at what was decided', () => {
    const { registers } = registersOf();
    registers.install(LOW, TWO, 0);
    expect(registers.install(WHOLE, ONE, 0)).toBe(false);
    expect(registers.install(WHOLE, TWO, 0)).toBe(true);
    expect(registers.within(WHOLE)).toHaveLength(1);
  });

  it('do not begin again with what was over when they forgot', () => {
    const { registers } = registersOf();
    registers.install(WHOLE, TWO, 0);
    registers.prepare(WHOLE, TWO, BALLOT);
    registers.forget(LOW);
    for (const stale of [TWO, ONE]) expect(registers.install(LOW, stale, 0)).toBe(false);
    expect([registers.serves(LOW, TWO), registers.at(20)]).toEqual([false, undefined]);
    expect(registers.install(LOW, configurationOf(3), 0)).toBe(true);
    expect(registers.at(20)?.configuration.epoch).toBe(3);
  });

  it('hear of what came after, and of other lineages, where they forgot', () => {
    const { registers } = registersOf();
    registers.install(WHOLE, configurationOf(4, 'heir', [{ lineage: 'l', epoch: 7 }]), 0);
    registers.forget(WHOLE);
    expect(registers.install(WHOLE, configurationOf(7), 0)).toBe(false);
    expect(registers.install(LOW, configurationOf(8), 0)).toBe(true);
    expect(registers.install(HIGH, configurationOf(1, 'stranger'), 0)).toBe(true);
  });
});
