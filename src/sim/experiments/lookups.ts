// Lookups: runs many lookups on a ring of an experiment and counts what each of them sent. It owns the
// attribution of requests to lookups: a member has one under way at a time, and no other request of its
// asks for the same position.
import type { Contact } from '../../core/contact.ts';
import type { Outcome } from '../../core/effect.ts';
import type { Message } from '../../core/message.ts';
import type { ExplainResult } from '../../core/command.ts';
import type { ExperimentNode, ExperimentWatch, ExperimentWorld } from './experiment-world.ts';

/** One lookup, from its first request to its end. */
export interface LookupTrace {
  readonly asker: ExperimentNode;
  readonly position: number;
  readonly startedAt: number;
  /** Whom it sent `find` and `locate` to, in order. */
  readonly finds: ExperimentNode[];
  readonly locates: ExperimentNode[];
  /** Who answered a `find`, in order, and the members that the last answer named from the owner on. */
  readonly answered: ExperimentNode[];
  named: readonly Contact[];
}

export interface LookupsView {
  /** Milliseconds after which a lookup has failed. */
  readonly timeoutMs?: number;
  /** Before the owner is asked; true = the lookup ends here, and its command is cancelled. */
  resolved?(trace: LookupTrace): boolean;
  /** A request of the lookup is on its way. */
  sent?(trace: LookupTrace, to: ExperimentNode): void;
  /** The member that was asked says that it is the owner: its answer is on its way. */
  answering?(trace: LookupTrace, owner: ExperimentNode): void;
  ended(trace: LookupTrace, result: ExplainResult | undefined, outcome: Outcome | undefined): void;
}

/** The shipped time-out of an operation on a `lan`: what has no answer by then has failed. */
const TIMEOUT_MS = 10_000;

export class Lookups {
  readonly #world: ExperimentWorld;
  readonly #view: LookupsView;
  readonly #open = new Map<ExperimentNode, LookupTrace>();
  readonly #commands = new Map<ExperimentNode, number>();
  readonly #stopped: LookupTrace[] = [];
  #keys = 0;

  /** Takes the world's watch over; `also` sees every message too. */
  constructor(world: ExperimentWorld, view: LookupsView, also: ExperimentWatch = {}) {
    this.#world = world;
    this.#view = view;
    world.watch = {
      ...also,
      sent: (from, to, message) => {
        also.sent?.(from, to, message);
        if (message.direction === 'request') this.#sent(from, to, message);
        else if (message.body.type === 'located') this.#answering(from, to);
      },
      arrived: (from, to, message) => this.#arrived(from, to, message),
      settled: (node, command, outcome) => this.#settled(node, command, outcome),
    };
  }

  /** Whether the message is part of a lookup under way here. */
  isPart(from: ExperimentNode, to: ExperimentNode, { direction, body }: Message): boolean {
    if (direction === 'request')
      return 'position' in body && this.#open.get(from)?.position === body.position;
    const trace = this.#open.get(to);
    if (body.type === 'found') return trace?.finds.includes(from) ?? false;
    return body.type === 'located' && (trace?.locates.includes(from) ?? false);
  }

  get open(): number {
    return this.#open.size;
  }

  /** A lookup of a fresh key; false while the asker has one under way. */
  start(asker: ExperimentNode): boolean {
    if (this.#open.has(asker)) return false;
    this.#keys += 1;
    const key = `key ${this.#keys} ${this.#world.random.below(2 ** 32)}`;
    const position = this.#world.positionOf(key);
    const trace: LookupTrace = {
      asker,
      position,
      startedAt: this.#world.now,
      finds: [],
      locates: [],
      answered: [],
      named: [],
    };
    this.#open.set(asker, trace);
    this.#commands.delete(asker);
    const number = this.#world.command(asker, { type: 'explain', key }, this.#view.timeoutMs ?? TIMEOUT_MS);
    this.#commands.set(asker, number);
    this.#stop();
    return true;
  }

  /** `count` lookups, `atOnce` members at a time, each of the askers in turn. */
  run(askers: readonly ExperimentNode[], count: number, atOnce = 64): void {
    let started = 0;
    while (started < count || this.#open.size > 0) {
      while (started < count && this.#open.size < Math.min(atOnce, askers.length)) {
        const asker = askers[started % askers.length];
        if (asker === undefined || !this.start(asker)) break;
        started += 1;
      }
      const before = this.#open.size;
      if (before === 0) continue;
      this.#world.runUntil(() => this.#open.size < before || this.#stopped.length > 0, TIMEOUT_MS * 2);
      this.#stop();
      if (this.#open.size === before && this.#world.quietMs === Infinity) return;
    }
  }

  #answering(from: ExperimentNode, to: ExperimentNode): void {
    const trace = this.#open.get(to);
    if (trace?.locates.includes(from) === true) this.#view.answering?.(trace, from);
  }

  #sent(from: ExperimentNode, to: ExperimentNode, { body }: Message): void {
    const trace = this.#open.get(from);
    if (trace === undefined || !('position' in body)) return;
    if (body.position !== trace.position) return;
    this.#view.sent?.(trace, to);
    if (body.type === 'find') trace.finds.push(to);
    if (body.type !== 'locate') return;
    trace.locates.push(to);
    if (this.#view.resolved?.(trace) === true) this.#stopped.push(trace);
  }

  #arrived(from: ExperimentNode, to: ExperimentNode, { direction, body }: Message): void {
    if (direction !== 'reply' || body.type !== 'found') return;
    const trace = this.#open.get(to);
    if (trace === undefined || !trace.finds.includes(from)) return;
    trace.answered.push(from);
    trace.named = body.owner ? [...body.contacts, ...body.followers] : [];
  }

  #settled(node: ExperimentNode, command: number, outcome: Outcome): void {
    const trace = this.#open.get(node);
    // Answered at once by the member itself: its number is not known here yet.
    const own = this.#commands.get(node) ?? command;
    if (trace === undefined || this.#stopped.includes(trace) || own !== command) return;
    this.#open.delete(node);
    this.#view.ended(trace, outcome.ok ? (outcome.value as ExplainResult) : undefined, outcome);
  }

  /** Ends those that are resolved; not from inside of the machine's own turn. */
  #stop(): void {
    for (const trace of this.#stopped.splice(0)) {
      const number = this.#commands.get(trace.asker);
      if (number !== undefined) trace.asker.machine.cancel(this.#world.now, number);
      this.#open.delete(trace.asker);
      this.#view.ended(trace, undefined, undefined);
    }
  }
}
