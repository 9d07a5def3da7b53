// Entry bytes: what it costs to bring copies where they belong, counted as the codec writes the messages:
// when a member joins a filled ring, and when a member comes back that has missed a few writes. The machines
// are those that ship, in a world without faults but those that are made here.
import type { Entry, Key } from '../core/entry.ts';
import { CORE_LIMITS } from '../core/limits.ts';
import { ByteCount, EntrySizes } from './byte-count.ts';
import { copies, copiesProblem } from './checks/copies-agree.ts';
import { ringProblem } from './ring-check.ts';
import { World, type WorldNode } from './world.ts';

export interface EntryBytesOptions {
  readonly seed: number;
  /** So many of the entries are written a second time, so that there is something to remember of each. */
  readonly overwritten?: number;
  readonly entries: number;
  readonly valueBytes: number;
}

export interface JoinBytes {
  readonly members: number;
  /** Copies that the joiner has to have in the end. */
  readonly copies: number;
  /** The bytes of these, once each. */
  readonly leastBytes: number;
  readonly movedBytes: number;
  /** Simulated milliseconds from the join to the last copy in its place. */
  readonly ms: number;
  readonly byType: readonly (readonly [type: string, bytes: number])[];
}

export interface ReturnBytes {
  /** How the member was away. */
  readonly away: Away;
  readonly differences: number;
  /** The bytes of all entries, once each. */
  readonly fullBytes: number;
  readonly movedBytes: number;
  readonly ms: number;
  readonly byType: readonly (readonly [type: string, bytes: number])[];
}

/**
 * restarted: with what it had written down; cut off: its side did not go on; went on: its side did, in an
 * epoch that it forced.
 */
export type Away = 'restarted' | 'cut off' | 'went on';

const K = 32;
const REPLICAS = 3;
/** Writes under way while the ring is filled. */
const WRITES_AT_ONCE = 512;
const TIMEOUT_MS = 20_000;
const SETTLING_MAX_MS = 600_000;
const LOOK_MS = 250;
/** Long enough that the others have gone on without the absent member. */
const AWAY_MS = 5_000;

/** One member joins a ring of `members` that holds the entries. */
export function joinBytes(options: EntryBytesOptions & { readonly members: number }): JoinBytes {
  const filled = new FilledWorld({ seed: options.seed, k: K, replicas: REPLICAS }, options.members);
  const { world } = filled;
  filled.fill(options);
  const joiner = world.add();
  world.connect(joiner, filled.node(0));
  world.run(50);
  const start = filled.count();
  expectDone(world.settle(joiner, { type: 'join' }, TIMEOUT_MS));
  const ms = filled.settle() - start;
  filled.sent.running = false;
  const entries = [...joiner.machine.held()].map(({ entry }) => entry);
  return {
    members: options.members,
    copies: entries.length,
    leastBytes: filled.bytesOf(entries),
    ...filled.moved,
    ms,
  };
}

/** One of three members, each of which holds everything, misses so many writes and comes back. */
export function returnBytes(
  options: EntryBytesOptions & { readonly differences: number; readonly away: Away },
): ReturnBytes {
  const { away, differences } = options;
  const filled = new FilledWorld(
    {
      seed: options.seed,
      k: K,
      replicas: REPLICAS,
      onQuorumLost: away === 'cut off' ? 'refuse' : 'heal',
      ...(away === 'restarted' ? { disks: {} } : {}),
    },
    REPLICAS,
  );
  const { world } = filled;
  filled.fill(options);
  const [absent, ...others] = world.nodes as [WorldNode, ...WorldNode[]];
  if (away === 'restarted') world.crash(absent);
  else world.partition([absent], others);
  world.run(AWAY_MS);
  const changed = new Uint8Array(options.valueBytes).fill(9);
  for (let i = 0; i < differences; i++) filled.write(filled.node(1), filled.key(i * 7), changed);
  filled.drain();
  const start = filled.count();
  if (away === 'restarted') filled.restart(absent);
  else world.heal();
  const ms = filled.settle() - start;
  filled.sent.running = false;
  const entries = [...absent.machine.held()].map(({ entry }) => entry);
  return { away, differences, fullBytes: filled.bytesOf(entries), ...filled.moved, ms };
}

