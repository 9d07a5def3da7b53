// With 'refuse', one member of another ring whose majority is down comes to a healthy ring: that one serves
// on, and both become one when the majority is back.
import { describe, expect, test } from 'vitest';
import { copiesProblem } from '../../src/sim/checks/copies-agree.ts';
import { World, type WorldNode } from '../../src/sim/world.ts';
import { get, isIdeal, set } from '../support/rings.ts';
import { joinAt, K, keysIn } from '../support/placed.ts';

const TOGETHER_MS = 60_000;

describe.each([1, 2, 3, 4, 5, 6, 7, 8])('seed %i', (seed) => {
  const world = new World({ seed, k: K, disks: {}, onQuorumLost: 'refuse' });
  const strangers = ringAt([30, 110, 190]);
  const keys = keysIn(0, 255, 24);
  const [foreign, own] = [keys.slice(0, 12), keys.slice(12)];
  for (const key of foreign) set(world, strangers[0]!, key, 'foreign');
  world.run(3_000);
  for (const node of strangers) world.crash(node);
  const healthy = ringAt([0, 70, 150, 220]);
  for (const key of own) set(world, healthy[0]!, key, 'own');
  world.run(3_000);

  test('the healthy ring serves on, whether the stranger is there, gone, or one of it', () => {
    const stranger = strangers[0]!;
    comesBack(stranger);
    expect(failures(20)).toEqual([]);
    world.crash(stranger);
    expect(failures(10)).toEqual([]);
    comesBack(stranger);
    expect(failures(10)).toEqual([]);
    // Owners die, and others take over what they served.
    const dead = healthy[seed % healthy.length]!;
    world.crash(dead);
    world.run(10_000);
    expect(failures(10, dead)).toEqual([]);
    world.restart(dead, dead.machine.self.salt);
    world.connect(dead, healthy.find((node) => node !== dead)!);
    world.runUntil(() => dead.machine.known().length > 0, 1_000);
    world.command(dead, { type: 'join' });
    world.run(10_000);
    expect(failures(10)).toEqual([]);
  });

  test('with its majority back the other ring becomes one with it', () => {
    comesBack(strangers[1]!);
    const isOne = (): boolean => isIdeal(world) && copiesProblem(world, K, 3) === undefined;
    expect(world.runUntil(isOne, TOGETHER_MS)).toBe(true);
    for (const node of [...healthy, strangers[0]!]) {
      for (const key of own) expect(get(world, node, key)).toBe('own');
      for (const key of foreign) expect(get(world, node, key)).toBe('foreign');
    }
  });

  function ringAt(positions: readonly number[]): WorldNode[] {
    const nodes: WorldNode[] = [];
    for (const position of positions) nodes.push(joinAt(world, position, nodes[0]));
    expect(world.runUntil(() => nodes.every(({ machine }) => machine.serving), 30_000)).toBe(true);
    return nodes;
  }

  function comesBack(node: WorldNode): void {
    world.restart(node, node.machine.self.salt);
    world.connect(node, healthy[0]!);
    world.runUntil(() => node.machine.known().length > 0, 1_000);
    world.command(node, { type: 'join' });
  }

  /** Each of its keys is written and read once a second, for so many seconds; the codes of what fails. */
  function failures(seconds: number, except?: WorldNode): string[] {
    const asked = healthy.filter((node) => node !== except);
    const codes: string[] = [];
    for (let i = 0; i < seconds; i++) {
      for (const key of own) {
        const node = asked[i % asked.length]!;
        const value = new TextEncoder().encode('own');
        const operation = { type: 'set', value, ttlMs: 0, ifAbsent: false, ifVersion: '' } as const;
        const command = { type: 'operate', key, operation, consistency: 'quorum' } as const;
        const outcome = world.settle(node, command, 5_000);
        if (!outcome.ok) codes.push(outcome.failure.code);
        else if (get(world, node, key) !== 'own') codes.push('wrong');
      }
      world.run(1_000);
    }
    return codes;
  }
});
