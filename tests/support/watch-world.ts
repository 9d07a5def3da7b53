// Watches of the shipped kind in a simulated world: writers change keys, the owner of what is watched changes
// again and again (joins, leaves, crashes), and everything that the watches tell is kept for the judge
// (watch-judge.ts). The watch itself is asynchronous: whenever one of its questions settles, it gets its turn
// before the world goes on, so that a run follows from its seed.
import { CORE_LIMITS } from '../../src/core/limits.ts';
import { fromKey } from '../../src/core/bytes.ts';
import type { ChangesReply } from '../../src/core/change-query.ts';
import type { OperateResult } from '../../src/core/command.ts';
import { SALT_MAX } from '../../src/core/contact.ts';
import type { Operation } from '../../src/core/message.ts';
import { distance, keyPosition, memberPosition } from '../../src/core/position.ts';
import { Random } from '../../src/core/random.ts';
import type { WorldNode } from '../../src/sim/world.ts';
import { World } from '../../src/sim/world.ts';
import { simulationHash } from '../../src/sim/hash.ts';
import { ringProblem } from '../../src/sim/ring-check.ts';
import { Watch } from '../../src/node/watch.ts';
import { at } from './rings.ts';
import type { Turns } from './sim-runner.ts';
import { SimRunner } from './sim-runner.ts';
import type { Told, Wrote } from './watch-judge.ts';
import { disagreements, judge } from './watch-judge.ts';

/** What happens to the owner of the watched key. */
export type Mode =
  /** Others join before it, or it leaves: no member is lost. */
  | 'calm'
  /** Or it crashes, one at a time: no set of copies loses its majority. */
  | 'crashes'
  /** Or, now and then, it crashes together with another holder of its copies, so that epochs are forced. */
  | 'losses'
  /** As calm, but now and then the network is cut in two for some seconds, and both sides go on. */
  | 'cuts'
  /** As calm, but readers dawdle, and owners forget soon what was replaced. */
  | 'slow';

export const MODES: readonly Mode[] = ['calm', 'crashes', 'losses', 'cuts', 'slow'];

export interface WatchRunOptions {
  readonly seed: number;
  readonly mode: Mode;
  readonly ownerChanges: number;
  /** What becomes of each answer on its way to a watch, to show that the judge notices. */
  readonly tamper?: (reply: ChangesReply) => ChangesReply;
}

export interface WatchRunResult {
  readonly seed: number;
  readonly mode: Mode;
  /** Of the key that is watched alone. */
  readonly ownerChanges: number;
  readonly writes: number;
  readonly events: number;
  /** Of all watches. */
  readonly gaps: number;
  /** Of the watch of the key, and of that of the prefix, that told most of them. */
  readonly gapsOfKey: number;
  readonly gapsOfPrefix: number;
  /** How often two holders of the copies died together, or the network was cut. */
  readonly disasters: number;
  readonly degraded: number;
  /** What was not as promised; empty where all is well. */
  readonly problems: readonly string[];
}

const MISSING: readonly Mode[] = ['losses', 'cuts', 'slow'];
const CRASHING: readonly Mode[] = ['crashes', 'losses'];
const K = 32;
const KEYS: readonly string[] = Array.from({ length: 12 }, (_, i) => `w/${i}`);
const KEY = at(KEYS, 0);
const NEVER = new AbortController().signal;
/** The ring stays within these bounds: a leave loses nothing, and a seed is fast. */
const MEMBERS_MIN = 4;
const MEMBERS_MAX = 6;
/** Between two writes of one writer, on the average. */
const WRITE_MS = 25;
const TIMEOUT_MS = 10_000;
/** Replaced entries that a member remembers where readers dawdle, and how long these stop at most. */
const FORGETFUL = 24;
const DAWDLE_MS = 4_000;
/** How far wall clocks are apart at most. */
const SKEW_MS = 250;
/** By then a ring that nothing happens to is whole again. */
const WHOLE_MS = 60_000;
/** Long enough for both sides to go on by themselves, in most cases. */
const CUT_MS = 6_000;
/** By then a watch has told all that there was to tell. */
const CATCH_UP_MS = 20_000;
/** Owners join their arcs pair by pair; by then each has one, and watches ask it one question. */
const TIDY_MS = 240_000;

