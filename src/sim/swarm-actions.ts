// The actions of a swarm run: each one thing that happens to nodes or to the network, and the end of it. It
// owns what was done and to whom; which action comes next is drawn by the swarm.
import type { Command } from '../core/command.ts';
import type { OperateResult } from '../core/command.ts';
import type { Outcome } from '../core/effect.ts';
import { CORE_LIMITS } from '../core/limits.ts';
import type { Operation } from '../core/message.ts';
import { PROFILES } from '../core/profile.ts';
import type { Random } from '../core/random.ts';
import type { SimDisk } from './disk.ts';
import { CALM_NETWORK } from './network.ts';
import { ringProblem } from './ring-check.ts';
import type { SwarmAction, SwarmOptions } from './swarm-options.ts';
import type { World, WorldNode } from './world.ts';

interface Asked {
  readonly node: WorldNode;
  readonly machine: WorldNode['machine'];
  readonly number: number;
  readonly type: string;
  readonly by: number;
}

const COMMAND_MS = 5_000;
/** A connection of the first nodes takes less than this, or the network says nothing at all. */
const CONNECT_MS = 10_000;
const PAUSE_MAX_MS = 30_000;
/** Less than anybody takes to notice, up to longer than that. */
const BOUNCE_MAX_MS = 1_500;
const DISK_FULL_MAX_MS = 10_000;
const DISK_LOST_PART = 0.1;
/** Shorter than the patience of the profile: in a gentle run nobody is given up for it. */
const SHORT_CUT_MS = PROFILES.local.evictAfterMs / 2;
/** A command may be late by as long as a timer of a process that stood still. */
const LATE_MS = 100;

export class SwarmActions {
  readonly #world: World;
  readonly #options: SwarmOptions;
  readonly #random: Random;
  #asked: Asked[] = [];
  /** Nodes that were told to leave, and stay clients. */
  readonly #left = new Set<WorldNode>();
  /** Nodes that are clients for ever. */
  readonly #leeches = new Set<WorldNode>();
  #cut = false;
  #driftedAt = 0;
  readonly #joining = new Map<WorldNode, number>();

  constructor(world: World, options: SwarmOptions, random: Random) {
    this.#world = world;
    this.#options = options;
    this.#random = random;
  }

  /** The first nodes: one ring, or two that were started apart. */
  begin(): void {
    const { nodes, apart } = this.#options;
    for (let i = 0; i < nodes; i++) {
      const node = this.#world.add();
      const seedIndex = apart && i % 2 === 1 ? 1 : 0;
      const seed = this.#world.nodes[seedIndex];
      if (seed !== undefined && seed !== node) this.#world.connect(node, seed);
      if (seed === undefined || seed === node) this.#world.run(20);
      else this.#world.runUntil(() => node.machine.known().length > 0, CONNECT_MS);
      this.#join(node);
    }
    for (let i = 0; i < this.#options.leeches; i++) {
      const node = this.#world.add();
      this.#leeches.add(node);
      this.#left.add(node);
      this.#introduce(node);
    }
    // As users configure them: everybody is told of the first two.
    for (const node of this.#world.nodes) this.#configure(node);
  }

  act(action: SwarmAction): void {
    this.#drift();
    if (this.#options.gentle) this.#actGently(action);
    else this.#act(action);
  }

  /** One thing at a time: while anything is wrong, things only get better. */
  #actGently(action: SwarmAction): void {
    const harmless = action === 'restart' || action === 'rejoin' || action === 'heal';
    if (harmless || action === 'operate' || action === 'clock' || this.#whole()) {
      const cuts = action === 'partition' || action === 'isolate' || action === 'one-way';
      return cuts ? this.#cutShortly() : this.#act(action);
    }
    this.#act('heal');
    this.#act('rejoin');
  }

  /** Nothing is wrong that anybody could see: every arc is served and has all of its copies. */
  #whole(): boolean {
    if (this.#cut || this.#world.nodes.some((node) => node.state === 'paused')) return false;
    if (this.membersMissing() !== undefined) return false;
    if (ringProblem(this.#world, CORE_LIMITS.successors) !== undefined) return false;
    return this.#world.members().every((node) => node.machine.health().underReplicated === 0);
  }

  /** One node alone, for less than anybody's patience. */
  #cutShortly(): void {
    this.#divide('isolate');
    this.#world.after(SHORT_CUT_MS, () => {
      this.#world.heal();
      this.#cut = false;
    });
  }

