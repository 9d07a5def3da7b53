// ExperimentWorld: many shipped machines in virtual time, for measuring rather than for breaking them: no
// faults but death, messages that cost as little as possible, and a hook that sees every one of them. It owns
// time, delivery and who lives; world.ts is the one that tries to break them.
import { fromKey } from '../../core/bytes.ts';
import type { Command } from '../../core/command.ts';
import type { Effect, MachineEvent, Outcome } from '../../core/effect.ts';
import type { CoreLimits } from '../../core/limits.ts';
import { CORE_LIMITS } from '../../core/limits.ts';
import { Machine } from '../../core/machine.ts';
import type { Message, Tables } from '../../core/message.ts';
import type { Hash } from '../../core/position.ts';
import { keyPosition } from '../../core/position.ts';
import type { Profile } from '../../core/profile.ts';
import { Random } from '../../core/random.ts';
import { Timers } from '../../core/timers.ts';
import { simulationHash } from '../hash.ts';
import { Pairs } from './pairs.ts';

export interface ExperimentWorldOptions {
  readonly seed: number;
  readonly k: number;
  /** Shared by all machines: an experiment may change its fields between its phases. */
  readonly profile: Profile;
  readonly replicas?: number;
  readonly limits?: Partial<CoreLimits>;
  readonly hash?: Hash;
  /** Delay of a message in milliseconds: fixed, or the mean of an exponential distribution. */
  readonly delayMs: number;
  readonly exponential?: boolean;
  /**
   * Whether connections are opened, kept and broken, as on sockets; else every message just arrives, and the
   * dead are silent.
   */
  readonly connections?: boolean;
  /** Length of public keys and the host of all members, where the size of messages matters. */
  readonly keyBytes?: number;
  readonly host?: string;
}

export interface ExperimentNode {
  readonly index: number;
  readonly machine: Machine;
  alive: boolean;
  /** When its machine is woken next. */
  wakeAt: number;
}

/** What an experiment may look at, or count. */
export interface ExperimentWatch {
  sent?(from: ExperimentNode, to: ExperimentNode, message: Message): void;
  arrived?(from: ExperimentNode, to: ExperimentNode, message: Message): void;
  settled?(node: ExperimentNode, command: number, outcome: Outcome): void;
  event?(node: ExperimentNode, event: MachineEvent): void;
  /** A connection was opened; the tables that each side's welcome carries. */
  opened?(from: ExperimentNode, to: ExperimentNode, tables: readonly (Tables | undefined)[]): void;
}

interface Envelope {
  readonly at: number;
  readonly from: ExperimentNode;
  readonly to: ExperimentNode;
  readonly message: Message;
}

const HOST = 'sim';
/** Delivered envelopes that may lie at the front of the queue before it is cut. */
const DELIVERED_MAX = 65_536;

export class ExperimentWorld {
  now = 0;
  delivered = 0;
  watch: ExperimentWatch = {};
  readonly nodes: ExperimentNode[] = [];
  readonly random: Random;
  readonly #options: ExperimentWorldOptions;
  readonly #hash: Hash;
  readonly #byId = new Map<string, ExperimentNode>();
  readonly #timers = new Timers();
  /** With a fixed delay messages arrive in the order in which they were sent: no heap is needed. */
  #mail: Envelope[] = [];
  #opened = 0;
  readonly #arrivals = new Pairs<number>();
  readonly #links = new Pairs<true>();

  constructor(options: ExperimentWorldOptions) {
    this.#options = options;
    this.#hash = options.hash ?? simulationHash;
    this.random = new Random(options.seed);
  }

