// Registers: a vote for each part of an arc that has a state of its own, and what is known of forgotten arcs.
import { describe, expect, it } from 'vitest';
import type { Base, Configuration, Register } from '../../src/core/configuration.ts';
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
const THREE = configurationOf(3);
const BALLOT = { round: 1, id: 'p' };

function configurationOf(epoch: number, lineage = 'l', ancestors: Base[] = []): Configuration {
  const members = [1, 2, 3].map((position) => ({ contact: memberAt(position), birth: 1 }));
  return { lineage, epoch, members, ancestors };
}

function registersOf(): { registers: Registers; told: string[] } {
  const told: string[] = [];
  const saver = new Saver(false, 100, { effect: () => {}, defer: () => {}, after: () => {} });
  const registers = new Registers(SIZE, () => ({ id: 'm1', birth: 1 }), saver, {
    promised: ({ from, to }, _base, { round }) => told.push(`(${from}, ${to}] promised to ${round}`),
    moved: ({ from, to }, configuration) => told.push(`(${from}, ${to}] moved to ${configuration.epoch}`),
    forgotten: ({ from, to }, { epoch }) => told.push(`(${from}, ${to}] of ${epoch} forgotten`),
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

  it('know whether this member was compared in a lineage', () => {
    const { registers } = registersOf();
    const heir = configurationOf(4, 'heir', [{ lineage: 'l', epoch: 3 }]);
    const isCompared = (base: Configuration): boolean => registers.isCompared(WHOLE, base);
    registers.install(LOW, ONE, 5);
    expect(isCompared(TWO)).toBe(false);
    registers.install(HIGH, ONE, 0);
    expect(isCompared(TWO)).toBe(false);
    registers.raiseWatermark(HIGH, ONE, 1);
    // What is joined claims to come after what either came after: that is no proof for one position.
    expect([TWO, heir].map(isCompared)).toEqual([true, false]);
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
    const { registers, told } = registersOf();
    registers.install(WHOLE, TWO, 0);
    registers.prepare(WHOLE, TWO, BALLOT);
    registers.forget(LOW, TWO, configurationOf(3));
    expect(told.at(-1)).toBe('(0, 50] of 2 forgotten');
    for (const stale of [THREE, TWO, ONE]) expect(registers.install(LOW, stale, 0)).toBe(false);
    expect([registers.serves(LOW, TWO), registers.within(LOW)]).toEqual([false, []]);
    // Who asks for a vote there is told what came after.
    const vote = { type: 'elsewhere', configuration: THREE };
    expect(registers.prepare(LOW, TWO, BALLOT)).toEqual([{ arc: LOW, vote }]);
    expect(registers.install(LOW, configurationOf(4), 0)).toBe(true);
    expect(registers.within(LOW)[0]?.value[0]?.configuration.epoch).toBe(4);
  });

  it('hear of what came after, and of other lineages, where they forgot', () => {
    const { registers } = registersOf();
    registers.install(WHOLE, ONE, 0);
    registers.forget(WHOLE, ONE, configurationOf(4, 'heir', [{ lineage: 'l', epoch: 7 }]));
    expect(registers.install(WHOLE, configurationOf(7), 0)).toBe(false);
    expect(registers.install(LOW, configurationOf(8), 0)).toBe(true);
    expect(registers.install(HIGH, configurationOf(1, 'stranger'), 0)).toBe(true);
  });

  it('vote in each lineage by itself, until one comes after the others', () => {
    const { registers } = registersOf();
    const foreign = configurationOf(1, 'f');
    registers.install(WHOLE, ONE, 0);
    expect(registers.install(LOW, foreign, 0)).toBe(true);
    expect(registers.prepare(LOW, foreign, BALLOT)[0]?.vote.type).toBe('promised');
    expect([registers.serves(LOW, foreign), registers.serves(WHOLE, ONE)]).toEqual([false, true]);
    expect(registers.accept(LOW, foreign, { ballot: BALLOT, configuration: TWO })[0]?.vote.type).toBe(
      'accepted',
    );
    const merged = configurationOf(2, 'm', [ONE, foreign]);
    expect(registers.install(WHOLE, merged, 0)).toBe(true);
    for (const passed of [ONE, foreign]) expect(registers.install(LOW, passed, 0)).toBe(false);
    expect(registers.within(WHOLE).flatMap(({ value }) => value)).toHaveLength(1);
  });

  it('tell what came after a configuration that is over, where that is remembered', () => {
    const { registers } = registersOf();
    const heir = configurationOf(6, 'h', [ONE]);
    registers.install(WHOLE, ONE, 0);
    registers.forget(LOW, ONE, heir);
    expect(registers.standing(WHOLE)).toEqual([{ arc: HIGH, configuration: ONE }]);
    expect(registers.after(WHOLE, ONE)).toEqual([{ arc: LOW, configuration: heir }]);
    expect(registers.after(WHOLE, heir)).toEqual([]);
  });

  it('say in a promise whether they come from a disk, until the next decision', () => {
    const { registers } = registersOf();
    const register = { configuration: ONE, promised: undefined, accepted: undefined, watermark: 0 };
    registers.restore({ registers: [{ arc: WHOLE, register }], over: [] });
    expect(registers.prepare(WHOLE, ONE, BALLOT)[0]?.vote).toMatchObject({
      type: 'promised',
      restored: true,
    });
    registers.install(WHOLE, TWO, 0);
    expect(registers.prepare(WHOLE, TWO, BALLOT)[0]?.vote).toMatchObject({ restored: false });
  });

  it('note what is over only where something came after it', () => {
    const { registers } = registersOf();
    const [passed, heir] = [
      configurationOf(5, 'p', [ONE]),
      configurationOf(6, 'h', [{ lineage: 'p', epoch: 5 }]),
    ];
    registers.install(WHOLE, ONE, 0);
    registers.install(HIGH, heir, 0);
    registers.note(WHOLE, passed, []);
    expect(registers.within(LOW)[0]?.value).toHaveLength(1);
    expect(registers.within(HIGH)[0]?.value.map(({ configuration }) => configuration)).toEqual([heir]);
    expect(registers.install(LOW, passed, 0)).toBe(true);
    expect(registers.known(HIGH)).toEqual([heir, passed]);
  });

  it('note what is over also where only others have told of what came after it', () => {
    const { registers } = registersOf();
    const passed = configurationOf(5, 'p', [ONE]);
    const heir = configurationOf(6, 'h', [{ lineage: 'p', epoch: 5 }]);
    registers.install(WHOLE, ONE, 0);
    registers.note(LOW, passed, [heir]);
    expect([registers.serves(LOW, ONE), registers.serves(HIGH, ONE)]).toEqual([false, true]);
    expect(registers.prepare(LOW, ONE, BALLOT)[0]?.vote).toEqual({
      type: 'elsewhere',
      configuration: passed,
    });
  });

  it('find again what they wrote down', () => {
    const { registers } = registersOf();
    registers.restore({
      registers: [
        { arc: WHOLE, register: registerOf(ONE) },
        { arc: LOW, register: registerOf(configurationOf(1, 'f')) },
      ],
      over: [{ arc: HIGH, configuration: configurationOf(3, 'g') }],
    });
    expect([registers.serves(LOW, ONE), registers.serves(LOW, configurationOf(1, 'f'))]).toEqual([
      true,
      true,
    ]);
    expect(registers.install(HIGH, configurationOf(2, 'g'), 0)).toBe(false);
    expect(registers.isRestored(LOW)).toBe(true);
  });
});

function registerOf(configuration: Configuration): Register {
  return { configuration, promised: undefined, accepted: undefined, watermark: 0 };
}
