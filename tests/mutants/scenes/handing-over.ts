// Scenes about arcs that change hands: heirs that die one after the other, a newcomer that must know what
// was done before it came, copies that come late, and walks over many pages.
import type { ScanCursor, ScanResult } from '../../../src/core/command.ts';
import { WALK_START } from '../../../src/core/command.ts';
import type { Operation } from '../../../src/core/message.ts';
import { PROFILES } from '../../../src/core/profile.ts';
import type { WorldNode } from '../../../src/sim/world.ts';
import { World } from '../../../src/sim/world.ts';
import { lose } from '../../support/placed.ts';
import { at, joinedRing } from '../../support/rings.ts';
import type { Scene } from './stage.ts';
import { isWrong, operationOn, setTo, Stage, textOf } from './stage.ts';

const INCREMENT = { type: 'increment', by: 1 } as const;
const LATE_MS = 40;
const KEYS = 60;
const PAGE = 7;
/** Until a deletion is forgotten. */
const TOMBSTONE_MS = 2_000;
const SETTLE_MS = 6_000;

/**
 * One holder missed a write; the owner dies, and its heir once it has answered: the write is still there. In
 * every second world nothing reaches the others until then that the heir has to copy.
 */
export const heirs: Scene = (seed) => {
  const stage = new Stage(seed, 7);
  const { world, client, other } = stage;
  const key = `key ${seed}`;
  const [owner, heir, third] = stage.holders(key);
  if (owner === undefined || heir === undefined || third === undefined) return undefined;
  const misses = seed % 2 === 0 ? heir : third;
  stage.set(client, key, 'old');
  world.partition([owner], [misses]);
  if (!stage.set(client, key, 'new')) return undefined;
  world.crash(owner, true);
  let arrives = stage.random.float() < 0.5;
  for (const node of stage.nodes)
    lose(node, (_, { direction, body }) => !arrives && direction === 'request' && body.type === 'copy');
  const shown = stage.get(heir, key);
  if (isWrong(shown, 'new'))
    return { property: 'AcknowledgedStays', detail: `${shown} is read by ${heir.name}, which took over` };
  world.crash(heir, true);
  arrives = true;
  const read = stage.get(other, key);
  if (shown !== 'new' || !isWrong(read, 'new')) return undefined;
  return { property: 'ReadsGoForward', detail: `${shown} was read by ${heir.name}, then ${read} without it` };
};

/**
 * An increment is done, and its answer is lost; another one comes between; then a newcomer takes the arc
 * over, and is asked to do the first one again.
 */
export const newcomer: Scene = (seed) => {
  const stage = new Stage(seed, 6);
  const { world, client, other } = stage;
  const key = `key ${seed}`;
  const [former] = stage.holders(key);
  if (former === undefined) return undefined;
  world.crash(former);
  world.run(3_000);
  const [owner] = stage.holders(key);
  if (owner === undefined || !stage.operate(other, key, INCREMENT).ok) return undefined;
  for (const node of stage.others(client)) world.network.cut(node.index, client.index);
  const number = world.command(client, operationOn(key, INCREMENT), 20_000);
  world.run(50);
  if (!stage.operate(other, key, INCREMENT).ok) return undefined;
  stage.comeBack(former, owner, true);
  world.runUntil(() => former.machine.serving, 5_000);
  world.heal();
  world.runUntil(() => client.outcomes.has(number), 20_000);
  const outcome = client.outcomes.get(number);
  if (outcome?.ok === false && outcome.failure.code === 'ERR_TIMEOUT')
    return { property: 'OutcomeIsKnown', detail: outcome.failure.message };
  if (outcome?.ok !== true) return undefined;
  const read = stage.get(other, key);
  if (!isWrong(read, '3')) return undefined;
  return { property: 'CountsOnce', detail: `3 increments were acknowledged, and ${read} is read` };
};

/** What an owner has sent to its copies comes again, when they have been sent something newer. */
export const late: Scene = (seed) => {
  const stage = new Stage(seed, 6);
  const { world, client, other } = stage;
  const key = `key ${seed}`;
  const [owner] = stage.holders(key);
  if (owner === undefined) return undefined;
  const again: (() => void)[] = [];
  world.onMessage = (from, to, message) => {
    if (message.direction !== 'request' || message.body.type !== 'replicate') return;
    again.push(() => to.machine.handleMessage(world.now, from.machine.self.id, message));
  };
  stage.set(client, key, 'old');
  world.onMessage = undefined;
  if (!stage.set(client, key, 'new')) return undefined;
  world.run(LATE_MS);
  for (const arrive of again) arrive();
  world.crash(owner, true);
  const read = stage.get(other, key);
  if (!isWrong(read, 'new')) return undefined;
  return { property: 'AcknowledgedStays', detail: `new was acknowledged, and ${read} is read` };
};

/** A walk in small pages shows every key once, while a member comes back. */
export const pages: Scene = (seed) => {
  const stage = new Stage(seed, 5, { limits: { pageEntries: PAGE } });
  const { world, client, other } = stage;
  const keys = Array.from({ length: KEYS }, (_, i) => `key ${seed} ${i}`);
  for (const key of keys) if (!stage.set(client, key, key)) return undefined;
  const [first, second] = stage.holders(keys[0] ?? '');
  if (first === undefined || second === undefined) return undefined;
  world.crash(first);
  world.run(3_000);
  stage.comeBack(first, second, true);
  const shown: string[] = [];
  for (let cursor: ScanCursor | undefined = WALK_START; cursor !== undefined; ) {
    const outcome = world.settle(other, { type: 'scan', cursor, prefix: 'key', withValues: false });
    if (!outcome.ok) return undefined;
    const { entries, next } = outcome.value as ScanResult;
    for (const { key } of entries) shown.push(key);
    cursor = next;
  }
  if (shown.toSorted().join() === keys.toSorted().join()) return undefined;
  return { property: 'WalksAreWhole', detail: `a walk shows ${shown.length} of ${KEYS} keys` };
};

/** Two rings meet, of which one has forgotten old deletions: the old entries of the other are all there. */
export const merge: Scene = (seed) => {
  const profile = { ...PROFILES.local, tombstoneMs: TOMBSTONE_MS };
  const world = new World({ seed, k: 32, profile, network: { delayMs: 0.5 + (seed % 5) } });
  const [a, b] = [joinedRing(world, 5), joinedRing(world, 5)];
  const [first, second] = [at(a, seed % 5), at(b, 0)];
  const text = (node: WorldNode, key: string, operation: Operation): string =>
    textOf(world.settle(node, operationOn(key, operation)));
  const keys = Array.from({ length: KEYS }, (_, i) => `key ${seed} ${i}`);
  for (const key of keys) text(first, key, setTo(key));
  for (const key of keys) {
    text(second, `other ${key}`, setTo(key));
    text(second, `other ${key}`, { type: 'delete', ifVersion: '' });
  }
  world.run(SETTLE_MS);
  world.connect(first, second);
  world.run(SETTLE_MS);
  for (const key of keys) {
    const read = text(second, key, { type: 'get' });
    if (isWrong(read, key)) return { property: 'AcknowledgedStays', detail: `of "${key}" ${read} is read` };
  }
  return undefined;
};
