// Scenes about lookups: how many requests they take in a ring that is right, and how many go to the dead.
import type { ExplainResult } from '../../../src/core/command.ts';
import { PROFILES } from '../../../src/core/profile.ts';
import { Random } from '../../../src/core/random.ts';
import type { WorldNode, WorldOptions } from '../../../src/sim/world.ts';
import { World } from '../../../src/sim/world.ts';
import { at, joinedRing } from '../../support/rings.ts';
import type { Scene } from './stage.ts';
import { Stage } from './stage.ts';

const FINGERS_MS = 60_000;
const KEYS = 20;
/** Of a small ring that lists do not span; the bound on lookups is its number of bits. */
const COLD = { k: 6, members: 24, list: 2 } as const;
const WARM = { k: 32, members: 16, list: 2 } as const;
const DEAD = { k: 32, members: 16, list: 3 } as const;
const NEVER_MS = 1e12;
const CONNECTING_MS = 500;
const WITHOUT_HOME_MS = 10_000;
/** Nobody finds out by itself any more. */
const STILL = { stabiliseMs: NEVER_MS, fingerMs: NEVER_MS, fingerIdleMs: NEVER_MS, sweepMs: NEVER_MS };
const STILL_MS = 3 * PROFILES.local.fingerIdleMs;
/** It finds out that the owner is dead, and may ask once or twice more, in case only an answer was lost. */
const TO_THE_DEAD_MAX = 3;
/** Of a lookup that finds its way round a dead owner; one that goes in a circle asks far more often. */
const REQUESTS_MAX = 40;

/** While an owner that stood still says for 250 ms to come again: pauses of 20 ms, 40 ms, and so on. */
const TO_THE_BUSY_MAX = 10;
const STOOD_STILL_MS = 1_000;

interface Size {
  readonly k: number;
  readonly members: number;
  readonly list: number;
}

/** A ring whose fingers are right. */
function ring(seed: number, { k, members, list }: Size, options: Partial<WorldOptions> = {}): World {
  const world = new World({ seed, k, ...options, limits: { successors: list, ...options.limits } });
  joinedRing(world, members);
  world.runUntil(() => world.nodes.every(({ machine }) => machine.health().fingersComplete), FINGERS_MS);
  return world;
}

function explained(world: World, node: WorldNode, key: string): ExplainResult | undefined {
  const outcome = world.settle(node, { type: 'explain', key });
  return outcome.ok ? (outcome.value as ExplainResult) : undefined;
}

/** Without anything learned, a lookup takes at most k requests. */
export const cold: Scene = (seed) => {
  const world = ring(seed, COLD, { limits: { learnedArcs: 0 } });
  const random = new Random(seed);
  for (let i = 0; i < KEYS; i++) {
    const node = at(world.nodes, random.below(COLD.members));
    const requests = explained(world, node, `key ${i}`)?.cost.requests ?? Infinity;
    if (requests > COLD.k) return { property: 'AtMostK', detail: `${node.name} took ${requests} requests` };
  }
  return undefined;
};

/** Who has looked a key up before asks its owner at once. */
export const warm: Scene = (seed) => {
  const world = ring(seed, WARM);
  const random = new Random(seed);
  for (let i = 0; i < KEYS; i++) {
    const node = at(world.nodes, random.below(WARM.members));
    explained(world, node, `key ${i}`);
    const requests = explained(world, node, `key ${i}`)?.cost.requests ?? Infinity;
    if (requests > 1) return { property: 'WarmIsOneRequest', detail: `${node.name} took ${requests}` };
  }
  return undefined;
};

/** The home of a client dies in silence: it takes another one, through which it joins. */
export const homeless: Scene = (seed) => {
  const world = new World({ seed, k: 32 });
  const nodes = joinedRing(world, 4);
  const client = world.add();
  const home = nodes[seed % 4];
  if (home === undefined) return undefined;
  world.connect(client, home);
  world.run(CONNECTING_MS);
  for (const node of nodes) if (node !== home) world.connect(client, node);
  world.run(CONNECTING_MS);
  world.crash(home, true);
  world.run(WITHOUT_HOME_MS);
  const outcome = world.settle(client, { type: 'join' });
  if (outcome.ok) return undefined;
  return {
    property: 'TakesAnotherHome',
    detail: `${home.name} is dead, and join said ${outcome.failure.code}`,
  };
};

/** The owner dies in silence, and is looked up: the asker finds out, and goes on to the heir. */
export const dead: Scene = (seed) => {
  const profile = { ...PROFILES.local };
  const world = ring(seed, DEAD, { profile });
  Object.assign(profile, STILL);
  world.run(STILL_MS);
  const key = `key ${new Random(seed).below(KEYS)}`;
  const first = explained(world, at(world.nodes, 0), key);
  const owner = world.nodes.find(({ machine }) => machine.self.id === first?.owner.id);
  const asker = world.nodes.find((node) => node !== owner);
  if (owner === undefined || asker === undefined) return undefined;
  world.crash(owner, true);
  let [toOwner, requests] = [0, 0];
  world.onMessage = (from, to, { direction, body }) => {
    const asks = body.type === 'find' || body.type === 'locate' || body.type === 'tables';
    if (from !== asker || direction !== 'request' || !asks) return;
    requests += 1;
    if (to === owner) toOwner += 1;
  };
  explained(world, asker, key);
  if (requests > REQUESTS_MAX) return { property: 'FewRequests', detail: `${requests} for one lookup` };
  if (toOwner <= TO_THE_DEAD_MAX) return undefined;
  return { property: 'FewToTheDead', detail: `${toOwner} requests went to ${owner.name}, which is dead` };
};

/** The owner stood still, and takes no writes in its first moment: whoever asks it waits between. */
export const busy: Scene = (seed) => {
  const stage = new Stage(seed, 5);
  const { world } = stage;
  const [owner, asker] = stage.nodes;
  if (owner === undefined || asker === undefined) return undefined;
  const key = stage.keyOf(owner);
  stage.set(asker, key, 'old');
  world.pause(owner);
  world.run(STOOD_STILL_MS);
  let requests = 0;
  world.onMessage = (from, to, { direction, body }) => {
    if (from === asker && to === owner && direction === 'request' && body.type === 'operate') requests += 1;
  };
  world.resume(owner);
  stage.set(asker, key, 'new');
  if (requests <= TO_THE_BUSY_MAX) return undefined;
  return {
    property: 'FewToTheBusy',
    detail: `${requests} requests went to ${owner.name}, which had to wait`,
  };
};
