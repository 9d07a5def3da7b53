// Scenes about owners: one that is cut off from its copies, and one that slept while another took its place.
import type { Command, ScanResult } from '../../../src/core/command.ts';
import type { Outcome } from '../../../src/core/effect.ts';
import { PROFILES } from '../../../src/core/profile.ts';
import type { WorldNode } from '../../../src/sim/world.ts';
import type { Finding, Scene } from './stage.ts';
import { isWrong, operationOn, setTo, Stage, textOf } from './stage.ts';

/** Longer than a member that sleeps is kept. */
const ASLEEP_MS = 6_000;
const CUT_MS = 1_500;

/**
 * The owner cannot reach its copies, and is asked to write. What it acknowledges must be there without it;
 * and what it shows once it reaches them again must be there when it dies in the next moment.
 */
export const cutOff: Scene = (seed) => {
  const stage = new Stage(seed, 6);
  const { world, client, other } = stage;
  const owner = stage.random.pick(stage.nodes);
  if (owner === undefined) return undefined;
  const key = stage.keyOf(owner);
  const copies = stage.holders(key).slice(1);
  stage.set(client, key, 'old');
  world.partition([owner], copies);
  const number = world.command(client, operationOn(key, setTo('new')), CUT_MS);
  world.run(CUT_MS + 200);
  const acknowledged = client.outcomes.get(number)?.ok === true;
  if (seed % 2 === 0 && !acknowledged) {
    world.heal();
    const shown = stage.get(client, key);
    world.crash(owner, true);
    const read = stage.get(other, key);
    if (shown === 'new' && isWrong(read, 'new'))
      return { property: 'ReadsGoForward', detail: `${shown} was read, then ${read}` };
    return undefined;
  }
  world.crash(owner, true);
  world.heal();
  const read = stage.get(other, key);
  if (acknowledged && isWrong(read, 'new'))
    return { property: 'AcknowledgedStays', detail: `${read} is read after new was acknowledged` };
  return undefined;
};

/** A member sleeps, another takes its arc over and writes; it wakes up and is asked before it is told. */
export const asleep: Scene = (seed) => {
  const stage = new Stage(seed, 6);
  const { world, client } = stage;
  const owner = stage.random.pick(stage.nodes);
  if (owner === undefined) return undefined;
  const key = stage.keyOf(owner);
  stage.set(client, key, 'old');
  world.pause(owner);
  // Nothing waits for it that would tell it what has happened.
  world.partition([owner], stage.others(owner));
  if (!stage.set(client, key, 'new', ASLEEP_MS)) return undefined;
  if (seed % 3 === 0) stage.operate(client, key, { type: 'delete', ifVersion: '' });
  world.run(stage.random.float() * 1_000);
  // It refuses writes in the first moment.
  owner.state = 'running';
  world.resume(owner);
  world.run(PROFILES.local.requestMinMs);
  world.heal();
  if (seed % 3 === 0) return walksAwake(stage, owner, key);
  return seed % 2 === 0 ? readsAwake(stage, owner, key) : writesAwake(stage, owner, key);
};

function readsAwake(stage: Stage, owner: WorldNode, key: string): Finding | undefined {
  const read = textOf(awake(stage, owner, operationOn(key, { type: 'get' })));
  if (!isWrong(read, 'new')) return undefined;
  return { property: 'ReadsGoForward', detail: `${owner.name} woke up and read ${read}` };
}

function walksAwake(stage: Stage, owner: WorldNode, key: string): Finding | undefined {
  const cursor = { position: stage.positionOf(key), afterKey: undefined };
  const outcome = awake(stage, owner, { type: 'scan', cursor, prefix: key, withValues: false });
  if (!outcome.ok || (outcome.value as ScanResult).entries.length === 0) return undefined;
  return { property: 'WalksAreWhole', detail: `${owner.name} woke up and walks past what was deleted` };
}

function writesAwake(stage: Stage, owner: WorldNode, key: string): Finding | undefined {
  const outcome = awake(stage, owner, operationOn(key, setTo('newest')));
  const read = stage.get(stage.other, key);
  if (!outcome.ok || !isWrong(read, 'newest')) return undefined;
  return { property: 'AcknowledgedStays', detail: `${owner.name} woke up and wrote, but ${read} is read` };
}

/** It is asked in the moment in which it hears of the others again. */
function awake({ world }: Stage, owner: WorldNode, command: Command): Outcome {
  const number = world.command(owner, command);
  world.runUntil(() => owner.outcomes.has(number), 15_000);
  return owner.outcomes.get(number) ?? { ok: false, failure: { code: 'UNSETTLED', message: '' } };
}
