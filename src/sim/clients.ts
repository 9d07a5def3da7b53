// Clients: programs that use the dictionary while the world breaks, one operation at a time each, through
// nodes that may be clients or members. It owns who asks whom and when, and writes into the history what
// they saw; what they ask for is in workload.ts.
import type { OperateResult, ScanCursor, ScanResult } from '../core/command.ts';
import { WALK_START } from '../core/command.ts';
import type { Outcome } from '../core/effect.ts';
import type { OperationResult } from '../core/message.ts';
import type { Random } from '../core/random.ts';
import type { ClientOperation, Ending, History } from './history.ts';
import { versionOf } from './history.ts';
import type { RegisterInput, RegisterOutput } from './register.ts';
import { sortedJson } from './register.ts';
import type { Intent, Workload } from './workload.ts';
import { toOperation } from './workload.ts';
import type { World, WorldNode } from './world.ts';

interface Session {
  readonly name: string;
  readonly seen: Map<string, string>;
  /** The node it asks, for as long as that runs. */
  node: WorldNode | undefined;
}

/** What a session waits for. */
interface Waiting {
  readonly node: WorldNode;
  readonly machine: WorldNode['machine'];
  /** When an answer is due, and to what. */
  readonly by: number;
  readonly what: string;
  readonly done: (outcome: Outcome) => void;
}

const TIMEOUT_MS = 5_000;
/** An answer may be late by as long as a timer of a process that stood still. */
const LATE_MS = 100;
/** While nothing happens, a session asks this often; right after a fault, as often as it can. */
const IDLE_MS = 1_500;
const BUSY_MS = 12;
const BURST_MS = 1_500;
/** A session that found no node, or whose node said nothing, looks again after this time. */
const RETRY_MS = 200;
const WALK_PART = 0.01;
const CHANGE_NODE_PART = 0.1;

export class Clients {
  readonly #world: World;
  readonly #random: Random;
  readonly #workload: Workload;
  readonly #history: History;
  readonly #sessions: Session[];
  readonly #waiting = new Set<Waiting>();
  readonly #settled = new Map<string, Waiting>();
  #running = false;
  #burstUntil = 0;