  #act(action: SwarmAction): void {
    const node = this.#random.pick(this.#world.running());
    const members = this.#world.members();
    switch (action) {
      case 'crash':
      case 'power-cut':
        if (node !== undefined && members.length > 2) this.#world.crash(node, action === 'power-cut');
        return;
      case 'bounce':
        if (node !== undefined && members.length > 2) this.#bounce(node);
        return;
      case 'restart':
        return this.#restart(this.#random.pick(this.#world.nodes.filter((other) => other.state === 'dead')));
      case 'add':
        if (this.#world.nodes.length < this.#options.nodesMax) this.#add();
        return;
      case 'leave':
        if (node !== undefined && node.machine.member && members.length > 2) this.#leave(node);
        return;
      case 'rejoin':
        return this.rejoin();
      case 'pause':
        if (node !== undefined && members.length > 2) this.#pause(node);
        return;
      case 'heal':
        this.#cut = false;
        return this.#world.heal();
      case 'clock':
        if (node !== undefined) this.#world.setClock(node, this.#random.below(7_200_000) - 3_600_000);
        return;
      case 'disk-full':
        if (node?.disk !== undefined) this.#fill(node.disk);
        return;
      case 'operate':
        return;
      default:
        return this.#divide(action);
    }
  }

  /** The faults end. */
  calm(): void {
    Object.assign(this.#world.network.faults, CALM_NETWORK);
    this.#world.heal();
    for (const node of this.#world.nodes) {
      if (node.disk !== undefined) Object.assign(node.disk.faults, { full: false, stalls: 0 });
      if (node.state === 'paused') this.#world.resume(node);
      // Where nobody goes on without a majority, those that have it on their disks come back.
      if (node.state === 'dead' && this.#options.onQuorumLost === 'refuse') this.#restart(node);
    }
    this.#meet();
    this.rejoin();
  }

  /** Rings begun apart, when none of the addresses that all were given answers: their users give another. */
  #meet(): void {
    const world = this.#world;
    const [first, ...others] = world.members();
    if (first === undefined || this.#seeds.some(({ state }) => state !== 'dead')) return;
    for (const node of others) world.connect(node, first);
  }

  /**
   * Every client that should be a member asks to be one, unless it is about to be, or was told that the
   * ring is full.
   */
  rejoin(): void {
    for (const node of this.#world.running()) {
      const number = this.#joining.get(node);
      const outcome = number === undefined ? undefined : node.outcomes.get(number);
      if (number !== undefined && outcome === undefined) continue;
      if (node.machine.member) continue;
      // Where nobody that it knew is left, its user gives it another address.
      if (node.machine.known().length === 0) this.#introduce(node);
      if (this.#left.has(node) || isFull(outcome)) continue;
      // Who has not found anybody yet would begin a ring of its own.
      const mayBegin = this.#options.apart || this.#world.members().length === 0;
      if (mayBegin || node.machine.known().length > 0) this.#join(node);
    }
  }

  /** A node that should be a member and is not; undefined where there is none. */
  membersMissing(): string | undefined {
    for (const node of this.#world.running()) {
      const outcome = node.outcomes.get(this.#joining.get(node) ?? 0);
      if (!node.machine.member && node.machine.known().length === 0) return `${node.name} knows no member`;
      if (node.machine.member || this.#left.has(node)) continue;
      if (isFull(outcome) && this.#world.members().length >= 2 ** this.#options.k) continue;
      if (isFull(outcome)) this.#joining.delete(node);
      return `${node.name} is not a member: ${describe(outcome)}`;
    }
    return undefined;
  }

  /** Writes and reads one key through the node; undefined where both went well. */
  roundTrip(node: WorldNode): string | undefined {
    const key = `last ${node.name}`;
    const value = new TextEncoder().encode(key);
    const written = this.#world.settle(node, this.#command(key, { ...SET, value }), COMMAND_MS);
    if (!written.ok) return `${node.name} cannot set: ${describe(written)}`;
    const read = this.#world.settle(node, this.#command(key, { type: 'get' }), COMMAND_MS);
    if (!read.ok) return `${node.name} cannot get: ${describe(read)}`;
    const { result } = read.value as OperateResult;
    if (result.type !== 'value') return `${node.name} has set "${key}" and reads nothing`;
    return undefined;
  }

  /** A command of a process that ran on, which was not answered in its time. */
  unsettled(): string | undefined {
    for (const { node, machine, number, type, by } of this.#asked) {
      if (node.machine !== machine || node.state !== 'running' || node.outcomes.has(number)) continue;
      if (this.#world.now > by + LATE_MS)
        return `${type} of ${node.name}, due at ${by.toFixed(0)}, was not settled`;
    }
    return undefined;
  }

  #add(): void {
    const node = this.#world.add();
    this.#configure(node);
    this.#introduce(node);
  }

  #fill(disk: SimDisk): void {
    disk.faults.full = true;
    this.#world.after(this.#random.float() * DISK_FULL_MAX_MS, () => {
      disk.faults.full = false;
    });
  }

  /** A process that its supervisor starts again at once. */
  #bounce(node: WorldNode): void {
    this.#world.crash(node);
    this.#world.after(this.#random.float() * BOUNCE_MAX_MS, () => {
      if (node.state === 'dead') this.#restart(node);
    });
  }

