// Scenes about what is over: entries that were deleted while a holder was away, entries whose time has come,
// and clocks that are far from right.
import { PROFILES } from '../../../src/core/profile.ts';
import type { Scene } from './stage.ts';
import { isWrong, setTo, Stage } from './stage.ts';

const HOUR_MS = 3_600_000;
/** Until a deletion is forgotten, in worlds that cannot wait for an hour. */
const TOMBSTONE_MS = 2_000;
const SETTLE_MS = 6_000;
/** Nobody goes by the others' time where its own is off. */
const UNCORRECTED = { clockSkewMaxMs: Infinity };

/** Too short for a holder to be dropped. */
const CUT_MS = 400;

/**
 * A holder is away while an entry is deleted, and comes back with it on its disk; in every second world it is
 * only cut off, for so short a time that it stays one of the set.
 */
export const away: Scene = (seed) => {
  const collects = seed % 2 === 0;
  const profile = collects ? { ...PROFILES.local, tombstoneMs: TOMBSTONE_MS } : PROFILES.local;
  const stage = new Stage(seed, 6, { disks: {}, profile });
  const { world, client, other } = stage;
  const key = `key ${seed}`;
  stage.set(client, key, 'old');
  world.run(1_000);
  const holder = stage.random.pick(stage.holders(key));
  const through = stage.nodes.find((node) => node !== holder);
  if (holder === undefined || through === undefined) return undefined;
  if (collects) world.crash(holder);
  else world.partition([holder], stage.others(holder));
  const deleted = stage.operate(
    client,
    key,
    { type: 'delete', ifVersion: '' },
    collects ? undefined : CUT_MS,
  );
  if (!deleted.ok) return undefined;
  if (collects) {
    world.run(SETTLE_MS);
    stage.comeBack(holder, through);
  } else world.heal();
  world.run(SETTLE_MS);
  const read = stage.get(other, key);
  if (!isWrong(read, 'nothing')) return undefined;
  return { property: 'DeletesStay', detail: `${holder.name} was away, and ${read} is back` };
};

/** An owner whose clock is an hour ahead writes; then its clock is set right. */
export const jump: Scene = (seed) => {
  const stage = new Stage(seed, 5, UNCORRECTED);
  const { world, client, other } = stage;
  const key = `key ${seed}`;
  const [owner] = stage.holders(key);
  if (owner === undefined) return undefined;
  world.setClock(owner, HOUR_MS);
  stage.set(client, key, 'ahead');
  world.setClock(owner, 0);
  if (!stage.set(client, key, 'right')) return undefined;
  const read = stage.get(other, key);
  if (!isWrong(read, 'right')) return undefined;
  return { property: 'ReadsGoForward', detail: `right was acknowledged, and ${read} is read` };
};

/** The clock of an owner jumps ahead by an hour: the time that an entry has left is the ring's. */
export const ahead: Scene = (seed) => {
  const stage = new Stage(seed, 5);
  const { world, client, other } = stage;
  const key = `key ${seed}`;
  const [owner] = stage.holders(key);
  if (owner === undefined || !stage.operate(client, key, setTo('mortal', HOUR_MS / 2)).ok) return undefined;
  world.setClock(owner, HOUR_MS);
  world.run(SETTLE_MS);
  const read = stage.get(other, key);
  if (!isWrong(read, 'mortal')) return undefined;
  return { property: 'TimeIsTheRings', detail: `${read} is read, by the clock of ${owner.name} alone` };
};

/** Once its time is over an entry is not read, whoever is asked. */
export const ends: Scene = (seed) => {
  const stage = new Stage(seed, 4);
  const { world, client, other } = stage;
  const ttlMs = 100 + stage.random.below(1_500);
  const written = stage.operate(client, `key ${seed}`, setTo('mortal', ttlMs));
  world.run(ttlMs + 1);
  const read = stage.get(other, `key ${seed}`);
  if (!written.ok || !isWrong(read, 'nothing')) return undefined;
  return { property: 'TimeEnds', detail: `${read} is read after its ${ttlMs} ms` };
};