  constructor(world: World, random: Random, workload: Workload, history: History, sessions: number) {
    this.#world = world;
    this.#random = random;
    this.#workload = workload;
    this.#history = history;
    this.#sessions = Array.from({ length: sessions }, (_, i) => {
      return { name: `client${i}`, seen: new Map<string, string>(), node: undefined };
    });
    world.onSettle = (node, number, outcome) => this.#settle(node, number, outcome);
  }

  start(): void {
    this.#running = true;
    for (const session of this.#sessions) this.#later(session, this.#random.float() * IDLE_MS);
  }

  /** Something has happened: now is when it matters that somebody asks. */
  burst(): void {
    this.#burstUntil = this.#world.now + BURST_MS;
    for (const session of this.#sessions) session.node = undefined;
  }

  /** Nothing new is asked for; what is under way goes on. */
  stop(): void {
    this.#running = false;
  }

  /** What a process that ran on has not answered in its time; undefined where there is nothing. */
  unsettled(): string | undefined {
    for (const { node, machine, by, what } of this.#waiting) {
      const ran = node.machine === machine && node.state === 'running';
      if (ran && this.#world.now > by + LATE_MS) return `${what} of ${node.name}, due at ${by.toFixed(0)}`;
    }
    return undefined;
  }

  /** Reads every key once, one after the other, and returns what was seen. */
  readAll(): ClientOperation[] {
    const reads: ClientOperation[] = [];
    for (const key of this.#workload.keys) {
      const node = this.#random.pick(this.#world.running());
      if (node === undefined) continue;
      const before = this.#history.operations.length;
      let done = false;
      this.#operate({ name: 'reader', seen: new Map(), node }, { key, input: { type: 'get' } }, () => {
        done = true;
      });
      this.#world.runUntil(() => done, TIMEOUT_MS * 2);
      const read = this.#history.operations[before];
      if (read !== undefined) reads.push(read);
    }
    return reads;
  }

  #later(session: Session, ms: number): void {
    this.#world.after(ms, () => {
      if (this.#running) this.#next(session);
    });
  }

  #rest(session: Session): void {
    const mean = this.#world.now < this.#burstUntil ? BUSY_MS : IDLE_MS;
    this.#later(session, -mean * Math.log(1 - this.#random.float()));
  }

  #next(session: Session): void {
    const stays = session.node?.state === 'running' && this.#random.float() >= CHANGE_NODE_PART;
    if (!stays) session.node = this.#random.pick(this.#world.running());
    if (session.node === undefined) return this.#later(session, RETRY_MS);
    if (this.#random.float() < WALK_PART) return this.#walk(session, session.node);
    const intent = this.#workload.next(this.#world.now, session.seen);
    this.#operate(session, intent, (ending) => {
      if ('failure' in ending) session.node = undefined;
      if ('output' in ending && intent.counts === true) this.#count(session, intent.key, ending.output);
      else this.#rest(session);
    });
  }

  /** One more than what was read, over just that version. */
  #count(session: Session, key: string, output: RegisterOutput): void {
    const number = output.type === 'value' ? Number(output.value) : 0;
    const version = versionOf(output);
    const condition = version === undefined ? { ifAbsent: true } : { ifVersion: version };
    const input: RegisterInput = { type: 'set', value: String(number + 1), ...condition };
    this.#operate(session, { key, input }, () => this.#rest(session));
  }

  #operate(session: Session, { key, input }: Intent, done: (ending: Ending) => void): void {
    const { node, name } = session;
    if (node === undefined) return done({ failure: 'ERR_NOT_CONNECTED' });
    const world = this.#world;
    const call = this.#history.begin({ client: name, node: node.name, key, input, invokedAt: world.now });
    world.note(`${name} asks ${node.name}: ${input.type} "${key}"`);
    const command = { type: 'operate', key, operation: toOperation(input), consistency: 'quorum' } as const;
    this.#ask(node, command, (outcome) => {
      const ending = endingOf(outcome);
      this.#history.end(call, world.now, ending);
      const text = 'output' in ending ? ending.output.type : ending.failure;
      world.note(`${name} has of ${node.name}: ${text} "${key}"`);
      const version = 'output' in ending ? versionOf(ending.output) : undefined;
      if (version !== undefined) session.seen.set(key, version);
      done(ending);
    });
  }

  #walk(session: Session, node: WorldNode): void {
    const invokedAt = this.#world.now;
    const prefix = this.#workload.prefix();
    const keys: string[] = [];
    const page = (cursor: ScanCursor): void => {
      const command = { type: 'scan', cursor, prefix, withValues: false } as const;
      this.#ask(node, command, (outcome) => {
        if (!outcome.ok) return this.#rest(session);
        const { entries, next } = outcome.value as ScanResult;
        for (const { key } of entries) keys.push(key);
        if (next !== undefined) return page(next);
        const { now } = this.#world;
        this.#history.walks.push({ client: session.name, prefix, invokedAt, completedAt: now, keys });
        this.#rest(session);
      });
    };
    page(WALK_START);
  }

  #ask(node: WorldNode, command: Parameters<World['command']>[1], done: (outcome: Outcome) => void): void {
    const { machine } = node;
    const by = this.#world.now + TIMEOUT_MS;
    const waiting: Waiting = { node, machine, by, what: command.type, done };
    const number = this.#world.command(node, command, TIMEOUT_MS);
    const outcome = node.outcomes.get(number);
    if (outcome !== undefined) {
      node.outcomes.delete(number);
      // Not at once: a node that refuses would be asked for ever in no time.
      this.#world.after(1, () => done(outcome));
      return;
    }
    this.#waiting.add(waiting);
    this.#settled.set(`${node.index} ${number}`, waiting);
    this.#watch(waiting, `${node.index} ${number}`);
  }

  /** A process that died answers nobody. */
  #watch(waiting: Waiting, id: string): void {
    this.#world.after(RETRY_MS, () => {
      if (!this.#waiting.has(waiting)) return;
      const { node, machine } = waiting;
      if (node.machine === machine && node.state !== 'dead') return this.#watch(waiting, id);
      this.#waiting.delete(waiting);
      if (this.#settled.get(id) === waiting) this.#settled.delete(id);
      waiting.done({ ok: false, failure: { code: 'DIED', message: `${node.name} died` } });
    });
  }

  #settle(node: WorldNode, number: number, outcome: Outcome): void {
    const id = `${node.index} ${number}`;
    const waiting = this.#settled.get(id);
    if (waiting === undefined || waiting.machine !== node.machine) return;
    this.#settled.delete(id);
    this.#waiting.delete(waiting);
    node.outcomes.delete(number);
    // The node is in the middle of its effects.
    this.#world.after(0, () => waiting.done(outcome));
  }
}

function endingOf(outcome: Outcome): Ending {
  if (outcome.ok) return { output: outputOf((outcome.value as OperateResult).result) };
  return { failure: outcome.failure.code };
}

function outputOf(result: OperationResult): RegisterOutput {
  switch (result.type) {
    case 'none':
      return { type: 'none' };
    case 'value':
      return { type: 'value', value: textOf(result.value), version: result.version };
    case 'stored':
      return { type: 'stored', version: result.version };
    case 'deleted':
      // Where there was nothing to delete, the version is that of an older deletion, if any.
      return result.existed
        ? { type: 'deleted', existed: true, version: result.version }
        : { type: 'deleted', existed: false };
    case 'computed':
      return computed(textOf(result.value), result.version);
    case 'refused':
      return result.code === 'ERR_NOT_JSON' ? { type: 'not-json' } : { type: 'not-a-number' };
    default:
      return result.version === '' ? { type: 'conflict' } : { type: 'conflict', version: result.version };
  }
}

function computed(value: string, version: string): RegisterOutput {
  return value.startsWith('{')
    ? { type: 'merged', value, version }
    : { type: 'number', value: Number(value), version };
}

/** As the model writes it: JSON objects with their members by name. */
function textOf(value: Uint8Array): string {
  const text = new TextDecoder().decode(value);
  return text.startsWith('{') ? sortedJson(JSON.parse(text) as Record<string, unknown>) : text;
}
