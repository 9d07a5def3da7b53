// What a swarm run does, drawn from its seed: every option of the world and every fault, so that no
// combination is anybody's idea (swarm testing, Groce et al., ISSTA 2012; TigerBeetle's simulator draws its
// options alike).
import { Random } from '../core/random.ts';
import type { DiskFaults } from './disk.ts';

export interface SwarmOptions {
  readonly seed: number;
  readonly k: number;
  readonly replicas: number;
  /** Nodes at the start, and at most. */
  readonly nodes: number;
  readonly nodesMax: number;
  /** Nodes that never join, beside those. */
  readonly leeches: number;
  /** Programs that use the dictionary, one operation at a time each. */
  readonly sessions: number;
  /**
   * Whether one thing goes wrong at a time, and the ring is whole before the next one: every set of copies
   * keeps its majority, so nothing may be lost and no epoch need be forced.
   */
  readonly gentle: boolean;
  /** Whether nodes write down what they hold, and find it again when they restart. */
  readonly durable: boolean;
  /** What their disks do. */
  readonly disk: Readonly<DiskFaults>;
  /** What a set of copies does whose majority stays away. */
  readonly onQuorumLost: 'heal' | 'refuse';
  /** Whether the first nodes start as two rings that do not know of each other. */
  readonly apart: boolean;
  readonly delayMs: number;
  readonly loss: number;
  readonly duplication: number;
  readonly reordering: boolean;
  readonly spikes: number;
  readonly spikeMs: number;
  /** How much faster or slower wall clocks may run, in parts. */
  readonly drift: number;
  /** Mean pause between two actions, milliseconds. */
  readonly actionMs: number;
  /** How often each action is chosen, relative to the others; 0 = never in this run. */
  readonly weights: Readonly<Record<SwarmAction, number>>;
}

export type SwarmAction =
  | 'crash'
  | 'power-cut'
  | 'bounce'
  | 'restart'
  | 'add'
  | 'leave'
  | 'rejoin'
  | 'pause'
  | 'partition'
  | 'isolate'
  | 'one-way'
  | 'break-pair'
  | 'heal'
  | 'clock'
  | 'disk-full'
  | 'operate';

const ACTIONS: readonly SwarmAction[] = [
  'crash',
  'power-cut',
  'bounce',
  'restart',
  'add',
  'leave',
  'rejoin',
  'pause',
  'partition',
  'isolate',
  'one-way',
  'break-pair',
  'heal',
  'clock',
  'disk-full',
  'operate',
];

export function drawSwarmOptions(seed: number): SwarmOptions {
  const random = new Random(seed);
  const chance = (part: number): boolean => random.float() < part;
  const k = random.pick([2, 3, 4, 8, 16, 32, 48]) ?? 32;
  const weights = {} as Record<SwarmAction, number>;
  for (const action of ACTIONS) weights[action] = chance(0.6) ? random.float() : 0;
  // Without these the other faults would only ever end the run, or never be noticed.
  weights.operate = 1 + random.float();
  weights.restart = 0.2 + random.float();
  weights.rejoin = 0.2 + random.float();
  weights.heal = 0.2 + random.float();
  const gentle = chance(0.5);
  const durable = chance(0.5);
  // Where a majority may be lost with its memory, if only of the two that are left, who refuses does so for
  // ever.
  const onQuorumLost = durable && chance(0.6) ? 'refuse' : 'heal';
  const nodes = 3 + random.below(7);
  return {
    seed,
    k,
    // Most people keep the default of three; where nothing may be lost, there must be a majority to keep.
    replicas: chance(0.5) ? 3 : gentle ? 3 + random.below(3) : 1 + random.below(5),
    nodes,
    nodesMax: nodes + random.below(4),
    leeches: random.below(3),
    sessions: 2 + random.below(4),
    gentle,
    durable,
    disk: {
      syncMs: random.float() * 5,
      stalls: chance(0.3) ? random.float() * 0.02 : 0,
      stallMs: random.float() * 2_000,
      full: false,
      // As a lost disk: only where copies are left elsewhere, or where less is asked.
      corruption: onQuorumLost === 'heal' && chance(0.2) ? random.float() * 0.05 : 0,
    },
    onQuorumLost,
    apart: !gentle && chance(0.2),
    delayMs: 0.2 + random.float() * 10,
    loss: chance(0.5) ? random.float() * (gentle ? 0.1 : 0.3) : 0,
    duplication: chance(0.5) ? random.float() * 0.5 : 0,
    reordering: chance(0.5),
    spikes: !gentle && chance(0.3) ? random.float() * 0.01 : 0,
    spikeMs: random.float() * 5_000,
    drift: chance(0.3) ? random.float() * 0.001 : 0,
    actionMs: 500 + random.float() * 5_000,
    weights,
  };
}

/** One of the actions, by weight. */
export function drawAction(random: Random, weights: SwarmOptions['weights']): SwarmAction {
  const total = ACTIONS.reduce((sum, action) => sum + weights[action], 0);
  let left = random.float() * total;
  for (const action of ACTIONS) {
    left -= weights[action];
    if (left < 0) return action;
  }
  return 'operate';
}
