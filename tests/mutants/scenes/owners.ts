// Scenes about owners: one that is cut off from its copies, one that slept while another took its place, one
// whose write is left over on a copy, and two that were deposed one after the other.
import type { Command, ExplainResult, ScanResult } from '../../../src/core/command.ts';
import type { Outcome } from '../../../src/core/effect.ts';
import { PROFILES } from '../../../src/core/profile.ts';
import type { WorldNode } from '../../../src/sim/world.ts';
import { setSync, textOf as heldBy } from '../../support/placed.ts';
import { succeed } from '../../support/rings.ts';
import type { Finding, Scene } from './stage.ts';
import { isWrong, operationOn, setTo, Stage, textOf } from './stage.ts';

/** Longer than a member that sleeps is kept. */
const ASLEEP_MS = 6_000;
const CUT_MS = 1_500;
/** Longer than it takes to drop a member that is away, and to take its arcs over. */
const TAKEN_OVER_MS = 8_000;
/** Nothing is written down. */
const FOR_EVER_MS = 1e9;

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

/**
 * An owner gives a write to one copy alone, and loses it with its power; it goes on with the others. That
 * copy comes back to them: it must not keep the write, nor lack what is in force instead.
 */
export const leftOver: Scene = (seed) => {
  const stage = new Stage(seed, 5, { disks: {} });
  const { world, client, other } = stage;
  const owner = stage.random.pick(stage.nodes);
  if (owner === undefined) return undefined;
  const key = stage.keyOf(owner);
  const [copy, last] = stage.holders(key).slice(1) as [WorldNode, WorldNode];
  stage.set(client, key, 'old');
  world.connect(client, owner);
  world.run(100);
  world.partition([client, owner, copy], stage.others(client, owner, copy));
  setSync(owner, FOR_EVER_MS);
  world.command(client, operationOn(key, setTo('stray')), CUT_MS);
  world.run(50);
  world.crash(owner, true);
  setSync(owner, 1);
  world.heal();
  world.partition([client], stage.others(client));
  world.partition([copy], stage.others(copy));
  stage.comeBack(owner, last);
  world.run(TAKEN_OVER_MS);
  if (stage.get(other, key) !== 'old') return undefined;
  world.heal();
  world.run(TAKEN_OVER_MS);
  const held = heldBy(copy, key) ?? 'nothing';
  if (!stage.holders(key).includes(copy) || held === 'old') return undefined;
  return { property: 'CopiesAgree', detail: `${copy.name} holds ${held} where old was acknowledged` };
};

const HANGS_MS = 300_000;

/**
 * Two owners are cut off one after the other, each with an increment in hand that nobody else has; the first
 * comes back, then the second. In every second world they lose power instead.
 */
export const deposed: Scene = (seed) => {
  const loses = seed % 2 === 0;
  const stage = new Stage(seed, 6, loses ? { disks: {} } : {});
  const { world, client, other } = stage;
  const [third, asks] = [world.add(), stage.nodes[0] as WorldNode];
  world.connect(third, asks);
  world.run(1_000);
  const key = stage.keyOf(stage.random.pick(stage.nodes) as WorldNode);
  stage.operate(third, key, { type: 'delete', ifVersion: '' });
  const cutOffWith = (
    from: WorldNode,
    by: number,
  ): { readonly owner: WorldNode; readonly number: number } => {
    const { owner: found } = succeed(world.settle(third, { type: 'explain', key })) as ExplainResult;
    const owner = stage.nodes.find(({ machine }) => machine.self.id === found.id) as WorldNode;
    world.partition([owner], stage.others(owner, from));
    const number = world.command(from, operationOn(key, { type: 'increment', by }), HANGS_MS);
    world.run(loses ? 100 : 10);
    if (loses) world.crash(owner, true);
    world.partition([from], stage.others(from));
    world.run(TAKEN_OVER_MS);
    return { owner, number };
  };
  const comesBack = (node: WorldNode): void => {
    const through = world.members().find((one) => one !== node);
    if (loses && through !== undefined) stage.comeBack(node, through);
  };
  const one = cutOffWith(client, 1);
  const two = cutOffWith(other, 10);
  world.heal();
  const away = loses ? [other] : [two.owner, other];
  world.partition(away, stage.others(...away));
  comesBack(one.owner);
  world.runUntil(() => client.outcomes.has(one.number), HANGS_MS);
  world.heal();
  comesBack(two.owner);
  world.runUntil(() => other.outcomes.has(two.number), HANGS_MS);
  world.run(TAKEN_OVER_MS);
  // Of one whose answer is that nobody knows, either may be.
  const ones = client.outcomes.get(one.number)?.ok === true ? [1] : [0, 1];
  const tens = other.outcomes.get(two.number)?.ok === true ? [10] : [0, 10];
  const sums = ones.flatMap((a) => tens.map((b) => (a + b === 0 ? 'nothing' : String(a + b))));
  const read = stage.get(third, key);
  if (!isWrong(read, ...sums)) return undefined;
  return { property: 'AcknowledgedStays', detail: `${read} is read, which should be ${sums.join(' or ')}` };
};
