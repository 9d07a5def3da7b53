// E9, half of the holders die: entries are spread over a ring, half of its members crash at the same
// moment, and every entry that one of its holders survived must still be there. Then the ring makes the
// missing copies anew: how many bytes move for that, and how soon is it done?
import type { Key } from '../../core/entry.ts';
import { CORE_LIMITS } from '../../core/limits.ts';
import type { OperateResult } from '../../core/command.ts';
import type { Operation } from '../../core/message.ts';
import type { Profile } from '../../core/profile.ts';
import { PROFILES } from '../../core/profile.ts';
import { ByteCount, EntrySizes } from '../byte-count.ts';
import type { Cell, ExperimentOptions, ExperimentResult } from './experiment.ts';
import { round } from './experiment.ts';
import type { ExperimentNode } from './experiment-world.ts';
import { ExperimentWorld } from './experiment-world.ts';
import { grow, GROWING, isIdeal, Truth } from './growth.ts';

const COLUMNS = [
  'seed',
  'N',
  'entries',
  'value bytes',
  'died',
  'without a holder',
  'lost',
  'unanswered',
  'degraded',
  'copies missing',
  'least kB',
  'moved kB',
  'ratio',
  'ring whole s',
  'copies back s',
];
const K = 32;
const REPLICAS = 3;
const DELAY_MS = 1;
const KEY_BYTES = 33;
const COMMAND_MS = 30_000;
/** Writes under way at once. */
const WRITERS = 64;
const RATIO_BAR = 1.2;
/** Processes that die break their connections: that is noticed at once; the rest is a round trip a page. */
const BACK_BAR_S = 10;
const LOOK_MS = 100;
const SETTLING_MAX_MS = 600_000;
interface Case {
  readonly n: number;
  readonly entries: number;
  readonly valueBytes: number;
}

export function holdersDie(options: ExperimentOptions): ExperimentResult {
  const { quick } = options;
  const n = options.members ?? (quick ? 24 : 100);
  const seeds = options.seeds ?? (quick ? 1 : 5);
  const rows: Cell[][] = [];
  const missed: string[] = [];
  const sizes = quick ? [1_000] : [100, 1_000];
  for (let seed = options.seed; seed < options.seed + seeds; seed++) {
    for (const valueBytes of sizes) {
      options.progress(`seed ${seed}, values of ${valueBytes} bytes`);
      const run = new Run(seed, { n, entries: n * (quick ? 10 : 100), valueBytes });
      const { row, faults } = run.result();
      rows.push(row);
      for (const fault of faults) missed.push(`seed ${seed}, values of ${valueBytes} bytes: ${fault}`);
    }
  }
  return {
    title: `E9 Half of the holders die (r = ${REPLICAS}, profile lan)`,
    columns: COLUMNS,
    rows,
    passed: missed.length === 0,
    notes: [
      ...missed,
      `bars: lost exactly what has no holder; moved <= ${RATIO_BAR} x least; copies back in ${BACK_BAR_S} s`,
    ],
  };
}

class Run {
  readonly #seed: number;
  readonly #case: Case;
  readonly #profile: Profile = { ...GROWING };
  readonly #world: ExperimentWorld;
  readonly #sizes = new EntrySizes(K);
  readonly #sent = new ByteCount(K);
  readonly #settled = new Map<string, (result: OperateResult | undefined) => void>();
  #degraded = 0;

  constructor(seed: number, one: Case) {
    this.#seed = seed;
    this.#case = one;
    const profile = this.#profile;
    const options = { seed, k: K, profile, delayMs: DELAY_MS, replicas: REPLICAS, keyBytes: KEY_BYTES };
    this.#world = new ExperimentWorld({ ...options, connections: true, limits: CORE_LIMITS });
  }