  /** A node that listens and knows nobody. */
  add(): ExperimentNode {
    const index = this.nodes.length;
    const { k, replicas = 3, profile, limits = {} } = this.#options;
    // Another seed, other keys: else every ring of an experiment would have the same members.
    const publicKey = new Uint8Array(this.#options.keyBytes ?? 6);
    for (let i = 0; i < 3; i++) {
      publicKey[i] = (index >> (8 * i)) & 255;
      publicKey[i + 3] = (this.#options.seed >> (8 * i)) & 255;
    }
    const machine = new Machine({
      k,
      hash: this.#hash,
      seed: this.random.below(2 ** 32),
      publicKey,
      id: `node${index}`,
      incarnation: 1,
      replicas,
      profile,
      limits: { ...CORE_LIMITS, ...limits },
    });
    const node: ExperimentNode = { index, machine, alive: true, wakeAt: Infinity };
    this.nodes.push(node);
    this.#byId.set(machine.self.id, node);
    machine.handleClock(1_700_000_000_000);
    machine.handleListening(this.now, this.#options.host ?? HOST, index + 1);
    this.#drain(node);
    return node;
  }

  /** The node is connected to a member, at once. */
  connect(node: ExperimentNode, member: ExperimentNode): void {
    if (this.#options.connections === true) return this.#open(node, member);
    const { self } = member.machine;
    node.machine.handleConnected(this.now, self, true, member.machine.tables());
    this.#drain(node);
  }

  /** Returns the command's number; its outcome goes to `watch.settled`. */
  command(node: ExperimentNode, command: Command, timeoutMs: number): number {
    const number = node.machine.start(this.now, command, timeoutMs);
    this.#drain(node);
    return number;
  }

  at(ms: number, action: () => void): void {
    this.#timers.set(ms, action);
  }

  crash(node: ExperimentNode): void {
    node.alive = false;
    for (const index of this.#links.of(node.index)) {
      const other = this.nodes[index];
      this.#links.remove(node.index, index);
      this.#links.remove(index, node.index);
      if (other === undefined) continue;
      this.#later(() => {
        if (!other.alive) return;
        other.machine.handleDisconnected(this.now, node.machine.self.id);
        this.#drain(other);
      });
    }
  }

  revive(node: ExperimentNode): void {
    node.alive = true;
  }

  members(): ExperimentNode[] {
    return this.nodes.filter((node) => node.alive && node.machine.member);
  }

  positionOf(key: string): number {
    return keyPosition(this.#hash, fromKey(key), this.#options.k);
  }

  nodeOf(id: string): ExperimentNode | undefined {
    return this.#byId.get(id);
  }

  /** Virtual milliseconds until something happens; Infinity = nothing ever will. */
  get quietMs(): number {
    return this.#next() - this.now;
  }

  run(ms: number): void {
    this.runUntil(() => false, ms);
  }

  /** Runs until `done` holds or the virtual time is over; `done` is asked after every event. */
  runUntil(done: () => boolean, maxMs: number): boolean {
    const end = this.now + maxMs;
    while (!done()) {
      const at = this.#next();
      if (at > end) {
        this.now = end;
        return done();
      }
      this.#step(at);
    }
    return true;
  }

  #next(): number {
    const mail = this.#mail[this.#opened];
    return Math.min(mail === undefined ? Infinity : mail.at, this.#timers.next());
  }

  #step(at: number): void {
    this.now = Math.max(this.now, at);
    const mail = this.#mail[this.#opened];
    if (mail === undefined || mail.at > at) {
      this.#timers.due(this.now)?.();
      return;
    }
    this.#opened += 1;
    if (this.#opened >= DELIVERED_MAX) {
      this.#mail = this.#mail.slice(this.#opened);
      this.#opened = 0;
    }
    this.#arrive(mail);
  }

  #arrive({ from, to, message }: Envelope): void {
    if (!to.alive) return;
    if (this.#options.connections === true && !this.#links.has(from.index, to.index)) return;
    this.delivered += 1;
    this.watch.arrived?.(from, to, message);
    to.machine.handleMessage(this.now, from.machine.self.id, message);
    this.#drain(to);
  }

  #drain(node: ExperimentNode): void {
    const { machine } = node;
    for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
      this.#carryOut(node, effect);
    }
    this.#arm(node);
  }

