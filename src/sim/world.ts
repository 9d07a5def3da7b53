// World: machines in virtual time, joined by a seeded network. It owns the clock, the order of events and
// what the network does to messages; the machines are the very ones that ship. Nothing here waits: a minute
// passes as fast as its events.
import type { Command } from '../core/command.ts';
import type { Contact } from '../core/contact.ts';
import type { Effect, MachineEvent, Outcome } from '../core/effect.ts';
import type { Message } from '../core/message.ts';
import { Random } from '../core/random.ts';
import type { SavedRecord } from '../core/saved.ts';
import { Timers } from '../core/timers.ts';
import { SimDisk } from './disk.ts';
import { Network } from './network.ts';
import { Trace } from './trace.ts';
import type { WorldNode, WorldOptions } from './world-node.ts';
import { machineOf, namesOf } from './world-node.ts';

export type { WorldNode, WorldOptions } from './world-node.ts';

const HOST = 'sim';
/** The wall time of the world's beginning. */
const EPOCH_MS = 1_700_000_000_000;
/** Events kept of each node, for tests to look at. */
const EVENTS_MAX = 1_000;

export class World {
  readonly nodes: WorldNode[] = [];
  now = 0;
  readonly random: Random;
  readonly network: Network;
  readonly trace: Trace = new Trace();
  readonly #options: WorldOptions;
  readonly #queue = new Timers();
  readonly #byId = new Map<string, WorldNode>();
  /** Called after every input of a node: for checks that hold at each step. */
  onInput: ((node: WorldNode) => void) | undefined;
  /** Called for every message that arrives, before its receiver reads it: for readers and for stepping. */
  onMessage: ((from: WorldNode, to: WorldNode, message: Message) => void) | undefined;
  /** Called when a command ends, possibly before `command` has returned its number. */
  onSettle: ((node: WorldNode, command: number, outcome: Outcome) => void) | undefined;
  onEvent: ((node: WorldNode, event: MachineEvent) => void) | undefined;
  /** Messages that were delivered. */
  delivered = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.random = new Random(options.seed);
    this.network = new Network(new Random(this.random.below(2 ** 32)), options.network);
  }

  /** A new node, listening, connected to nobody; it joins where the salt puts it, if that place is free. */
  add(incarnation = 1, preferredSalt?: number): WorldNode {
    const index = this.nodes.length;
    const name = `node${index}`;
    const port = index + 1;
    const { disks } = this.#options;
    const node: WorldNode = {
      index,
      name,
      port,
      machine: machineOf(this.#options, this.random, {
        name,
        incarnation,
        preferredSalt,
        birth: incarnation,
      }),
      state: 'running',
      connections: new Set(),
      events: [],
      outcomes: new Map(),
      skewMs: 0,
      disk: disks === undefined ? undefined : new SimDisk(new Random(this.random.below(2 ** 32)), disks),
      birth: incarnation,
      held: [],
      wakesAt: Infinity,
    };
    this.nodes.push(node);
    this.#byId.set(node.machine.self.id, node);
    this.#begin(node);
    return node;
  }

  /** A connection is asked for as a user would; resolved by running the world. */
  connect(from: WorldNode, to: WorldNode): void {
    this.#later(() => this.#open(from, to));
  }

  command(node: WorldNode, command: Command, timeoutMs = 10_000): number {
    const number = node.machine.start(this.now, command, timeoutMs);
    this.#drain(node);
    return number;
  }

  /** Runs until `done` holds, or the virtual time is over; returns whether it held. */
  runUntil(done: () => boolean, maxMs: number): boolean {
    const end = this.now + maxMs;
    while (!done()) {
      const next = this.#queue.next();
      if (next > end) {
        this.now = end;
        return done();
      }
      this.#step(next);
    }
    return true;
  }

  /** Something that happens to the world later on. */
  after(ms: number, action: () => void): void {
    this.#queue.set(this.now + ms, action);
  }

  run(ms: number): void {
    this.runUntil(() => false, ms);
  }

  /** The outcome of a command, running the world until it is there. */
  settle(node: WorldNode, command: Command, timeoutMs = 10_000): Outcome {
    const number = this.command(node, command, timeoutMs);
    this.runUntil(() => node.outcomes.has(number), timeoutMs * 2);
    const outcome = node.outcomes.get(number);
    node.outcomes.delete(number);
    return (
      outcome ?? { ok: false, failure: { code: 'UNSETTLED', message: `${command.type} was never settled` } }
    );
  }

  /** An address that the node tries for ever, as a user configures them. */
  remember(node: WorldNode, other: WorldNode): void {
    node.machine.remember(this.now, HOST, other.port);
    this.#drain(node);
  }

  /** The process dies: its connections break; `silently`, as a power cut does, they just say nothing more. */
  crash(node: WorldNode, silently = false): void {
    this.note(`${node.name} ${silently ? 'is without power' : 'crashes'}`);
    node.state = 'dead';
    node.disk?.crash();
    if (!silently) this.#closeAll(node);
  }

  /**
   * The process starts again under the same identity: with what it had written down, or `erased`, without any
   * memory.
   */
  restart(node: WorldNode, preferredSalt?: number, erased = false): void {
    this.#closeAll(node);
    const incarnation = node.machine.self.incarnation + 1;
    if (erased) node.disk?.erase();
    const { records, damaged } = node.disk?.load() ?? { records: [], damaged: 0 };
    // As persistence.ts: who has lost anything may not vote as the one that acknowledged it. Who was killed
    // before anything had to be written has lost nothing: since when it remembers is written before all else.
    if (node.disk === undefined || erased || damaged > 0) node.birth = incarnation;
    this.note(`${node.name} restarts with ${records.length} records, ${damaged} damaged`);
    const life = { name: node.name, incarnation, preferredSalt, birth: node.birth };
    node.machine = machineOf(this.#options, this.random, life);
    node.state = 'running';
    node.held.length = 0;
    node.outcomes.clear();
    if (records.length > 0) node.machine.restore(this.now, records, node.birth);
    this.#begin(node);
  }

  /** The process stands still: messages wait, timers do not run. */
  pause(node: WorldNode): void {
    this.note(`${node.name} stands still`);
    node.state = 'paused';
  }

  resume(node: WorldNode): void {
    this.note(`${node.name} goes on`);
    node.state = 'running';
    for (const action of node.held.splice(0)) action();
    this.#arm(node);
  }

  /** Its wall clock jumps: ahead by that much of the world's from now on. */
  setClock(node: WorldNode, skewMs: number): void {
    node.skewMs = skewMs;
    this.#input(node, () => node.machine.handleClock(EPOCH_MS + skewMs));
  }

  /** No message passes between the groups any more; connections stay open and say nothing. */
  partition(groupA: readonly WorldNode[], groupB: readonly WorldNode[]): void {
    this.note(`no message passes between [${namesOf(groupA)}] and [${namesOf(groupB)}]`);
    for (const a of groupA) {
      for (const b of groupB) {
        this.network.cut(a.index, b.index);
        this.network.cut(b.index, a.index);
      }
    }
  }

  heal(): void {
    this.note('every message passes');
    this.network.heal();
  }

  running(): WorldNode[] {
    return this.nodes.filter((node) => node.state === 'running');
  }

  members(): WorldNode[] {
    return this.running().filter((node) => node.machine.member);
  }

  #begin(node: WorldNode): void {
    node.machine.handleClock(EPOCH_MS + node.skewMs);
    node.machine.handleListening(this.now, HOST, node.port);
    this.#drain(node);
  }

  #step(at: number): void {
    this.now = Math.max(this.now, at);
    for (let action = this.#queue.due(this.now); action; action = this.#queue.due(this.now)) action();
  }

  #later(action: () => void): void {
    this.#queue.set(this.now + this.network.delay(), action);
  }

  #drain(node: WorldNode): void {
    for (let effect = node.machine.poll(); effect !== undefined; effect = node.machine.poll()) {
      this.#carryOut(node, effect);
    }
    this.#arm(node);
  }

  #arm(node: WorldNode): void {
    const at = node.machine.nextTimeout();
    if (node.state === 'dead' || at === Infinity || node.wakesAt <= at) return;
    node.wakesAt = at;
    this.#queue.set(at, () => {
      if (node.wakesAt !== at) return;
      node.wakesAt = Infinity;
      this.#input(node, () => node.machine.handleTimeout(this.now));
    });
  }

  #input(node: WorldNode, action: () => void): void {
    if (node.state === 'dead') return;
    if (node.state === 'paused') {
      node.held.push(() => this.#input(node, action));
      return;
    }
    action();
    this.#drain(node);
    this.onInput?.(node);
  }

  #carryOut(node: WorldNode, effect: Effect): void {
    switch (effect.type) {
      case 'send':
        return this.#send(node, effect.to, effect.message);
      case 'dial': {
        const to = this.nodes[effect.port - 1];
        if (to !== undefined) this.#later(() => this.#open(node, to));
        return;
      }
      case 'verify': {
        const to = this.nodes[effect.contact.port - 1];
        const reached = to !== undefined && to.state !== 'dead' && to.machine.self.id === effect.contact.id;
        this.#later(() =>
          this.#input(node, () =>
            node.machine.handleVerified(this.now, effect.token, reached, 'nobody there'),
          ),
        );
        return;
      }
      case 'save':
        return this.#save(node, effect.token, effect.records);
      case 'settle':
        node.outcomes.set(effect.command, effect.outcome);
        this.onSettle?.(node, effect.command, effect.outcome);
        return;
      case 'event':
        node.events.push(effect.event);
        if (node.events.length > EVENTS_MAX) node.events.shift();
        if (effect.event.type === 'degraded') this.note(`${node.name} is degraded: ${effect.event.message}`);
        this.onEvent?.(node, effect.event);
    }
  }

  /** The disk goes on while the process stands still; a new process hears of nothing old. */
  #save(node: WorldNode, token: number, records: readonly SavedRecord[]): void {
    const { disk, machine } = node;
    if (disk === undefined) return;
    this.#queue.set(disk.write(this.now, records), () => {
      if (node.machine !== machine || node.state === 'dead') return;
      const saved = disk.finish();
      this.#input(node, () => {
        if (node.machine !== machine) return;
        if (saved) machine.handleSaved(this.now, token);
        else machine.handleSaveFailed(this.now, token, 'the disk is full');
      });
    });
  }

  #send(from: WorldNode, to: Contact | string, message: Message): void {
    const id = typeof to === 'string' ? to : to.id;
    const target = this.#byId.get(id);
    if (target === undefined) return;
    if (from.connections.has(target)) return this.#deliver(from, target, message);
    if (typeof to === 'string') return;
    if (target.state === 'dead') {
      this.#later(() => this.#input(from, () => from.machine.handleUnreachable(this.now, id)));
      return;
    }
    if (this.#isCut(from, target)) return;
    this.#later(() => {
      this.#open(from, target);
      if (from.connections.has(target)) this.#deliver(from, target, message);
    });
  }

  #deliver(from: WorldNode, to: WorldNode, message: Message): void {
    if (this.#isCut(from, to)) return;
    const receiver = to.machine;
    for (const at of this.network.arrivals(from.index, to.index, this.now)) {
      this.#queue.set(at, () => {
        if (!to.connections.has(from) || to.machine !== receiver || this.#isCut(from, to)) return;
        this.delivered += 1;
        this.#noteMessage(from, to, message);
        this.onMessage?.(from, to, message);
        this.#input(to, () => to.machine.handleMessage(this.now, from.machine.self.id, message));
      });
    }
  }

  /** Writes what happened into the trace, if one is kept. */
  note(text: string): void {
    if (this.#options.traced === true) this.trace.note(this.now, text);
  }

  #noteMessage(from: WorldNode, to: WorldNode, { direction, number, body }: Message): void {
    if (this.#options.traced !== true) return;
    const sign = direction === 'request' ? '?' : '!';
    this.trace.note(this.now, `${from.name} > ${to.name} ${body.type}${sign}${number}`);
  }

  #open(from: WorldNode, to: WorldNode): void {
    if (from.state === 'dead' || from.connections.has(to) || from === to) return;
    if (to.state === 'dead') {
      const { host, port } = to.machine.self;
      return this.#input(from, () => from.machine.handleDialFailed(this.now, host, port));
    }
    if (this.#isCut(from, to)) return;
    from.connections.add(to);
    to.connections.add(from);
    for (const [a, b] of [
      [from, to],
      [to, from],
    ] as const) {
      const { self, member } = b.machine;
      const tables = a.machine.seeksHome ? b.machine.tables() : undefined;
      this.#input(a, () => a.machine.handleConnected(this.now, self, member, tables));
    }
  }

  #closeAll(node: WorldNode): void {
    for (const other of node.connections) this.#close(node, other);
  }

  #close(a: WorldNode, b: WorldNode): void {
    a.connections.delete(b);
    b.connections.delete(a);
    this.#later(() => this.#input(b, () => b.machine.handleDisconnected(this.now, a.machine.self.id)));
  }

  #isCut(from: WorldNode, to: WorldNode): boolean {
    return this.network.isCut(from.index, to.index);
  }
}
