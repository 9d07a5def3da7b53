// What was left behind is buried where it is found, and what is in force is put in its place, in one step.
// Until it was compared, who had something buried must neither be believed nor believe itself that what it
// lacks is deleted.
import { expect, test } from 'vitest';
import type { Message } from '../../src/core/message.ts';
import { PROFILES } from '../../src/core/profile.ts';
import type { WorldNode } from '../../src/sim/world.ts';
import { World } from '../../src/sim/world.ts';
import { addAt, beginJoin, beginSet, comeBack, forcedEpochs, holdsValue } from '../support/placed.ts';
import { isWrite, joinAt, K, keysIn, lose, names, setSync, textOf } from '../support/placed.ts';
import { at, get, isIdeal, operate, reach, set } from '../support/rings.ts';

const EXCHANGE = ['summarise', 'digest', 'pull', 'fetch', 'pull-past', 'void'];
const TAKING_OVER = ['prepare', 'accept', 'copy', ...EXCHANGE];

/** What is set is not sent again: whoever asked has given up by the time that the key is served again. */
const GIVES_UP_MS = 60;

interface Scene {
  readonly world: World;
  /** Through whom all join; it holds nothing of the key. */
  readonly first: WorldNode;
  readonly owner: WorldNode;
  readonly copies: readonly WorldNode[];
  /** Its value is `old`. */
  readonly key: string;
}

// When the owner dies, that copy is the only one of the rest that says of itself that it holds all.
test.each([3, 6, 8, 9, 10])('seed %i: a copy that was told to forget is not believed to hold all', (seed) => {
  const { world, first, owner, copies, key } = build(seed);
  const [holder, last] = [at(copies, 0), at(copies, 1)];
  const isAsked = (from: string, { direction }: Message): boolean =>
    from === owner.machine.self.id && direction === 'request';
  let [isUnread, isDeaf, isAway, isPoor, isVoided] = [true, false, false, false, false];
  // The joiner becomes one of the set before it is compared, and the news of the watermark does not reach it.
  const joiner = addAt(world, 120);
  lose(joiner, (from, message) => {
    const { body } = message;
    if (!isAsked(from, message)) return false;
    return isMark(message) || (isDeaf && isWrite(message)) || (isUnread && EXCHANGE.includes(body.type));
  });
  lose(holder, (from, message) => {
    const { body } = message;
    if (!isAsked(from, message)) return false;
    if ((isAway && TAKING_OVER.includes(body.type)) || (isPoor && body.type === 'copy')) return true;
    isVoided ||= body.type === 'void';
    return false;
  });
  joinUnread({ world, first, owner }, joiner);
  expect(holdsValue(joiner, key)).toBe(false);

  // The owner writes, and loses it with its power; it takes over with the joiner.
  setSync(owner, 1e9);
  isDeaf = true;
  beginSet(world, first, { key, text: 'stray', ms: GIVES_UP_MS });
  reach(world, () => textOf(holder, key) === 'stray', 2_000);
  [isUnread, isDeaf, isAway] = [false, false, true];
  setSync(owner, 1);
  world.crash(owner, true);
  comeBack(world, owner, first);
  reach(world, () => owner.machine.servesAt(50), 5_000);
  expect(get(world, first, key)).toBe('old');
  const texts = (): (string | undefined)[] => [joiner, holder].map((node) => textOf(node, key));
  expect(texts()).toEqual(['old', 'stray']);

  // The holder forgets it for what is there, in one step, and the owner dies.
  [isAway, isPoor] = [false, true];
  reach(world, () => isVoided && textOf(holder, key) !== 'stray', 5_000);
  expect(texts()).toEqual(['old', 'old']);
  world.crash(owner);
  world.run(20_000);
  expect(forcedEpochs(world)).toBe(0);
  expect({ read: get(world, first, key), held: texts(), last: textOf(last, key) }).toEqual({
    read: 'old',
    held: ['old', 'old'],
    last: 'old',
  });
});

// An owner comes back and takes its arc over without a vote, but with its watermark from before.
test.each([1, 2, 3, 4])(
  'seed %i: who buries what it left behind does not take the rest for deleted',
  (seed) => {
    const { world, first, owner, copies, key } = build(seed);
    // The owner writes what nobody else gets, and dies.
    let isDeaf = true;
    for (const node of copies) {
      lose(node, (from, message) => {
        const gives = isWrite(message) || ['copy', 'summarise'].includes(message.body.type);
        return isDeaf && from === owner.machine.self.id && gives;
      });
    }
    beginSet(world, first, { key, text: 'stray', ms: GIVES_UP_MS });
    world.run(50);
    expect([owner, ...copies].map((node) => textOf(node, key))).toEqual(['stray', 'old', 'old']);
    world.crash(owner);
    isDeaf = false;
    calm(world);
    expect(get(world, first, key)).toBe('old');

    // Four join in front of the copies; what tells the last three of the watermark is lost.
    const next = joinAt(world, 110, first);
    const late = [120, 130, 140].map((position) => addAt(world, position));
    for (const node of late) {
      lose(node, (_, message) => message.direction === 'request' && isMark(message));
      beginJoin(world, node, first);
      reach(world, () => node.machine.member, 5_000);
    }
    calm(world);
    world.crash(next);
    calm(world);
    expect(get(world, first, key)).toBe('old');
    comeBack(world, owner, first);
    calm(world);
    expect(forcedEpochs(world)).toBe(0);
    const held = world.members().map((node) => textOf(node, key));
    expect({ read: get(world, first, key), held: held.filter((text) => text !== undefined) }).toEqual({
      read: 'old',
      held: ['old', 'old', 'old'],
    });
  },
);

/** A ring in which something was deleted so long ago that only the watermark tells of it. */
function build(seed: number): Scene {
  const profile = { ...PROFILES.local, tombstoneMs: 2_000 };
  const world = new World({ seed, k: K, disks: {}, onQuorumLost: 'refuse', profile });
  const first = joinAt(world, 0);
  const owner = joinAt(world, 100, first);
  const copies = [joinAt(world, 150, first), joinAt(world, 200, first)];
  calm(world);
  const [key, other] = keysIn(5, 95, 2) as [string, string];
  for (const one of [key, other]) set(world, first, one, 'old');
  operate(world, first, other, { type: 'delete', ifVersion: '' });
  world.run(10_000);
  for (const node of [owner, ...copies]) {
    const keys = [...node.machine.held()].map(({ entry }) => entry.key);
    expect([keys.includes(key), keys.includes(other)]).toEqual([true, false]);
  }
  return { world, first, owner, copies, key };
}

/** It joins, until it is told that it is one of the set of the owner's arc. */
function joinUnread(
  { world, first, owner }: Pick<Scene, 'world' | 'first' | 'owner'>,
  node: WorldNode,
): void {
  let isNamed = false;
  lose(node, (from, message) => {
    isNamed ||= from === owner.machine.self.id && names(message, node, 50);
    return false;
  });
  beginJoin(world, node, first);
  reach(world, () => isNamed, 10_000);
  world.run(50);
}

function calm(world: World): void {
  reach(world, () => isIdeal(world), 30_000);
  world.run(5_000);
}

function isMark({ body }: Message): boolean {
  return body.type === 'install' && body.watermark > 0;
}
