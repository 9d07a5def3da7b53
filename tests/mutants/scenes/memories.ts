// Scenes about what members remember: lives that forgot everything, disks that had not written yet,
// promises, and majorities that are away.
import type { WorldNode } from '../../../src/sim/world.ts';
import type { Finding, Scene } from './stage.ts';
import { isWrong, operationOn, setTo, Stage, textOf } from './stage.ts';

const KEYS = 12;
/** Somebody who waits that long is not coming back. */
const AWAY_MS = 8_000;
const ALONE_MS = 4_000;

/**
 * Of three holders one missed a write, one forgot it, and one dies: the write is gone, and nobody may say
 * otherwise.
 */
export const forgotten: Scene = (seed) => {
  const stage = new Stage(seed, 6);
  const { world, client, other } = stage;
  const key = `key ${seed}`;
  const [owner, second, third] = stage.holders(key);
  if (owner === undefined || second === undefined || third === undefined) return undefined;
  const [forgets, misses] = stage.random.float() < 0.5 ? [second, third] : [third, second];
  stage.set(client, key, 'old');
  world.partition([owner], [misses]);
  if (!stage.set(client, key, 'new')) return undefined;
  world.crash(forgets);
  world.crash(owner, true);
  const through = stage.nodes.find((node) => node.state === 'running');
  if (through !== undefined) stage.comeBack(forgets, through, true);
  const read = stage.get(other, key, 15_000);
  if (!isWrong(read, 'new')) return undefined;
  return {
    property: 'ReadsGoForward',
    detail: `${read} is read, by ${forgets.name} that forgot and ${misses.name} that missed new`,
  };
};

/** The power fails for all of them in the moment of an acknowledgement, and one does not come back. */
export const powerCut: Scene = (seed) => {
  const stage = new Stage(seed, 5, { disks: { syncMs: 20 } });
  const { world, client, nodes } = stage;
  const asked = new Map<string, number>();
  for (let i = 0; i < KEYS; i++) {
    const key = `key ${seed} ${i}`;
    asked.set(key, world.command(client, operationOn(key, setTo(key)), 5_000));
  }
  const wanted = 1 + stage.random.below(KEYS);
  const done = (): string[] =>
    [...asked].flatMap(([key, number]) => (client.outcomes.get(number)?.ok === true ? [key] : []));
  world.runUntil(() => done().length >= wanted, 5_000);
  const acknowledged = done();
  for (const node of nodes) world.crash(node, true);
  world.run(100);
  const lost = stage.random.pick(nodes);
  const [first, ...rest] = nodes.filter((node) => node !== lost);
  if (first === undefined) return undefined;
  for (const node of [first, ...rest]) world.restart(node, node.machine.self.salt);
  for (const node of [...rest, client]) world.connect(node, first);
  world.run(100);
  for (const node of [first, ...rest]) world.command(node, { type: 'join' });
  for (const key of acknowledged) {
    const read = stage.get(client, key);
    if (isWrong(read, key))
      return {
        property: 'AcknowledgedStays',
        detail: `${key} was acknowledged before the power failed, and ${read} is read`,
      };
  }
  return undefined;
};

/** All are away, and one comes back: it cannot know that it missed nothing, so it waits for the others. */
export const alone: Scene = (seed) => {
  const stage = new Stage(seed, 3, { disks: {}, onQuorumLost: 'heal' });
  const { world, client, nodes } = stage;
  const key = `key ${seed}`;
  const back = stage.random.pick(nodes);
  if (back === undefined) return undefined;
  stage.set(client, key, 'old');
  world.crash(back);
  if (!stage.set(client, key, 'new')) return undefined;
  for (const node of nodes) if (node !== back) world.crash(node);
  world.run(100);
  world.restart(back, back.machine.self.salt);
  world.run(100);
  world.command(back, { type: 'join' });
  // Less than restoredMs together: then it may go on without them.
  world.runUntil(() => back.machine.member, ALONE_MS);
  const read = stage.get(back, key, ALONE_MS);
  if (!isWrong(read, 'new')) return undefined;
  return { property: 'NotForcedAlone', detail: `${back.name} came back alone, and ${read} is read` };
};