  #arm(node: ExperimentNode): void {
    const at = node.machine.nextTimeout();
    if (at >= node.wakeAt) return;
    node.wakeAt = at;
    this.#timers.set(at, () => {
      if (node.wakeAt !== at) return;
      node.wakeAt = Infinity;
      if (!node.alive) return;
      node.machine.handleTimeout(this.now);
      this.#drain(node);
    });
  }

  #carryOut(node: ExperimentNode, effect: Effect): void {
    switch (effect.type) {
      case 'send': {
        const to = this.#byId.get(typeof effect.to === 'string' ? effect.to : effect.to.id);
        if (to !== undefined) this.#send(node, to, effect.message);
        return;
      }
      case 'dial': {
        const to = this.nodes[effect.port - 1];
        if (to !== undefined) this.#later(() => this.#dialled(node, to));
        return;
      }
      case 'verify': {
        const reached = this.#byId.get(effect.contact.id)?.alive === true;
        return this.#later(() => {
          if (!node.alive) return;
          node.machine.handleVerified(this.now, effect.token, reached, 'nobody there');
          this.#drain(node);
        });
      }
      case 'save':
        // No machine here is durable.
        return;
      case 'settle':
        return this.watch.settled?.(node, effect.command, effect.outcome);
      case 'event':
        this.watch.event?.(node, effect.event);
    }
  }

  #send(from: ExperimentNode, to: ExperimentNode, message: Message): void {
    if (this.#options.connections !== true) {
      this.watch.sent?.(from, to, message);
      return this.#post(from, to, message);
    }
    if (this.#links.has(from.index, to.index)) {
      this.watch.sent?.(from, to, message);
      return this.#post(from, to, message);
    }
    // A connection costs a round trip of its own, and two more for the handshake.
    this.#later(() => {
      if (!from.alive) return;
      this.#dialled(from, to);
      if (!to.alive) return from.machine.handleUnreachable(this.now, to.machine.self.id);
      this.watch.sent?.(from, to, message);
      this.#post(from, to, message);
    }, 6);
  }

  #post(from: ExperimentNode, to: ExperimentNode, message: Message): void {
    const { delayMs, exponential } = this.#options;
    if (exponential !== true) {
      this.#mail.push({ at: this.now + delayMs, from, to, message });
      return;
    }
    // A connection keeps the order.
    const before = this.#arrivals.get(from.index, to.index) ?? 0;
    const at = Math.max(this.now + this.#delay(), before);
    this.#arrivals.set(from.index, to.index, at);
    this.#timers.set(at, () => this.#arrive({ at, from, to, message }));
  }

  #dialled(from: ExperimentNode, to: ExperimentNode): void {
    if (!from.alive) return;
    const { host, port } = to.machine.self;
    if (to.alive) this.#open(from, to);
    else from.machine.handleDialFailed(this.now, host, port);
    this.#drain(from);
  }

  #open(from: ExperimentNode, to: ExperimentNode): void {
    if (from === to || this.#links.has(from.index, to.index)) return;
    const tables = [
      to.machine.seeksHome ? from.machine.tables() : undefined,
      from.machine.seeksHome ? to.machine.tables() : undefined,
    ] as const;
    if (this.#options.connections === true) {
      this.#links.set(from.index, to.index, true);
      this.#links.set(to.index, from.index, true);
      this.watch.opened?.(from, to, tables);
    }
    for (const [a, b, its] of [
      [from, to, tables[1]],
      [to, from, tables[0]],
    ] as const) {
      a.machine.handleConnected(this.now, b.machine.self, b.machine.member, its);
      this.#drain(a);
    }
  }

  #later(action: () => void, delays = 1): void {
    let ms = 0;
    for (let i = 0; i < delays; i++) ms += this.#delay();
    this.#timers.set(this.now + ms, action);
  }

  #delay(): number {
    const { delayMs, exponential } = this.#options;
    return exponential === true ? -delayMs * Math.log(1 - this.random.float()) : delayMs;
  }
}
