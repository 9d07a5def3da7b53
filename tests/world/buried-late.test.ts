// A member without a vote takes an arc over from an owner that it cannot hear. The owner goes first all the
// same, and names that member in its next set. The takeover goes on for a moment, and buries what the member
// holds and the others do not: by then that may be something of the new set, which was acknowledged there.
import { expect, test } from 'vitest';
import type { Message } from '../../src/core/message.ts';
import { holds } from '../../src/core/position.ts';
import type { WorldNode } from '../../src/sim/world.ts';
import { World } from '../../src/sim/world.ts';
import { addAt, beginJoin, beginSet, forcedEpochs, holdBack, isWrite } from '../support/placed.ts';
import { joinAt, K, keyIn, lose, names, textOf } from '../support/placed.ts';
import { get, isIdeal, reach, set } from '../support/rings.ts';

/** What an owner asks of its copies. */
const COMPARES = ['summarise', 'digest', 'void', 'pull', 'fetch', 'pull-past'];
const ASKS = ['install', 'replicate', 'copy', 'inspect', 'prepare', 'accept', ...COMPARES];
/** What says of a member that it is there. */
const NEWS = ['checked', 'introduce'];
/** A position in the owner's arc. */
const POSITION = 50;
/** The takeover goes on so soon after the member got what was written. */
const MOMENT_MS = 0.1;

interface Scene {
  readonly world: World;
  /** Through whom all join; it holds nothing of the key. */
  readonly first: WorldNode;
  readonly owner: WorldNode;
  /** The first one gets nothing that the owner writes once the member is named. */
  readonly copies: readonly [WorldNode, WorldNode];
  /** It has no vote, and takes the arc over. */
  readonly member: WorldNode;
  readonly key: string;
  /** The owner does not hear what the member holds, and its copies do not get what it writes. */
  isUnvoted: boolean;
  /** The member does not hear that the owner is there. */
  isCut: boolean;
  /** The member has heard from the owner that it is one of the set. */
  isNamed: boolean;
}

test.each([1, 2, 5, 6, 26])(
  'seed %i: a takeover that is late does not bury what was acknowledged in the set that came before it',
  (seed) => {
    const scene = build(seed);
    const { world, first, owner, copies, member, key } = scene;
    leaveBehind(scene);
    const goOn = takeOver(scene);
    scene.isUnvoted = false;

    // The owner goes first, and what is written in its next set reaches the member, and not the first copy.
    let isReleased = false;
    lose(member, (from, message) => {
      if (from !== owner.machine.self.id) return false;
      scene.isNamed ||= names(message, member, POSITION) && isFirst(message, owner);
      if (!scene.isNamed) return false;
      if (isWrite(message) && !isReleased) {
        isReleased = true;
        world.after(MOMENT_MS, goOn);
      }
      return ['copy', 'summarise', 'digest'].includes(message.body.type);
    });
    reach(world, () => scene.isNamed, 3_000);
    const number = beginSet(world, copies[1], { key, text: 'new', ms: 5_000 });
    reach(world, () => copies[1].outcomes.has(number), 5_000);
    expect(isReleased).toBe(true);
    expect(copies[1].outcomes.get(number)).toMatchObject({ ok: true });
    world.crash(owner);
    scene.isCut = false;
    world.run(20_000);
    expect(forcedEpochs(world)).toBe(0);
    expect(get(world, first, key)).toBe('new');
  },
);

function build(seed: number): Scene {
  const world = new World({ seed, k: K, disks: {}, onQuorumLost: 'refuse' });
  const first = joinAt(world, 0);
  const owner = joinAt(world, 100, first);
  const copies = [joinAt(world, 150, first), joinAt(world, 200, first)] as const;
  reach(world, () => isIdeal(world), 30_000);
  world.run(3_000);
  const key = keyIn(5, 95);
  set(world, first, key, 'old');
  world.run(500);
  const member = addAt(world, 120);
  const flags = { isUnvoted: true, isCut: false, isNamed: false };
  return { world, first, owner, copies, member, key, ...flags };
}

/** The member joins without a vote, and holds of the key what nobody else got but the owner. */
function leaveBehind(scene: Scene): void {
  const { world, first, owner, copies, member, key } = scene;
  const [ownerId, memberId] = [owner, member].map(({ machine }) => machine.self.id);
  lose(
    owner,
    (from, { body }) => scene.isUnvoted && from === memberId && ['inspected', 'summary'].includes(body.type),
  );
  for (const node of copies) {
    lose(node, (from, message) => {
      if (from !== ownerId || !gives(message)) return false;
      return scene.isUnvoted || (scene.isNamed && node === copies[0]);
    });
  }
  beginJoin(world, member, first);
  reach(world, () => member.machine.member, 5_000);
  world.run(200);
  beginSet(world, first, { key, text: 'stray', ms: 100 });
  reach(world, () => textOf(member, key) === 'stray', 1_000);
}

/** The member hears nothing of the owner, and takes over; the function lets that go on. */
function takeOver(scene: Scene): () => void {
  const { world, first, owner, copies, member } = scene;
  const [ownerId, memberId, lastId] = [owner, member, copies[1]].map(({ machine }) => machine.self.id);
  scene.isCut = true;
  lose(member, (from, { direction, body }) => {
    if (!scene.isCut) return false;
    const asks = direction === 'request' && ASKS.includes(body.type);
    return from === ownerId ? scene.isUnvoted || !asks : NEWS.includes(body.type);
  });
  lose(first, (from, { body }) => scene.isCut && (from === ownerId || NEWS.includes(body.type)));
  let isPrepared = false;
  lose(copies[0], (from, { body }) => {
    isPrepared ||= from === memberId && body.type === 'prepare' && holds(body.arc, POSITION);
    return false;
  });
  // It compares itself with the last copy for the second time, and what that one answers waits.
  let summaries = 0;
  const late = holdBack(world, member, (from, { body }) => {
    if (from !== lastId || body.type !== 'summary' || !isPrepared) return false;
    summaries += 1;
    return summaries > 1;
  });
  reach(world, () => late.held.length > 0, 10_000);
  return () => late.release();
}

function gives(message: Message): boolean {
  return isWrite(message) || ['copy', 'summarise'].includes(message.body.type);
}

/** Whether that node goes first in the configuration that is told. */
function isFirst({ body }: Message, node: WorldNode): boolean {
  return body.type === 'install' && body.configuration.members[0]?.contact.id === node.machine.self.id;
}