export function runWatches(options: WatchRunOptions): Promise<WatchRunResult> {
  return new WatchRun(options).run();
}

/** A watch, and what it told. */
interface Reader {
  readonly name: string;
  readonly watch: Watch;
  readonly keys: readonly string[];
  readonly told: Told[];
}

class WatchRun {
  readonly #options: WatchRunOptions;
  readonly #world: World;
  readonly #random: Random;
  readonly #runners = new Map<WorldNode, SimRunner>();
  readonly #readers: Reader[] = [];
  readonly #wrote: Wrote[] = [];
  readonly #position = keyPosition(simulationHash, fromKey(KEY), K);
  /** The first member stays, and one of the watches is its own. */
  readonly #stays: WorldNode;
  readonly #turns: Turns = { due: false };
  #degraded = 0;
  #disasters = 0;
  #writing = true;
  #writes = 0;

  constructor(options: WatchRunOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    const limits = options.mode === 'slow' ? { history: FORGETFUL } : {};
    this.#world = new World({ seed: options.seed, k: K, limits });
    this.#stays = this.#newcomer();
    this.#world.onSettle = (node, command, outcome) => {
      this.#runners.get(node)?.settled(command, outcome);
    };
    this.#world.onEvent = (_node, event) => {
      if (event.type === 'degraded') this.#degraded += 1;
    };
  }

  async run(): Promise<WatchRunResult> {
    await this.#settle(this.#stays, { type: 'join' });
    while (this.#world.members().length < MEMBERS_MIN + 1) await this.#join(undefined);
    await this.#whole();
    const client = this.#newcomer();
    await this.#for(100);
    const begun = this.#world.now;
    this.#watch('the key, by a client', client, KEY);
    this.#watch('the key, by a member', this.#stays, KEY);
    this.#watch('the prefix, by a client', client, { prefix: 'w/' });
    this.#watch('the prefix, by a member', this.#stays, { prefix: 'w/' });
    const ready = Promise.all(this.#readers.map(({ watch }) => watch.ready));
    let isReady = false;
    void ready.then(() => (isReady = true));
    await this.#until(() => isReady, WHOLE_MS);
    const since = this.#world.now;
    for (let i = 0; i < 2; i++) this.#write(this.#newcomer());
    const changes = await this.#changeOwners();
    this.#writing = false;
    await this.#whole();
    await this.#for(CATCH_UP_MS);
    const result = this.#result(changes, since);
    const problems = [...result.problems];
    const open = (): number => [...this.#runners.values()].reduce((sum, runner) => sum + runner.open, 0);
    const most = 2 + 2 * this.#world.members().length;
    await this.#until(() => open() <= most, TIDY_MS);
    if (open() > most) problems.push(`${open()} questions are under way, for ${most} owners and watches`);
    for (const { watch } of this.#readers) await watch.return();
    await this.#for(CATCH_UP_MS / 10);
    for (const runner of this.#runners.values()) {
      if (runner.open > 0) problems.push(`${runner.open} questions are under way after the end`);
    }
    if (!isReady) problems.push(`not ready ${since - begun} ms after`);
    return { ...result, problems };
  }

  #result(ownerChanges: number, since: number): WatchRunResult {
    const { seed, mode } = this.#options;
    const problems = this.#readers.flatMap(({ name, keys, told }) =>
      judge({
        keys,
        told,
        wrote: this.#wrote,
        since,
        mayMiss: MISSING.includes(mode),
        mayRepeat: mode === 'cuts',
      }).map((problem) => `${name}: ${problem}`),
    );
    if (!MISSING.includes(mode)) problems.push(...disagreements(KEY, this.#readers));
    const gapsOf = ({ told }: Reader): number => told.filter(({ type }) => type === 'gap').length;
    const most = (isKey: boolean): number =>
      Math.max(...this.#readers.map((reader) => ((reader.keys.length === 1) === isKey ? gapsOf(reader) : 0)));
    return {
      seed,
      mode,
      ownerChanges,
      writes: this.#wrote.filter(({ version }) => version !== undefined).length,
      events: this.#readers.reduce((sum, { told }) => sum + told.length, 0),
      gaps: this.#readers.reduce((sum, reader) => sum + gapsOf(reader), 0),
      gapsOfKey: most(true),
      gapsOfPrefix: most(false),
      disasters: this.#disasters,
      degraded: this.#degraded,
      problems,
    };
  }

  #watch(name: string, node: WorldNode, what: string | { readonly prefix: string }): void {
    const watch = new Watch(this.#runner(node), what, undefined);
    const keys = typeof what === 'string' ? [what] : KEYS;
    const reader: Reader = { name, watch, keys, told: [] };
    this.#readers.push(reader);
    void (async () => {
      for await (const { type, key, value, version } of watch) {
        const toldAt = this.#world.now;
        reader.told.push({ type, key: String(key), value: value && String(value), version, toldAt });
        const dawdles = this.#options.mode === 'slow' && this.#writing && this.#random.below(20) === 0;
        if (dawdles) await this.#runner(node).pause(this.#random.float() * DAWDLE_MS, NEVER);
      }
    })();
  }

  /** One operation after the other, on the key that is watched alone or on another one. */
  #write(node: WorldNode): void {
    const pause = (): void => this.#world.after(this.#random.float() * 2 * WRITE_MS, () => this.#write(node));
    if (!this.#writing) return;
    if (node.connections.size === 0) return pause();
    const key = this.#random.below(3) === 0 ? KEY : at(KEYS, this.#random.below(KEYS.length));
    this.#writes += 1;
    const value = `${this.#writes}`;
    const operation = this.#operation(value);
    const wrote: Wrote = {
      key,
      value: operation.type === 'set' ? value : undefined,
      invokedAt: this.#world.now,
      version: undefined,
    };
    this.#wrote.push(wrote);
    void this.#acknowledged(node, key, operation).then(({ version, nothing }) => {
      wrote.version = version;
      if (nothing) this.#wrote.splice(this.#wrote.indexOf(wrote), 1);
      pause();
      return undefined;
    });
  }

  /** The version that it made; whether it is known to have made none. */
  async #acknowledged(
    node: WorldNode,
    key: string,
    operation: Operation,
  ): Promise<{ readonly version: string | undefined; readonly nothing: boolean }> {
    const command = { type: 'operate', key, operation, consistency: 'quorum' } as const;
    try {
      const { result } = await this.#runner(node).run<OperateResult>(command, { timeoutMs: TIMEOUT_MS });
      const made = result.type === 'stored' || (result.type === 'deleted' && result.existed);
      return { version: made ? result.version : undefined, nothing: !made };
    } catch {
      return { version: undefined, nothing: false };
    }
  }

  #operation(value: string): Operation {
    const draw = this.#random.below(10);
    if (draw === 0) return { type: 'delete', ifVersion: '' };
    const ttlMs = draw === 1 ? 1 + this.#random.below(3_000) : 0;
    return { type: 'set', value: new TextEncoder().encode(value), ttlMs, ifAbsent: false, ifVersion: '' };
  }

  async #changeOwners(): Promise<number> {
    let changes = 0;
    let owner = this.#owner();
    for (let i = 0; changes < this.#options.ownerChanges && i < 4 * this.#options.ownerChanges; i++) {
      await this.#event();
      const next = this.#owner();
      if (next !== owner) changes += 1;
      owner = next;
    }
    return changes;
  }

  /** Something that changes the owner of the key; then the ring becomes whole. */
  async #event(): Promise<void> {
    const { mode } = this.#options;
    const owner = this.#owner();
    if (mode === 'cuts' && this.#random.below(8) === 0) return this.#cut();
    const { length } = this.#world.members();
    const joins = length <= MEMBERS_MIN || (length < MEMBERS_MAX && this.#random.below(2) === 0);
    if (joins || owner === undefined || owner === this.#stays) await this.#join(owner);
    else if (!CRASHING.includes(mode) || this.#random.below(2) === 0) await this.#leave(owner);
    else {
      const silently = this.#random.below(3) === 0;
      this.#world.crash(owner, silently);
      const next = this.#holderBehind(owner);
      if (mode === 'losses' && this.#random.below(6) === 0 && next !== undefined) {
        this.#disasters += 1;
        this.#world.crash(next, silently);
      }
    }
    // Sometimes the next one comes soon; a crash has to wait until the copies are there again.
    if (!CRASHING.includes(mode) && this.#random.below(3) === 0) await this.#for(this.#random.float() * 200);
    else await this.#whole();
  }

  /** Both halves go on without the other; then they are one ring again. */
  async #cut(): Promise<void> {
    const world = this.#world;
    const left = world.running().filter((node) => node === this.#stays || this.#random.below(2) === 0);
    world.partition(
      left,
      world.running().filter((node) => !left.includes(node)),
    );
    this.#disasters += 1;
    await this.#for(this.#random.float() * CUT_MS);
    world.heal();
    await this.#whole();
  }

  /** The nearest other holder of the owner's copies, but the one that stays. */
  #holderBehind(owner: WorldNode): WorldNode | undefined {
    const ids = owner.machine.neighbourhood.successors.slice(0, 2).map(({ id }) => id);
    const holders = ids.map((id) => this.#world.members().find((node) => node.machine.self.id === id));
    return holders.find((node) => node !== undefined && node !== this.#stays);
  }

  /** A new member, between the key and its owner if there is one. */
  async #join(owner: WorldNode | undefined): Promise<void> {
    const node = this.#newcomer(owner);
    await this.#for(20);
    await this.#settle(node, { type: 'join' });
  }

  async #leave(owner: WorldNode): Promise<void> {
    await this.#settle(owner, { type: 'leave' });
    this.#world.crash(owner);
  }

  #newcomer(before?: WorldNode): WorldNode {
    const world = this.#world;
    const contact = this.#random.pick(world.members());
    const salt = before === undefined ? undefined : this.#saltBefore(before.machine.self.position);
    const node = world.add(1, salt);
    world.setClock(node, Math.floor((this.#random.float() * 2 - 1) * SKEW_MS));
    // It finds the ring again, as a user's addresses would have it, whatever becomes of its contact.
    world.remember(node, this.#stays ?? node);
    if (contact !== undefined) world.connect(node, contact);
    return node;
  }

  /** With it the next node owns the key, because it stands between the key and the position. */
  #saltBefore(position: number): number | undefined {
    const name = `node${this.#world.nodes.length}`;
    const publicKey = new TextEncoder().encode(name);
    const size = 2 ** K;
    for (let salt = 0; salt <= SALT_MAX; salt++) {
      const own = memberPosition(simulationHash, publicKey, salt, K);
      if (distance(this.#position, own, size) < distance(this.#position, position, size)) return salt;
    }
    return undefined;
  }

  #owner(): WorldNode | undefined {
    return this.#world.members().find((node) => node.machine.servesAt(this.#position));
  }

  #runner(node: WorldNode): SimRunner {
    const known =
      this.#runners.get(node) ?? new SimRunner(this.#world, node, K, this.#turns, this.#options.tamper);
    this.#runners.set(node, known);
    return known;
  }

  async #settle(node: WorldNode, command: { readonly type: 'join' | 'leave' }): Promise<void> {
    const number = this.#world.command(node, command, TIMEOUT_MS);
    await this.#until(() => node.outcomes.has(number), 2 * TIMEOUT_MS);
    node.outcomes.delete(number);
  }

  async #whole(): Promise<void> {
    const isWhole = (): boolean =>
      this.#world.members().every((node) => node.machine.health().underReplicated === 0) &&
      ringProblem(this.#world, CORE_LIMITS.successors) === undefined;
    // Asked now and then: it costs more than the events between.
    const end = this.#world.now + WHOLE_MS;
    while (!isWhole() && this.#world.now < end) await this.#for(50);
  }

  async #for(ms: number): Promise<void> {
    await this.#until(() => false, ms);
  }

  /** Runs the world, and has the watches take their turns in between. */
  async #until(done: () => boolean, maxMs: number): Promise<void> {
    const end = this.#world.now + maxMs;
    while (!done() && this.#world.now < end) {
      this.#world.runUntil(() => this.#turns.due || done(), end - this.#world.now);
      if (!this.#turns.due) continue;
      this.#turns.due = false;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