/** A ring that is whole, with entries of which every copy is in its place. */
class FilledWorld {
  readonly world: World;
  readonly sent = new ByteCount(K);
  readonly #sizes = new EntrySizes(K);
  readonly #members: number;
  #entries = 0;
  #open = 0;

  constructor(options: ConstructorParameters<typeof World>[0], members: number) {
    this.world = new World(options);
    this.#members = members;
    const { world } = this;
    world.onMessage = (_from, _to, message) => this.sent.add(message);
    for (let i = 0; i < members; i++) {
      const node = world.add();
      if (i > 0) world.connect(node, this.node(0));
      world.run(50);
      expectDone(world.settle(node, { type: 'join' }, TIMEOUT_MS));
    }
  }

  get moved(): Pick<JoinBytes, 'movedBytes' | 'byType'> {
    return { movedBytes: this.sent.bytes, byType: this.sent.byType };
  }

  node(index: number): WorldNode {
    const node = this.world.nodes[index % this.world.nodes.length];
    if (node === undefined) throw new RangeError(`no node ${index}`);
    return node;
  }

  key(index: number): Key {
    return `entry ${index % Math.max(1, this.#entries)}`;
  }

  fill({ entries, valueBytes, overwritten = 0 }: EntryBytesOptions): void {
    this.#entries = entries;
    this.world.onSettle = (node): void => {
      this.#open -= 1;
      node.outcomes.clear();
    };
    for (let i = 0; i < entries + overwritten; i++) {
      this.write(this.node(i % this.#members), this.key(i), new Uint8Array(valueBytes).fill(7));
    }
    this.drain();
    this.settle();
    const held = copies(this.world).size;
    if (held !== entries) throw new Error(`${held} of ${entries} entries were stored`);
  }

  write(node: WorldNode, key: Key, value: Uint8Array): void {
    this.#open += 1;
    const operation = { type: 'set', value, ttlMs: 0, ifAbsent: false, ifVersion: '' } as const;
    this.world.command(node, { type: 'operate', key, operation, consistency: 'quorum' }, TIMEOUT_MS);
    if (this.#open >= WRITES_AT_ONCE) this.drain(WRITES_AT_ONCE / 2);
  }

  /** Until at most so many writes are under way. */
  drain(most = 0): void {
    this.world.runUntil(() => this.#open <= most, TIMEOUT_MS);
  }

  /** From now on bytes count; the time. */
  count(): number {
    this.world.onSettle = undefined;
    this.sent.running = true;
    return this.world.now;
  }

  restart(node: WorldNode): void {
    const { world } = this;
    world.restart(node, node.machine.self.salt);
    world.connect(node, this.node(1));
    world.run(5);
    world.command(node, { type: 'join' }, TIMEOUT_MS);
  }

  /** Runs until the ring is whole and every copy in its place; the time at which that was seen. */
  settle(): number {
    const { world } = this;
    for (let ms = 0; ms < SETTLING_MAX_MS; ms += LOOK_MS) {
      world.run(LOOK_MS);
      const broken = ringProblem(world, CORE_LIMITS.successors) ?? copiesProblem(world, K, REPLICAS);
      if (broken === undefined) return world.now;
    }
    throw new Error(copiesProblem(world, K, REPLICAS) ?? 'the ring did not become whole');
  }

  bytesOf(entries: readonly Entry[]): number {
    return entries.reduce((sum, entry) => sum + this.#sizes.of(entry), 0);
  }
}

function expectDone(outcome: ReturnType<World['settle']>): void {
  if (!outcome.ok) throw new Error(`${outcome.failure.code}: ${outcome.failure.message}`);
}
