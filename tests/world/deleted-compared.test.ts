// A key is deleted while a member that still holds it is away, and the deletion is forgotten. The member
// comes back. It is told the watermark, which says that it was compared, only when the key was taken away
// from it; and a set is not called complete before each copy was told the watermark.
import { expect, test } from 'vitest';
import { fromKey } from '../../src/core/bytes.ts';
import { keyPosition } from '../../src/core/position.ts';
import { PROFILES } from '../../src/core/profile.ts';
import { simulationHash } from '../../src/sim/hash.ts';
import { World, type WorldNode } from '../../src/sim/world.ts';
import { get, isIdeal, joinedRing, operate, reach, set } from '../support/rings.ts';
import { addAt, beginJoin, comeBack, forcedEpochs, fromOwnerOn } from '../support/placed.ts';
import { holdsEntry, holdsValue, joinAt, K, keysIn, lose, names } from '../support/placed.ts';

const COMPARES = ['summarise', 'digest', 'pull'];
const EXCHANGE = [...COMPARES, 'fetch', 'pull-past', 'void'];
/** Below it nothing is forgotten in a lineage that came after another one. */
const WATERMARK_FIRST = 2;
const KEY = 'n';
const BITS = 32;
/** So many messages that tell a copy the watermark are lost: more than are sent for other reasons. */
const LOST = 6;
/** In these no epoch is forced when the owners die. */
const WITH_LINEAGES = [2, 6, 14, 15, 20];
const profile = { ...PROFILES.local, tombstoneMs: 2_000 };

/** The owner x of the key, the members behind it, clockwise, and one that is asked. */
interface Scene {
  readonly world: World;
  readonly x: WorldNode;
  readonly y: WorldNode;
  readonly z: WorldNode;
  readonly next: WorldNode;
  readonly client: WorldNode;
}

test.each([2, 3, 4, 5, 6])(
  'seed %i: an owner that holds nothing takes what was deleted from a member before it calls it compared',
  (seed) => {
    const scene = ringOf(seed, 'refuse');
    set(scene.world, scene.client, KEY, 'value');
    scene.world.run(1_000);
    forgetWhileAway(scene);
    expect(readAfterOwners(scene)).toEqual({ isLeft: false, forced: 0, read: undefined });
  },
);

test.each(WITH_LINEAGES)('seed %i: it does so for what was written in a lineage before its own', (seed) => {
  const scene = ringOf(seed, 'heal');
  const { world, x, y, z, next, client } = scene;
  const isOfX = (key: string): boolean => x.machine.servesAt(positionOf(key));
  const beside = Array.from({ length: 400 }, (_, i) => `k${i}`).filter(isOfX);
  for (const key of [KEY, ...beside.slice(0, 10)]) set(world, client, key, 'value');
  world.run(1_000);
  // An epoch is forced; then all are back, and compared.
  for (const node of [y, z]) world.crash(node);
  world.run(20_000);
  expect(forcedEpochs(world)).toBeGreaterThan(0);
  for (const node of [y, z]) comeBack(world, node, next);
  world.run(30_000);
  reach(world, () => isIdeal(world), 60_000);
  expect(x.machine.describe()?.underReplicated).toEqual([]);
  expect(get(world, client, KEY)).toBe('value');
  forgetWhileAway(scene);
  expect(readAfterOwners(scene)).toEqual({ isLeft: false, forced: 0, read: undefined });
});

