// Scenes about operations that are sent again, about watches that were away, and about members that leave.
import type { ChangesReply } from '../../../src/core/change-query.ts';
import type { OperateResult } from '../../../src/core/command.ts';
import { lineageOf, versionTime } from '../../../src/core/entry.ts';
import type { Scene } from './stage.ts';
import { isWrong, operationOn, setTo, Stage, textOf } from './stage.ts';

const ROUNDS = 8;
/** Enough for most rounds to lose something, and too little for the ring to fall apart. */
const LOSS = 0.1;
const INCREMENT = { type: 'increment', by: 1 } as const;
const KEYS = 12;
/** Of what was replaced, in worlds that are to forget soon. */
const HISTORY = 3;

/** Two clients count up while answers are lost, and in some worlds the owner dies on the way. */
export const counts: Scene = (seed) => {
  const stage = new Stage(seed, 6);
  const { world, client, other } = stage;
  const key = `key ${seed}`;
  world.network.faults.loss = LOSS;
  let [least, most] = [0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    const asked = [client, other].map((node) => ({
      node,
      number: world.command(node, operationOn(key, INCREMENT), 5_000),
    }));
    if (round === ROUNDS / 2 && seed % 2 === 0) {
      world.run(stage.random.float() * 30);
      const [owner] = stage.holders(key);
      if (owner !== undefined) world.crash(owner, true);
    }
    world.runUntil(() => asked.every(({ node, number }) => node.outcomes.has(number)), 6_000);
    most += asked.length;
    least += asked.filter(({ node, number }) => node.outcomes.get(number)?.ok === true).length;
  }
  world.network.faults.loss = 0;
  const value = Number(stage.get(client, key));
  if (Number.isNaN(value) || (value >= least && value <= most)) return undefined;
  return {
    property: 'CountsOnce',
    detail: `${least} of ${most} increments were acknowledged, and ${value} is read`,
  };
};

/** A watch that was away is told of every change since, or that it has missed some. */
export const watches: Scene = (seed) => {
  const stage = new Stage(seed, 4, { limits: { history: HISTORY } });
  const { world, client, other } = stage;
  const key = `key ${seed}`;
  const first = stage.operate(client, key, setTo('0'));
  if (!first.ok) return undefined;
  const { result } = first.value as OperateResult;
  const since = 'version' in result ? result.version : '';
  const writes = 1 + stage.random.below(3 * HISTORY);
  for (let i = 1; i <= writes; i++) if (!stage.set(client, key, String(i))) return undefined;
  const position = stage.positionOf(key);
  const arc = { from: position - 1, to: position };
  const marks = [{ arc, lineage: lineageOf(since), since, sinceMs: versionTime(since) }];
  const command = { type: 'changes', key, prefix: false, arc, marks, log: 0, place: 0 } as const;
  const outcome = world.settle(other, command);
  if (!outcome.ok) return undefined;
  const { entries, missing } = outcome.value as ChangesReply;
  if (missing || entries.length === writes) return undefined;
  return {
    property: 'ToldOfEveryChange',
    detail: `of ${writes} changes ${entries.length} were told, and nothing is said to be missing`,
  };
};

/** Members leave and are gone once they are told that they may: nothing goes with them. */
export const leaves: Scene = (seed) => {
  // What is gone with a majority is not waited for, but read as nothing.
  const stage = new Stage(seed, 6, { replicas: seed % 2 === 0 ? 1 : 3, onQuorumLost: 'heal' });
  const { world, client, other } = stage;
  const keys = Array.from({ length: KEYS }, (_, i) => `key ${seed} ${i}`);
  for (const key of keys) if (!stage.set(client, key, key)) return undefined;
  const leaving = stage.holders(keys[0] ?? '');
  const asked = leaving.map((node) => ({ node, number: world.command(node, { type: 'leave' }, 20_000) }));
  for (const { node, number } of asked) {
    const gone = world.runUntil(() => node.outcomes.has(number), 21_000);
    if (!gone || node.outcomes.get(number)?.ok !== true) return undefined;
    world.crash(node);
  }
  for (const key of keys) {
    const read = textOf(world.settle(other, operationOn(key, { type: 'get' })));
    if (isWrong(read, key))
      return { property: 'AcknowledgedStays', detail: `${read} is read of "${key}" after members have left` };
  }
  return undefined;
};
