// A write that is repeated at an owner that came after it was sent first. That owner's clock is 3 s ahead,
// and it lacks what the write has made, which another one has replaced: it must not take that for older than
// it is.
import { expect, test } from 'vitest';
import type { Message } from '../../src/core/message.ts';
import type { WorldNode, WorldOptions } from '../../src/sim/world.ts';
import { World } from '../../src/sim/world.ts';
import { get, isIdeal, operate, reach, set } from '../support/rings.ts';
import { addAt, joinAt, K, keyIn, lose } from '../support/placed.ts';

const INCREMENT = { type: 'increment', by: 1 } as const;
const AHEAD_MS = 3_000;
/** A position of x's, and of whoever owns the key after it. */
const KEY_AT = 40;
type Matches = (from: string, message: Message) => boolean;

/** The key is x's; y and z hold copies. */
class Scene {
  readonly world: World;
  readonly first: WorldNode;
  readonly x: WorldNode;
  readonly y: WorldNode;
  readonly z: WorldNode;
  readonly client: WorldNode;
  readonly key = keyIn(5, 45);
  readonly #isEntry: Matches;

  constructor(seed: number, options: Pick<WorldOptions, 'onQuorumLost' | 'disks'>) {
    const world = new World({ seed, k: K, ...options });
    this.world = world;
    this.first = joinAt(world, 0);
    [this.x, this.y, this.z] = [50, 100, 150].map((position) => joinAt(world, position, this.first)) as [
      WorldNode,
      WorldNode,
      WorldNode,
    ];
    joinAt(world, 200, this.first);
    this.client = world.add();
    world.connect(this.client, this.first);
    reach(world, () => isIdeal(world), 30_000);
    world.run(3_000);
    set(world, this.first, this.key, '0');
    world.run(1_000);
    get(world, this.client, this.key);
    const owner = this.x.machine.self.id;
    this.#isEntry = (from, { body }) =>
      from === owner && body.type === 'replicate' && body.entries.length > 0;
  }

  /** The client's increment is done, and its answer lost; with `misses`, y's copy of it as well. */
  increment({ misses }: { misses: boolean }): number {
    const { world, client } = this;
    let [isLossy, isAnswered] = [true, false];
    lose(this.y, (from, message) => isLossy && misses && this.#isEntry(from, message));
    lose(client, (_, { body }) => {
      if (!isLossy || body.type !== 'operated') return false;
      return (isAnswered = true);
    });
    const operation = {
      type: 'operate',
      key: this.key,
      operation: INCREMENT,
      consistency: 'quorum',
    } as const;
    const command = world.command(client, operation, 60_000);
    reach(world, () => isAnswered, 1_000);
    isLossy = false;
    return command;
  }

  losesTheNext(node: WorldNode): void {
    lose(node, this.#isEntry);
  }

  cutOffClient(): void {
    const { world, client } = this;
    world.partition(
      [client],
      world.nodes.filter((node) => node !== client),
    );
  }

  /** It begins to join, and need not be done with it. */
  join(node: WorldNode): void {
    const { world } = this;
    world.connect(node, this.first);
    world.runUntil(() => node.machine.known().length > 0, 1_000);
    world.command(node, { type: 'join' }, 30_000);
  }

  get wasForced(): boolean {
    return this.world.nodes.some(({ events }) => events.some(({ type }) => type === 'degraded'));
  }
}

/** It was incremented by two writes: each is done once, or it is said that nobody knows. */
function expectTwo({ world, client, first, key }: Scene, command: number): void {
  reach(world, () => client.outcomes.has(command), 60_000);
  const outcome = client.outcomes.get(command);
  const failure = outcome?.ok === false ? outcome.failure.code : undefined;
  expect([undefined, 'ERR_TIMEOUT']).toContain(failure);
  expect(get(world, first, key)).toBe('2');
}

test.each([1, 2, 3, 4, 5])('seed %i: the owner has died', (seed) => {
  const scene = new Scene(seed, { onQuorumLost: 'refuse' });
  const { world, x, y, z } = scene;
  world.setClock(y, AHEAD_MS);
  const command = scene.increment({ misses: true });
  scene.losesTheNext(z);
  operate(world, scene.first, scene.key, INCREMENT);
  world.run(5);
  world.crash(x);
  // y is slow to compare its copies.
  let until = Infinity;
  lose(y, (_, { direction, body }) => {
    if (direction === 'request' || body.type !== 'summary' || !y.machine.servesAt(KEY_AT)) return false;
    until = Math.min(until, world.now + 300);
    return world.now < until;
  });
  expectTwo(scene, command);
  expect(scene.wasForced).toBe(false);
});

test.each([1, 2, 3])('seed %i: the members have lost their power', (seed) => {
  const scene = new Scene(seed, { onQuorumLost: 'refuse', disks: {} });
  const { world, first, x, y, z } = scene;
  world.setClock(y, AHEAD_MS);
  const command = scene.increment({ misses: false });
  scene.cutOffClient();
  operate(world, first, scene.key, INCREMENT);
  world.run(100);
  for (const node of [x, y, z]) world.crash(node);
  world.run(200);
  // What was replaced is on no disk.
  for (const node of [y, z]) {
    world.restart(node, node.machine.self.salt);
    scene.join(node);
  }
  reach(world, () => y.machine.servesAt(KEY_AT), 30_000);
  world.heal();
  expectTwo(scene, command);
  expect(scene.wasForced).toBe(false);
});

test.each([1, 2, 3, 4, 5])('seed %i: one takes over from a member that has forced an epoch', (seed) => {
  const scene = new Scene(seed, { onQuorumLost: 'heal' });
  const { world, first, x, y, z } = scene;
  const command = scene.increment({ misses: true });
  scene.cutOffClient();
  operate(world, first, scene.key, INCREMENT);
  world.run(5);
  world.crash(x);
  world.crash(z);
  reach(world, () => y.machine.servesAt(KEY_AT), 20_000);
  expect(scene.wasForced).toBe(true);
  const next = addAt(world, 60);
  world.setClock(next, AHEAD_MS);
  scene.join(next);
  reach(world, () => next.machine.servesAt(KEY_AT), 20_000);
  world.heal();
  expectTwo(scene, command);
});