  result(): { row: Cell[]; faults: string[] } {
    const { n, entries, valueBytes } = this.#case;
    this.#begin();
    this.#write();
    if (!this.#settle()) return { row: [this.#seed, n, entries], faults: ['the copies were never complete'] };
    const before = this.#holders();
    const died = this.#kill();
    const orphans = [...before].filter(([, holders]) => holders.every((holder) => !holder.alive));
    const { missing, least } = this.#owed(before);
    const [wholeMs, backMs] = this.#repair();
    const { lost, wrong, unanswered } = this.#readAll(new Set(orphans.map(([key]) => key)));
    const ratio = this.#sent.bytes / Math.max(1, least);
    const faults = [
      ...(before.size === entries ? [] : [`${before.size} of ${entries} entries were stored`]),
      ...(lost === orphans.length && wrong === 0 ? [] : [`${wrong} lost although a holder lives`]),
      ...(unanswered === 0 ? [] : [`${unanswered} reads were not answered`]),
      ...(orphans.length === 0 || this.#degraded > 0 ? [] : ['entries were lost and nobody was degraded']),
      ...(ratio <= RATIO_BAR ? [] : [`moved ${round(ratio)} times the least`]),
      ...(backMs <= BACK_BAR_S * 1_000 ? [] : [`copies back after ${round(backMs / 1_000, 1)} s`]),
    ];
    const kilobytes = [round(least / 1_000, 0), round(this.#sent.bytes / 1_000, 0), round(ratio)];
    const seconds = [round(wholeMs / 1_000, 1), round(backMs / 1_000, 1)];
    const reads = [orphans.length, lost, unanswered, this.#degraded];
    const row = [this.#seed, n, entries, valueBytes, died, ...reads, missing, ...kilobytes, ...seconds];
    return { row, faults };
  }

  #begin(): void {
    const world = this.#world;
    const grown = grow(world, this.#case.n, { batchPart: 0.2 });
    if (!grown.ideal) throw new Error(`seed ${this.#seed}: the ring did not become ideal: ${grown.reason}`);
    Object.assign(this.#profile, PROFILES.lan);
    world.watch = {
      sent: (_from, _to, message) => this.#sent.add(message),
      settled: (node, command, outcome) => {
        const id = `${node.index} ${command}`;
        const done = this.#settled.get(id);
        this.#settled.delete(id);
        done?.(outcome.ok ? (outcome.value as OperateResult) : undefined);
      },
      event: (_node, event) => {
        if (event.type === 'degraded') this.#degraded += 1;
      },
    };
  }

  #write(): void {
    const value = new Uint8Array(this.#case.valueBytes).fill(7);
    const set = { type: 'set', value, ttlMs: 0, ifAbsent: false, ifVersion: '' } as const;
    this.#each(this.#keys(), set, () => {});
  }

  #keys(): string[] {
    return Array.from({ length: this.#case.entries }, (_, i) => `entry ${this.#seed}.${i}`);
  }

  /** Carries one operation out on every key, so many at a time, through random members. */
  #each(
    keys: readonly string[],
    operation: Operation,
    done: (key: string, result: OperateResult | undefined) => void,
  ): void {
    const world = this.#world;
    const members = world.members();
    let open = 0;
    for (const key of keys) {
      world.runUntil(() => open < WRITERS, COMMAND_MS * 2);
      const node = members[world.random.below(members.length)];
      if (node === undefined) continue;
      open += 1;
      const number = world.command(
        node,
        { type: 'operate', key, operation, consistency: 'quorum' },
        COMMAND_MS,
      );
      this.#settled.set(`${node.index} ${number}`, (result) => {
        open -= 1;
        done(key, result);
      });
    }
    world.runUntil(() => open === 0, COMMAND_MS * 2);
  }

  #settle(): boolean {
    for (let ms = 0; ms < SETTLING_MAX_MS; ms += LOOK_MS * 10) {
      this.#world.run(LOOK_MS * 10);
      if (isIdeal(this.#world) && this.#complete()) return true;
    }
    return false;
  }

  /**
   * Whether every entry that is held at all stands with the members that should keep it, and nowhere else.
   */
  #complete(): boolean {
    const truth = new Truth(this.#world.members());
    for (const [key, holders] of this.#holders()) {
      const wanted = this.#wanted(truth, key);
      if (holders.length !== wanted.length || !wanted.every((node) => holders.includes(node))) return false;
    }
    return true;
  }

  #wanted(truth: Truth, key: Key): ExperimentNode[] {
    const owner = truth.owner(this.#world.positionOf(key));
    if (owner === undefined) return [];
    const { nodes } = truth;
    const first = nodes.indexOf(owner);
    return nodes.map((_, i) => nodes[(first + i) % nodes.length] ?? owner).slice(0, REPLICAS);
  }

  #holders(): Map<Key, ExperimentNode[]> {
    const holders = new Map<Key, ExperimentNode[]>();
    for (const node of this.#world.members()) {
      for (const { entry } of node.machine.held()) {
        const list = holders.get(entry.key);
        if (list === undefined) holders.set(entry.key, [node]);
        else list.push(node);
      }
    }
    return holders;
  }

  #kill(): number {
    const members = this.#world.members();
    const count = Math.floor(members.length / 2);
    for (let i = 0; i < count; i++) {
      const [node] = members.splice(this.#world.random.below(members.length), 1);
      if (node !== undefined) this.#world.crash(node);
    }
    this.#sent.running = true;
    return count;
  }

  /** How many copies the survivors lack, and the bytes of these entries as the codec writes them. */
  #owed(before: ReadonlyMap<Key, readonly ExperimentNode[]>): { missing: number; least: number } {
    const truth = new Truth(this.#world.members());
    let [missing, least] = [0, 0];
    for (const [key, holders] of before) {
      const alive = holders.filter((holder) => holder.alive);
      const entry = [...(alive[0]?.machine.held() ?? [])].find((stored) => stored.entry.key === key)?.entry;
      if (entry === undefined) continue;
      const lacking = this.#wanted(truth, key).filter((node) => !alive.includes(node)).length;
      missing += lacking;
      least += lacking * this.#sizes.of(entry);
    }
    return { missing, least };
  }

  /** Milliseconds until the ring is whole, and until every copy is back; the bytes of that are metered. */
  #repair(): [number, number] {
    const world = this.#world;
    const start = world.now;
    let whole: number | undefined;
    while (world.now - start < SETTLING_MAX_MS) {
      world.run(LOOK_MS);
      if (!isIdeal(world)) continue;
      whole ??= world.now - start;
      if (this.#complete()) break;
    }
    this.#sent.running = false;
    return [whole ?? Infinity, world.now - start];
  }

  #readAll(orphans: ReadonlySet<Key>): { lost: number; wrong: number; unanswered: number } {
    let [lost, wrong, unanswered] = [0, 0, 0];
    this.#each(this.#keys(), { type: 'get' }, (key, result) => {
      if (result === undefined) unanswered += 1;
      else if (result.result.type === 'none') {
        lost += 1;
        if (!orphans.has(key)) wrong += 1;
      }
    });
    return { lost, wrong, unanswered };
  }
}
