// Growth: rings for experiments, built by real joins: batches of concurrent joiners in proportion to the
// ring, then maintenance until every list, predecessor and finger is right.
import type { Profile } from '../../core/profile.ts';
import { ringSize, distance } from '../../core/position.ts';
import type { ExperimentNode, ExperimentWorld } from './experiment-world.ts';

/** Long pauses between what is periodic, quick reactions to change: idle traffic costs nothing. */
export const GROWING: Profile = {
  timeoutMs: 60_000,
  stabiliseMs: 20_000,
  stabiliseEagerMs: 20,
  fingerMs: 500,
  fingerIdleMs: 100_000_000,
  requestMinMs: 1_000,
  requestMaxMs: 2_000,
  evictAfterMs: 5_000,
  restoredMs: 50_000,
  probeMinMs: 60_000,
  probeMaxMs: 3_600_000,
  retryMs: 20,
  sweepMs: 3_600_000,
  tombstoneMs: 1e9,
};

/** Of the present members, how many join at the same time. */
const BATCH_PART = 0.05;
/** The joins of a batch begin within this time, milliseconds: many request times, as from separate users. */
const STAGGER_MS = 100;
const JOIN_MS = 120_000;

export interface Growth {
  /** How many joins failed. */
  readonly failed: number;
  /** Why the first of them did. */
  readonly reason: string | undefined;
  /** Whether the ring was ideal in time. */
  readonly ideal: boolean;
}

export interface GrowthOptions {
  /** Of the present members, how many join at the same time; default 0.05. */
  readonly batchPart?: number;
  /** Hears how many members there are. */
  readonly told?: (members: number) => void;
  /** Whether to wait for an ideal ring, which is where most of the time goes; default true. */
  readonly ideal?: boolean;
}

/** Lets members join until there are n, and waits for an ideal ring. */
export function grow(world: ExperimentWorld, n: number, options: GrowthOptions = {}): Growth {
  const { batchPart = BATCH_PART, told } = options;
  const { watch } = world;
  let failed = 0;
  let open = 0;
  let reason: string | undefined;
  world.watch = {
    ...watch,
    settled: (_node, _command, outcome) => {
      open -= 1;
      if (outcome.ok) return;
      failed += 1;
      reason ??= `${outcome.failure.code}: ${outcome.failure.message}`;
    },
  };
  let members = world.members();
  while (members.length + failed < n) {
    const missing = n - members.length - failed;
    open = Math.min(missing, Math.max(1, Math.floor(members.length * batchPart)));
    beginJoins(world, members, open);
    world.runUntil(() => open === 0, JOIN_MS);
    world.run(60);
    members = world.members();
    told?.(members.length);
  }
  world.watch = watch;
  return { failed, reason, ideal: options.ideal === false || becomeIdeal(world, 3_600_000) };
}

function beginJoins(world: ExperimentWorld, members: readonly ExperimentNode[], count: number): void {
  for (let i = 0; i < count; i++) {
    const node = world.add();
    const contact = members[world.random.below(members.length)];
    if (contact !== undefined) world.connect(node, contact);
    const start = world.now + world.random.float() * Math.min(STAGGER_MS, 4 * count);
    world.at(start, () => world.command(node, { type: 'join' }, JOIN_MS));
  }
}

/** Runs until the ring is ideal, looking once in a while; false when it is not in time. */
export function becomeIdeal(world: ExperimentWorld, maxMs: number): boolean {
  const end = world.now + maxMs;
  while (world.now < end) {
    world.run(2_000);
    if (world.members().every((node) => node.machine.health().fingersComplete) && isIdeal(world)) return true;
  }
  return false;
}

/** Whether every member has the right predecessor and list, and serves its arc. */
export function isIdeal(world: ExperimentWorld): boolean {
  const members = byPosition(world.members());
  const n = members.length;
  return members.every((node, i) => {
    const { predecessor, successors } = node.machine.neighbourhood;
    if (!node.machine.serving || (n > 1 && successors.length === 0)) return false;
    const follows = successors.every((contact, j) => contact.id === idAt(members, i + 1 + j));
    return follows && (n === 1 || predecessor?.id === idAt(members, i + n - 1));
  });
}

export function byPosition(nodes: readonly ExperimentNode[]): ExperimentNode[] {
  return nodes.toSorted((a, b) => a.machine.self.position - b.machine.self.position);
}

function idAt(members: readonly ExperimentNode[], index: number): string | undefined {
  return members[index % members.length]?.machine.self.id;
}

/** The members by position, to tell who should own what. */
export class Truth {
  readonly #nodes: readonly ExperimentNode[];
  readonly #positions: readonly number[];

  constructor(nodes: readonly ExperimentNode[]) {
    this.#nodes = byPosition(nodes);
    this.#positions = this.#nodes.map((node) => node.machine.self.position);
  }

  get nodes(): readonly ExperimentNode[] {
    return this.#nodes;
  }

  owner(position: number): ExperimentNode | undefined {
    return this.#nodes[this.#index(position) % this.#nodes.length];
  }

  /** The last member strictly before the position. */
  predecessor(position: number): ExperimentNode | undefined {
    const n = this.#nodes.length;
    return this.#nodes[(this.#index(position) + n - 1) % n];
  }

  /** The lengths of the owned arcs. */
  arcs(k: number): number[] {
    const n = this.#positions.length;
    return this.#positions.map((to, i) => {
      const length = distance(this.#positions[(i + n - 1) % n] ?? 0, to, ringSize(k));
      return n === 1 ? ringSize(k) : length;
    });
  }

  /** Of the first member at or behind the position; n where it lies behind the last. */
  #index(position: number): number {
    let low = 0;
    let high = this.#positions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#positions[middle] ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
