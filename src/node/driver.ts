// Driver: runs one machine in this process. It feeds the machine with what happens, each time with the
// monotonic clock, and carries out what the machine asks for. It owns that order, the timer and the
// promises of commands; it decides nothing. Inputs are fed in at once; effects are carried out once a turn of
// the event loop, so that requests that arrive together are answered, and replicated, together, and the bytes
// of a turn leave in one write a connection. Inputs that effects cause at once are fed in, and their effects
// queue behind.
import type { Command } from '../core/command.ts';
import type { Contact } from '../core/contact.ts';
import type { Destination, Effect, Failure, MachineEvent, Outcome } from '../core/effect.ts';
import type { Machine } from '../core/machine.ts';
import type { Message, Tables } from '../core/message.ts';
import { NumberTable } from '../core/number-table.ts';
import type { SavedRecord } from '../core/saved.ts';
import { Alarm } from './alarm.ts';
import { Company } from './company.ts';
import type { DebugLog } from './debug-log.ts';
import { ChordError, type ErrorCode, ERRORS } from './errors.ts';

/** The part of the links that the driver uses. */
export interface Wires {
  send(to: Destination, message: Message): void;
  dial(host: string, port: number, options: { timeoutMs?: number; signal?: AbortSignal }): Promise<Contact>;
  verify(contact: Contact): Promise<void>;
  /** Promises that flush() is called in this turn. */
  hold(): void;
  /** Writes what was sent since it was called last. */
  flush(): void;
  close(): Promise<void>;
}

export interface DriverOptions {
  readonly machine: Machine;
  readonly wires: Wires;
  readonly log: DebugLog;
  /** Has records written down; answered by handleSaved or handleSaveFailed, and never before it returns. */
  readonly save: (token: number, records: readonly SavedRecord[]) => void;
  /** Told of every event of the machine, in order. */
  readonly report: (event: MachineEvent) => void;
  /** Told of what should not happen: an exception inside the machine or the links. The driver goes on. */
  readonly fault: (error: unknown) => void;
}

export interface RunOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A command under way; a class for the reason that is given at Timer (core/timers.ts). */
class Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly signal: AbortSignal | undefined;
  readonly isOperation: boolean;
  /** Listens to the signal, where there is one. */
  abort: (() => void) | undefined;

  constructor(
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
    signal: AbortSignal | undefined,
    isOperation: boolean,
  ) {
    this.isOperation = isOperation;
    this.resolve = resolve;
    this.reject = reject;
    this.signal = signal;
    this.abort = undefined;
  }
}

/** A change of the wall clock below this is within the precision of reading it. */
const CLOCK_STEP_MS = 2;

/**
 * What the user does at once with results belongs to the same turn, so that all of it leaves in one write: an
 * operation on what this node owns itself has its result at once, and another one follows. So often a turn;
 * then the links get theirs.
 */
const CONTINUATIONS_MAX = 8;

export class Driver {
  readonly machine: Machine;
  readonly #wires: Wires;
  readonly #log: DebugLog;
  readonly #save: (token: number, records: readonly SavedRecord[]) => void;
  readonly #report: (event: MachineEvent) => void;
  readonly #fault: (error: unknown) => void;
  readonly #alarm = new Alarm(() => this.#wake());
  readonly #pending = new NumberTable<Pending>();
  readonly #company = new Company();
  /** How many of the pending are operations; watches and walks are no company. */
  #operations = 0;
  #clockOffsetMs = NaN;
  #draining = false;
  /** Effects wait to be carried out at the end of this turn. */
  #turn: NodeJS.Immediate | undefined;
  /** The turn's end waits for what the user does with its results. */
  #continuing = false;
  #closed = false;

  constructor(options: DriverOptions) {
    this.machine = options.machine;
    this.#wires = options.wires;
    this.#log = options.log;
    this.#save = options.save;
    this.#report = options.report;
    this.#fault = options.fault;
    this.#readClock();
  }

  // What happens, from the links.

  handleListening(host: string, port: number): void {
    this.#input((now) => this.machine.handleListening(now, host, port));
  }