/**
 * One holder missed a write, and goes on without the other two. One of these comes back with its disk, not as
 * a member: it is read before it is let go.
 */
export const unread: Scene = (seed) => {
  const stage = new Stage(seed, 5, { disks: {}, onQuorumLost: 'heal' });
  const { world, client, other } = stage;
  const key = `key ${seed}`;
  const [owner, left, back] = stage.holders(key);
  if (owner === undefined || left === undefined || back === undefined) return undefined;
  stage.set(client, key, 'old');
  world.partition([owner], [left]);
  if (!stage.set(client, key, 'new')) return undefined;
  world.crash(owner, true);
  world.crash(back);
  world.run(AWAY_MS);
  if (stage.get(other, key) !== 'old') return undefined;
  world.restart(back, back.machine.self.salt);
  world.connect(back, left);
  world.run(AWAY_MS);
  const read = stage.get(other, key);
  if (!isWrong(read, 'new')) return undefined;
  return {
    property: 'ReadBeforeReleased',
    detail: `${back.name} had new and let it go, and ${read} is read`,
  };
};

/** Most of the holders are gone for good: those who are left go on, and say so. */
export const degraded: Scene = (seed) => {
  const stage = new Stage(seed, 3, { onQuorumLost: 'heal' });
  const { world, nodes, client, other } = stage;
  const key = `key ${seed}`;
  const [left, ...rest] = stage.random.float() < 0.5 ? nodes : nodes.toReversed();
  if (left === undefined || !stage.set(client, key, 'old')) return undefined;
  for (const node of rest) world.crash(node, true);
  world.connect(other, left);
  world.run(AWAY_MS);
  const goesOn = stage.set(other, key, 'new');
  const said = left.events.some(({ type }) => type === 'degraded');
  if (!goesOn) return { property: 'HealsWhereItMay', detail: `${left.name} does not go on` };
  return said
    ? undefined
    : { property: 'DegradedIsSaid', detail: `${left.name} goes on alone, and says nothing` };
};

/**
 * A copy has promised not to serve the old epoch any more, restarts, and is asked by the old owner, which was
 * asleep and knows of nothing.
 */
export const promise: Scene = (seed) => {
  const stage = new Stage(seed, 6, { disks: { syncMs: 0.5 } });
  const { world, client } = stage;
  const key = `key ${seed}`;
  const [owner, heir, copy] = stage.holders(key);
  if (owner === undefined || heir === undefined || copy === undefined) return undefined;
  stage.set(client, key, 'old');
  world.pause(owner);
  world.partition([owner], stage.others(owner, copy));
  let hit = false;
  world.onMessage = (from, to, { direction, body }) => {
    if (hit || from !== heir || to !== copy || direction !== 'request' || body.type !== 'accept') return;
    hit = true;
    world.crash(copy);
  };
  world.runUntil(() => hit, AWAY_MS);
  world.onMessage = undefined;
  return hit ? broken(stage, key, owner, heir, copy) : undefined;
};

function broken(
  stage: Stage,
  key: string,
  owner: WorldNode,
  heir: WorldNode,
  copy: WorldNode,
): Finding | undefined {
  const { world } = stage;
  // The heir asks again, and is heard when the owner has written.
  world.partition([heir], [copy]);
  world.restart(copy, copy.machine.self.salt);
  world.resume(owner);
  const write = world.command(owner, operationOn(key, setTo('new')), 5_000);
  const settled = world.runUntil(() => owner.outcomes.has(write), 2_000);
  if (!settled || owner.outcomes.get(write)?.ok !== true) return undefined;
  world.heal();
  const number = world.command(heir, operationOn(key, { type: 'get' }), 5_000);
  world.runUntil(() => heir.outcomes.has(number), 6_000);
  const outcome = heir.outcomes.get(number);
  const read = outcome === undefined ? 'UNSETTLED' : textOf(outcome);
  if (!isWrong(read, 'new')) return undefined;
  return {
    property: 'ReadsGoForward',
    detail: `${owner.name} wrote new with ${copy.name}, and ${heir.name} reads ${read}`,
  };
}