test.each([1, 2, 3, 4])(
  'seed %i: a set is complete when each copy knows the watermark, and what was deleted stays then',
  (seed) => {
    const world = new World({ seed, k: K, disks: {}, onQuorumLost: 'refuse', profile });
    const first = joinAt(world, 0);
    const [x, z] = [100, 120, 150, 200].map((position) => joinAt(world, position, first)) as [
      WorldNode,
      WorldNode,
    ];
    const xId = x.machine.self.id;
    calm(world);
    const [key, other] = keysIn(5, 95, 2) as [string, string];
    for (const one of [key, other]) set(world, first, one, 'old');
    world.run(500);
    world.crash(z);
    calm(world);
    operate(world, first, key, { type: 'delete', ifVersion: '' });
    world.run(10_000);
    expect(holdsEntry(x, key)).toBe(false);

    // q joins behind x. It gets everything, but what tells it the watermark is lost at first.
    let times = 0;
    const q = addAt(world, 110);
    lose(q, (from, { direction, body }) => {
      const marks = from === xId && direction === 'request' && body.type === 'install' && body.watermark > 0;
      if (marks) times += 1;
      return marks && times <= LOST;
    });
    beginJoin(world, q, first);
    calm(world);
    world.run(20_000);
    expect([times > 0, holdsValue(q, other)]).toEqual([true, true]);
    reach(world, () => x.machine.describe()?.underReplicated.length === 0, 20_000);

    // z comes back, is one of the set, and is not compared before x dies.
    const isNamed = restartUncompared(world, z, x, { position: 50, without: EXCHANGE });
    beginJoin(world, z, first);
    reach(world, isNamed, 10_000);
    world.run(50);
    expect(get(world, first, key)).toBe(undefined);
    world.crash(x);
    world.run(20_000);
    expect(forcedEpochs(world)).toBe(0);
    const read = [key, other].map((one) => get(world, first, one));
    expect({ isTold: times > LOST, read }).toEqual({ isTold: true, read: [undefined, 'old'] });
  },
);

function ringOf(seed: number, onQuorumLost: 'heal' | 'refuse'): Scene {
  const world = new World({ seed, k: BITS, replicas: 3, disks: {}, onQuorumLost, profile });
  const nodes = joinedRing(world, 8);
  calm(world);
  const [x, y, z, next, , client] = fromOwnerOn(world, nodes, KEY);
  return { world, x, y, z, next, client };
}

function positionOf(key: string): number {
  return keyPosition(simulationHash, fromKey(key), BITS);
}

function calm(world: World): void {
  reach(world, () => isIdeal(world), 60_000);
  world.run(5_000);
}

/** While z is away, the key is deleted, and the others forget that it was. */
function forgetWhileAway({ world, x, y, z, next, client }: Scene): void {
  world.crash(z);
  world.run(5_000);
  operate(world, client, KEY, { type: 'delete', ifVersion: '' });
  reach(world, () => [x, y, next].every((node) => !holdsEntry(node, KEY)), 30_000);
  world.run(2_000);
}

/**
 * z comes back, and x dies before it has compared it. y takes over, and dies once it has told z the
 * watermark. Of the set z and the next one are left, and what z holds counts. Whether the key was left on z
 * then, how many epochs were forced, and what is read.
 */
function readAfterOwners(scene: Scene): { isLeft: boolean; forced: number; read: string | undefined } {
  const { world, x, y, z, next, client } = scene;
  const before = forcedEpochs(world);
  const isNamed = restartUncompared(world, z, x, { position: positionOf(KEY), without: COMPARES });
  expect(holdsEntry(z, KEY)).toBe(true);
  const yId = y.machine.self.id;
  let isMarked = false;
  lose(z, (from, message) => {
    if (from === yId && names(message, z, positionOf(KEY)))
      isMarked ||= message.body.watermark >= WATERMARK_FIRST;
    return false;
  });
  beginJoin(world, z, next);
  reach(world, isNamed, 20_000);
  world.run(5);
  world.crash(x);
  reach(world, () => isMarked, 20_000);
  const isLeft = holdsEntry(z, KEY);
  world.crash(y);
  world.run(20_000);
  return { isLeft, forced: forcedEpochs(world) - before, read: get(world, client, KEY) };
}

/** Restarts it; what the owner would compare it by is lost. Whether the owner has named it in a set. */
function restartUncompared(
  world: World,
  node: WorldNode,
  owner: WorldNode,
  { position, without }: { position: number; without: readonly string[] },
): () => boolean {
  world.restart(node, node.machine.self.salt);
  const { id } = owner.machine.self;
  let isNamed = false;
  lose(node, (from, message) => {
    if (from !== id || message.direction !== 'request') return false;
    isNamed ||= names(message, node, position);
    return without.includes(message.body.type);
  });
  return () => isNamed;
}
