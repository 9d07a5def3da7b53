// In a lineage that came after others, what was deleted and collected does not come back with a member that
// has been one of that lineage: although the entry that it still has was made in a former one.
import { expect, test } from 'vitest';
import { PROFILES } from '../../src/core/profile.ts';
import { World, type WorldNode } from '../../src/sim/world.ts';
import { get, isIdeal, operate, reach, set } from '../support/rings.ts';
import { comeBack, holdsValue, joinAt, K, keysIn } from '../support/placed.ts';

const profile = { ...PROFILES.local, tombstoneMs: 2_000 };
/** Where members join while it is away, so that the set is without it. */
const BETWEEN = [52, 54, 56];

function worldOf(seed: number, onQuorumLost: 'heal' | 'refuse'): { world: World; first: WorldNode } {
  const world = new World({ seed, k: K, profile, disks: {}, onQuorumLost });
  return { world, first: joinAt(world, 0) };
}

function calm(world: World): void {
  reach(world, () => isIdeal(world), 60_000);
  world.run(5_000);
}

/** The keys are deleted while the member is away with its disk; what is read of them when it is back. */
function deleteMeanwhile(
  world: World,
  first: WorldNode,
  member: WorldNode,
  { keys, isLeftOut }: { keys: readonly string[]; isLeftOut: boolean },
): (string | undefined)[] {
  world.crash(member);
  calm(world);
  if (isLeftOut) for (const position of BETWEEN) joinAt(world, position, first);
  for (const key of keys) operate(world, first, key, { type: 'delete', ifVersion: '' });
  world.run(10_000);
  const held = world.members().flatMap(({ machine }) => [...machine.held()]);
  if (held.some(({ entry }) => keys.includes(entry.key))) throw new Error('the deletions are not collected');
  comeBack(world, member, first);
  calm(world);
  world.run(10_000);
  return keys.map((key) => get(world, first, key));
}

const CASES = [1, 2, 3].flatMap((seed) => [false, true].map((isLeftOut) => ({ seed, isLeftOut })));

interface Met {
  readonly world: World;
  readonly first: WorldNode;
  /** Of the other ring: the first of it, which stands there, and one that comes to hold a copy. */
  readonly other: WorldNode;
  readonly member: WorldNode;
  /** One was written before the rings met, one afterwards. */
  readonly keys: readonly [string, string];
}

function twoRings(seed: number, position: number): Met {
  const { world, first } = worldOf(seed, 'refuse');
  for (const place of [50, 100, 150]) joinAt(world, place, first);
  calm(world);
  const [before, after] = keysIn(5, 45, 2) as [string, string];
  set(world, first, before, 'value');
  const other = joinAt(world, position);
  const member = joinAt(world, 60, other);
  world.connect(other, first);
  world.run(2_000);
  calm(world);
  world.run(20_000);
  return { world, first, other, member, keys: [before, after] };
}

test.each(CASES)('seed $seed: two rings have met (left out: $isLeftOut)', ({ seed, isLeftOut }) => {
  const { world, first, member, keys } = twoRings(seed, 48);
  set(world, first, keys[1], 'value');
  world.run(2_000);
  expect(keys.every((key) => holdsValue(member, key))).toBe(true);
  expect(deleteMeanwhile(world, first, member, { keys, isLeftOut })).toEqual([undefined, undefined]);
});

test.each([1, 2, 3, 4])('seed %i: two rings have met, and who owns the arc since is away', (seed) => {
  const { world, first, keys } = twoRings(seed, 120);
  const owner = joinAt(world, 48, first);
  calm(world);
  set(world, first, keys[1], 'value');
  world.run(2_000);
  expect(keys.every((key) => holdsValue(owner, key) && owner.machine.servesAt(40))).toBe(true);
  const away = { keys, isLeftOut: false };
  expect(deleteMeanwhile(world, first, owner, away)).toEqual([undefined, undefined]);
});

test.each(CASES)('seed $seed: an epoch was forced (left out: $isLeftOut)', ({ seed, isLeftOut }) => {
  const { world, first } = worldOf(seed, 'heal');
  const [x, y, z, member] = [50, 51, 150, 200].map((position) => joinAt(world, position, first)) as [
    WorldNode,
    WorldNode,
    WorldNode,
    WorldNode,
  ];
  calm(world);
  const [before, after] = keysIn(5, 45, 2) as [string, string];
  set(world, first, before, 'value');
  world.run(500);
  for (const node of [x, z]) world.crash(node);
  calm(world);
  expect(y.events.some(({ type }) => type === 'degraded')).toBe(true);
  set(world, first, after, 'value');
  world.run(2_000);
  expect([before, after].every((key) => holdsValue(member, key))).toBe(true);
  const keys = [before, after];
  expect(deleteMeanwhile(world, first, member, { keys, isLeftOut })).toEqual([undefined, undefined]);
});
