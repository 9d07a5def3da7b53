// Partition runs: a ring is cut in two by a seed's choice (halves, one node alone, one way only, several
// pieces), goes on apart, and the cut heals: how many stabilisation periods until it is one ideal ring
// again?
import { CORE_LIMITS } from '../core/limits.ts';
import { PROFILES } from '../core/profile.ts';
import { Random } from '../core/random.ts';
import { ringProblem } from './ring-check.ts';
import { World } from './world.ts';

const PROFILE = PROFILES.local;
/** The bound that the docs state, in stabilisation periods. */
export const HEALING_PERIODS_MAX = 100;

export interface PartitionResult {
  readonly seed: number;
  readonly nodes: number;
  /** Periods from the end of the cut to the ideal ring; undefined where it was not ideal within the bound. */
  readonly periods: number | undefined;
  /** What was wrong at the end, where it was not. */
  readonly problem: string | undefined;
}

/** Cuts the ring of one seed and heals it. */
export function runPartition(seed: number): PartitionResult {
  const random = new Random(seed);
  const nodes = 2 + random.below(11);
  const world = new World({ seed, k: 32, network: { delayMs: 0.2 + random.float() * 5 } });
  grow(world, nodes);
  const cutMs = 200 + random.float() * 30_000;
  cut(world, random);
  world.run(cutMs);
  world.heal();
  const healed = world.now;
  const whole = (): boolean => world.members().length === nodes && problemOf(world) === undefined;
  let periods = 0;
  while (!whole() && periods <= HEALING_PERIODS_MAX) {
    world.run(PROFILE.stabiliseMs);
    periods = Math.ceil((world.now - healed) / PROFILE.stabiliseMs);
  }
  const problem = whole()
    ? undefined
    : (problemOf(world) ?? `${world.members().length} of ${nodes} are members`);
  return { seed, nodes, periods: problem === undefined ? periods : undefined, problem };
}

function grow(world: World, nodes: number): void {
  for (let i = 0; i < nodes; i++) {
    const node = world.add();
    const first = world.nodes[0];
    if (first !== undefined && first !== node) world.connect(node, first);
    world.run(50);
    world.settle(node, { type: 'join' });
  }
  world.runUntil(() => problemOf(world) === undefined, 60_000);
}

function cut(world: World, random: Random): void {
  const { nodes } = world;
  const pieces = random.float() < 0.3 ? 2 + random.below(nodes.length) : 2;
  const piece = nodes.map(() => random.below(pieces));
  if (random.float() < 0.3) piece.fill(0).fill(1, random.below(nodes.length), nodes.length);
  const oneWay = random.float() < 0.2;
  for (const a of nodes) {
    for (const b of nodes) {
      if (piece[a.index] === piece[b.index]) continue;
      if (!oneWay || (piece[a.index] ?? 0) < (piece[b.index] ?? 0)) world.network.cut(a.index, b.index);
    }
  }
}

function problemOf(world: World): string | undefined {
  return ringProblem(world, CORE_LIMITS.successors);
}
