// Two sides of a partition that lasts for longer than tombstones: one has collected a deletion, the other has
// written before that. The watermark of the one says nothing of what the other holds.
import { expect, test } from 'vitest';
import { PROFILES } from '../../src/core/profile.ts';
import type { WorldNode } from '../../src/sim/world.ts';
import { World } from '../../src/sim/world.ts';
import { get, isIdeal, operate, reach, set } from '../support/rings.ts';
import { addAt, holdsValue, joinAt, K, keysIn, lose } from '../support/placed.ts';

const READS = ['summarise', 'digest', 'pull', 'fetch', 'pull-past', 'copy'];

class Scene {
  readonly world: World;
  readonly first: WorldNode;
  readonly x: WorldNode;
  readonly y: WorldNode;
  readonly v: WorldNode;
  readonly deleted: string;
  readonly fresh: string;
  readonly #one: WorldNode[];
  readonly #other: WorldNode[];

  /** The split comes when x has decided on a set without y, which has accepted it. */
  constructor(seed: number) {
    const profile = { ...PROFILES.local, tombstoneMs: 2_000 };
    const world = new World({ seed, k: K, profile, onQuorumLost: 'heal' });
    this.world = world;
    const first = joinAt(world, 0);
    const [x, z, y, v, u] = [50, 60, 100, 150, 200].map((position) => joinAt(world, position, first)) as [
      WorldNode,
      WorldNode,
      WorldNode,
      WorldNode,
      WorldNode,
    ];
    [this.first, this.x, this.y, this.v] = [first, x, y, v];
    reach(world, () => isIdeal(world), 30_000);
    world.run(3_000);
    [this.deleted, this.fresh] = keysIn(5, 38, 2) as [string, string];
    set(world, first, this.deleted, 'value');
    world.run(1_000);
    const w = addAt(world, 70);
    this.#one = [first, x, z, w];
    this.#other = [y, v, u];
    let [isAccepted, isSplit] = [false, false];
    world.onMessage = (from, to, { body }) => {
      if (from !== x || !('arc' in body) || body.arc?.to !== 50) return;
      if (to === y && body.type === 'accept') isAccepted = true;
      if (to !== w || body.type !== 'install' || !isAccepted || isSplit) return;
      isSplit = true;
      world.partition(this.#one, this.#other);
    };
    this.join(w, first);
    reach(world, () => isSplit, 20_000);
    world.onMessage = undefined;
    world.run(5_000);
  }

  /** One more on y's side. */
  addBesideY(position: number): WorldNode {
    const node = addAt(this.world, position);
    this.world.partition(this.#one, [node]);
    this.join(node, this.y);
    reach(this.world, () => node.machine.member, 20_000);
    return node;
  }

  /** y's side writes one key, then x's deletes another, and forgets that there was one. */
  writeAndCollect(holders: readonly WorldNode[]): void {
    const { world } = this;
    set(world, this.v, this.fresh, 'written');
    world.run(3_000);
    if (!holders.every((node) => holdsValue(node, this.fresh))) throw new Error('a copy is missing');
    operate(world, this.x, this.deleted, { type: 'delete', ifVersion: '' });
    world.run(10_000);
    const held = this.#one.flatMap((node) => [...node.machine.held()]);
    if (held.some(({ entry }) => entry.key === this.deleted))
      throw new Error('the deletion is not collected');
  }

  /** What a reader finds when all is calm again. */
  read(): string | undefined {
    const { world } = this;
    reach(world, () => isIdeal(world), 60_000);
    world.run(20_000);
    return get(world, this.first, this.fresh);
  }

  join(node: WorldNode, through: WorldNode): void {
    const { world } = this;
    world.connect(node, through);
    world.runUntil(() => node.machine.known().length > 0, 1_000);
    world.command(node, { type: 'join' }, 20_000);
  }
}

test.each([1, 2, 3])('seed %i: the other owner cannot be read at first', (seed) => {
  const scene = new Scene(seed);
  const { world, x, y } = scene;
  world.run(5_000);
  expect([x.machine.servesAt(40), y.machine.servesAt(40)]).toEqual([true, true]);
  scene.writeAndCollect([y, scene.v]);
  world.heal();
  world.partition([x], [y]);
  world.run(60_000);
  world.heal();
  expect(scene.read()).toBe('written');
});

test.each([1, 2, 3, 4])(
  'seed %i: the other owner dies when it has named a member that it has not read',
  (seed) => {
    const scene = new Scene(seed);
    const { world, x, y } = scene;
    const owner = scene.addBesideY(40);
    const heir = scene.addBesideY(55);
    world.run(8_000);
    expect([x.machine.servesAt(20), owner.machine.servesAt(20)]).toEqual([true, true]);
    scene.writeAndCollect([owner, heir, y]);
    const [ownerId, xId] = [owner.machine.self.id, x.machine.self.id];
    let isNamed = false;
    lose(x, (from, { direction, body }) => {
      if (from !== ownerId || direction !== 'request') return false;
      if (body.type === 'install') {
        const ids = body.configuration.members.map(({ contact }) => contact.id);
        isNamed ||= ids[0] === ownerId && ids.includes(xId);
      }
      return READS.includes(body.type);
    });
    world.heal();
    reach(world, () => isNamed, 60_000);
    world.run(5);
    world.crash(owner);
    expect(scene.read()).toBe('written');
  },
);