  #restart(node: WorldNode | undefined): void {
    if (node === undefined) return;
    // Some go back to where they stood.
    const { salt } = node.machine.self;
    const former = this.#random.float() < 0.5 ? salt : undefined;
    // A disk may be lost where copies are left elsewhere, or where less is asked.
    const { onQuorumLost, gentle } = this.#options;
    const erased = (onQuorumLost === 'heal' || gentle) && this.#random.float() < DISK_LOST_PART;
    this.#world.restart(node, former, erased);
    if (!this.#leeches.has(node)) this.#left.delete(node);
    this.#joining.delete(node);
    this.#configure(node);
    this.#introduce(node);
  }

  /** Whose addresses everybody is given. */
  get #seeds(): readonly WorldNode[] {
    return this.#world.nodes.slice(0, 2);
  }

  #configure(node: WorldNode): void {
    for (const seed of this.#seeds) if (seed !== node) this.#world.remember(node, seed);
  }

  #introduce(node: WorldNode): void {
    const other = this.#random.pick(this.#world.members().filter((member) => member !== node));
    if (other !== undefined) this.#world.connect(node, other);
  }

  #join(node: WorldNode): void {
    this.#left.delete(node);
    this.#joining.set(node, this.#ask(node, { type: 'join' }));
  }

  #leave(node: WorldNode): void {
    this.#left.add(node);
    this.#ask(node, { type: 'leave' });
  }

  #pause(node: WorldNode): void {
    this.#world.pause(node);
    this.#world.after(this.#random.float() * PAUSE_MAX_MS, () => {
      if (node.state === 'paused') this.#world.resume(node);
    });
  }

  /** Wall clocks that are not quite right: each by its own rate, half of them slow. */
  #drift(): void {
    const passed = this.#world.now - this.#driftedAt;
    this.#driftedAt = this.#world.now;
    if (this.#options.drift === 0) return;
    for (const node of this.#world.nodes) {
      const rate = this.#options.drift * (((node.index * 7) % 11) / 5 - 1);
      this.#world.setClock(node, node.skewMs + passed * rate);
    }
  }

  #command(key: string, operation: Operation): Command {
    return { type: 'operate', key, operation, consistency: 'quorum' };
  }

  #ask(node: WorldNode, command: Command): number {
    const number = this.#world.command(node, command, COMMAND_MS);
    const { now } = this.#world;
    this.#asked = this.#asked.filter((one) => !one.node.outcomes.has(one.number));
    this.#asked.push({ node, machine: node.machine, number, type: command.type, by: now + COMMAND_MS });
    return number;
  }

  #divide(action: 'partition' | 'isolate' | 'one-way' | 'break-pair'): void {
    const nodes = this.#world.nodes.filter((node) => node.state !== 'dead');
    const node = this.#random.pick(nodes);
    if (node === undefined) return;
    this.#cut = true;
    const others = nodes.filter((other) => other !== node);
    if (action === 'isolate') return this.#world.partition([node], others);
    const peer = this.#random.pick(others);
    if (peer === undefined) return;
    if (action === 'break-pair') return this.#world.partition([node], [peer]);
    if (action === 'one-way') return this.#world.network.cut(node.index, peer.index);
    const left = nodes.filter(() => this.#random.float() < 0.5);
    this.#world.partition(
      left,
      nodes.filter((other) => !left.includes(other)),
    );
  }
}

const SET = { type: 'set', ttlMs: 0, ifAbsent: false, ifVersion: '' } as const;

function isFull(outcome: Outcome | undefined): boolean {
  return outcome?.ok === false && outcome.failure.code === 'ERR_RING_FULL';
}

function describe(outcome: Outcome | undefined): string {
  if (outcome === undefined) return 'under way';
  return outcome.ok ? 'done' : `${outcome.failure.code} ${outcome.failure.message}`;
}