  handleConnected(peer: Contact, member: boolean, tables: Tables | undefined): void {
    this.#input((now) => this.machine.handleConnected(now, peer, member, tables));
  }

  handleDisconnected(id: string): void {
    this.#input((now) => this.machine.handleDisconnected(now, id));
  }

  handleUnreachable(id: string): void {
    this.#input((now) => this.machine.handleUnreachable(now, id));
  }

  handleMessage(id: string, message: Message): void {
    this.#input((now) => this.machine.handleMessage(now, id, message));
  }

  // What happens, from the store.

  /** Before anything else. */
  restore(records: readonly SavedRecord[], birth: number): void {
    this.#input((now) => this.machine.restore(now, records, birth));
  }

  handleSaved(token: number): void {
    this.#input((now) => this.machine.handleSaved(now, token));
  }

  handleSaveFailed(token: number, message: string): void {
    this.#input((now) => this.machine.handleSaveFailed(now, token, message));
  }

  // What the user wants.

  /** Has the address probed with back-off: for ever, or until a member was known there. */
  remember(host: string, port: number, forEver = true): void {
    this.#input((now) => this.machine.remember(now, host, port, forEver));
  }

  /**
   * Starts a command and resolves to what it settles with. Rejects with the ChordError of its failure, with
   * `signal.reason` when aborted, with ERR_CLOSED when the driver is closed. The caller knows the type of
   * the command's result.
   */
  run<Result>(command: Command, options: RunOptions): Promise<Result> {
    if (this.#closed) return Promise.reject(closedError());
    if (options.signal?.aborted === true) return Promise.reject(reasonOf(options.signal));
    return new Promise<Result>((resolve, reject) => {
      // The caller knows the type of the result.
      const answer = resolve as (value: unknown) => void;
      const start = (): void => this.#start(command, options, answer, reject);
      const mayWait = command.type === 'operate' && options.signal === undefined;
      if (!mayWait || !this.#company.isWorthwhile(this.#operations)) return start();
      this.#company.add({ start, refuse: reject });
      this.#schedule();
    });
  }

  /** Ends everything: waiting commands reject with ERR_CLOSED, the links are closed, the timer is gone. */
  async close(): Promise<void> {
    this.#drain();
    this.#closed = true;
    this.#alarm.stop();
    clearImmediate(this.#turn);
    for (const { refuse } of this.#company.takeAll()) refuse(closedError());
    for (const [number] of this.#pending.entries()) this.#end(number)?.reject(closedError());
    await this.#wires.close();
  }

  #start(
    command: Command,
    { signal, timeoutMs }: RunOptions,
    resolve: Pending['resolve'],
    reject: Pending['reject'],
  ): void {
    this.#input((now) => {
      const number = this.machine.start(now, command, timeoutMs);
      const pending = new Pending(resolve, reject, signal, command.type === 'operate');
      this.#pending.add(number, pending);
      if (pending.isOperation) this.#operations += 1;
      this.#alarm.keepAlive(true);
      if (signal === undefined) return;
      pending.abort = () => {
        this.#end(number);
        this.#input((later) => this.machine.cancel(later, number));
        reject(reasonOf(signal));
      };
      signal.addEventListener('abort', pending.abort, { once: true });
    }, reject);
  }

  #settle(number: number, outcome: Outcome): void {
    const pending = this.#end(number);
    if (pending === undefined) return;
    if (outcome.ok) pending.resolve(outcome.value);
    else pending.reject(toChordError(outcome.failure));
  }

  /** Forgets a command; undefined where it is over already. */
  #end(number: number): Pending | undefined {
    const pending = this.#pending.take(number);
    if (pending === undefined) return undefined;
    if (pending.isOperation) this.#operations -= 1;
    if (pending.abort !== undefined) pending.signal?.removeEventListener('abort', pending.abort);
    if (this.#pending.size === 0) this.#alarm.keepAlive(false);
    return pending;
  }

  #wake(): void {
    this.#readClock();
    this.#input((now) => {
      if (now >= this.machine.nextTimeout()) this.machine.handleTimeout(now);
    });
  }

  #readClock(): void {
    const offsetMs = Date.now() - performance.now();
    if (Math.abs(offsetMs - this.#clockOffsetMs) < CLOCK_STEP_MS) return;
    this.#clockOffsetMs = offsetMs;
    this.machine.handleClock(offsetMs);
  }

  #input(feed: (now: number) => void, failed: (error: Error) => void = this.#fault): void {
    if (this.#closed) return;
    try {
      feed(performance.now());
    } catch (error) {
      failed(error as Error);
    }
    this.#schedule();
  }

  /** One end of a turn is enough; while effects are carried out, their inputs are drained with them. */
  #schedule(): void {
    if (this.#turn !== undefined || this.#continuing || this.#draining) return;
    this.#turn = setImmediate(() => this.#endTurn());
  }

  #endTurn(): void {
    this.#turn = undefined;
    this.#finishTurn(CONTINUATIONS_MAX);
  }

  /** Carries out what there is to do, then what the user does at once with the results, and sends it all. */
  #finishTurn(continuations: number): void {
    this.#wires.hold();
    const settled = this.#drain() || this.#startTogether();
    this.#continuing = settled && continuations > 0;
    if (!this.#continuing) {
      this.#wires.flush();
      if (!this.#company.isEmpty) this.#schedule();
      return;
    }
    // A tick that is asked for by a microtask comes when no microtask is left.
    queueMicrotask(() => process.nextTick(() => this.#finishTurn(continuations - 1)));
  }

  /** Starts what has waited long enough; whether a command was settled. */
  #startTogether(): boolean {
    const starting = this.#company.take(this.#operations);
    for (const { start } of starting) start();
    return starting.length > 0 && this.#drain();
  }

  /** Carries out what the machine asks for; whether a command was settled. */
  #drain(): boolean {
    if (this.#closed || this.#draining) return false;
    this.#draining = true;
    let settled = false;
    let effect = this.machine.poll();
    while (effect !== undefined) {
      if (effect.type === 'settle') settled = true;
      this.#attempt(effect);
      effect = this.machine.poll();
    }
    this.#draining = false;
    this.#alarm.set(this.machine.nextTimeout());
    return settled;
  }

  #attempt(effect: Effect): void {
    try {
      this.#carryOut(effect);
    } catch (error) {
      this.#fault(error);
    }
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'send':
        this.#wires.send(effect.to, effect.message);
        return;
      case 'dial':
        this.#dial(effect.host, effect.port);
        return;
      case 'verify':
        this.#verify(effect.token, effect.contact);
        return;
      case 'save':
        this.#save(effect.token, effect.records);
        return;
      case 'settle':
        this.#settle(effect.command, effect.outcome);
        return;
      case 'event':
        this.#report(effect.event);
    }
  }

  /** Success is reported by the links, as a connection. */
  #dial(host: string, port: number): void {
    this.#wires.dial(host, port, {}).catch((error: unknown) => {
      this.#log.write('debug', 'a remembered address does not answer', { host, port, error });
      this.#input((now) => this.machine.handleDialFailed(now, host, port));
    });
  }

  #verify(token: number, contact: Contact): void {
    const answer = (reached: boolean, reason: string): void =>
      this.#input((now) => this.machine.handleVerified(now, token, reached, reason));
    this.#wires.verify(contact).then(
      () => answer(true, ''),
      (error: unknown) => answer(false, error instanceof Error ? error.message : String(error)),
    );
  }
}

/** The ChordError of a failure of the machine. */
export function toChordError(failure: Failure): ChordError {
  const { code, message, details } = failure;
  return isErrorCode(code)
    ? new ChordError(code, message, details)
    : new ChordError('ERR_UNREACHABLE', `${message} (${code})`, details);
}

export function closedError(): ChordError {
  return new ChordError('ERR_CLOSED', 'the socket is closed');
}

/** What an abort rejects with: whatever the user gave, usually an error. */
function reasonOf(signal: AbortSignal): Error {
  return signal.reason as Error;
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}
