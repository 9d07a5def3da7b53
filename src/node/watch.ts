// Watch: the changes of a key, or of all keys with a prefix, as an endless iterator. It owns how far each
// part of the ring has been told, and asks the owners again for ever, so that the loss of one is a repeat.
//
// A slow reader costs a bounded amount of memory: while BUFFERED_MAX events, or as many bytes as a page may
// have, wait here, nothing is asked for, and an answer that comes all the same is dropped and asked for again
// later. Owners remember what a reader has not fetched; what they have forgotten by then is a gap.
import type { ChangesReply } from '../core/change-query.ts';
import { advanced, clip } from '../core/change-query.ts';
import { firstOf } from '../core/changes.ts';
import type { Entry, Key } from '../core/entry.ts';
import { FIRST_VERSION, isVersion, lineageOf, versionTime } from '../core/entry.ts';
import { holds, intersect, subtract } from '../core/position.ts';
import { type Bytes, keyToBuffer, toKey, toPrefix, valueToBuffer } from './bytes.ts';
import { type Call, type CallOptions, parseIteration, parseNamed } from './call-options.ts';
import { ChordError } from './errors.ts';
import type { WalkRunner } from './walk.ts';
import { WatchDoubt } from './watch-doubt.ts';
import { WatchPart } from './watch-part.ts';

/** `consistency` changes nothing here: a change is told once a majority has it. */
export interface WatchOptions extends CallOptions {
  /** Changes behind this version are told first; default: those from `ready` on. */
  readonly since?: string | undefined;
  /** Milliseconds until `ready` rejects with ERR_TIMEOUT, as in CallOptions; the watch itself goes on. */
  readonly timeoutMs?: number | undefined;
  /** Aborting it ends the watch. */
  readonly signal?: AbortSignal | undefined;
}

export type WatchEvent =
  | { readonly type: 'set'; readonly key: Buffer; readonly value: Buffer; readonly version: string }
  | {
      /** 'gap': something behind the version may be missing, of what `key` says is watched; it may be ''. */
      readonly type: 'delete' | 'expire' | 'gap';
      readonly key: Buffer;
      readonly value?: undefined;
      readonly version: string;
    };

/** What a watch needs of a node besides running commands. */
export interface WatchRunner extends WalkRunner {
  /** Aborted once the node is closed, with what its calls reject with then. */
  readonly closed: AbortSignal;
  /** Resolves after so many milliseconds, or once the signal aborts or the node is closed. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

/** The longest pause between attempts while the owner does not answer. */
const PAUSE_MAX_MS = 2_000;
const PAUSE_MS = 50;

/** Events that wait for the reader before nothing more is asked for; the last answer may exceed it. */
const BUFFERED_MAX = 512;

export class Watch implements AsyncIterableIterator<WatchEvent> {
  /**
   * Resolves once every change from here on will be told. Rejects where the watch ends before: with what
   * ended it, ERR_CLOSED behind `return`; and with ERR_TIMEOUT where no owner has answered within
   * `timeoutMs`, while the watch itself goes on asking, and tells what changes behind the first answer.
   */
  readonly ready: Promise<void>;
  readonly #runner: WatchRunner;
  readonly #what: { readonly key: Key; readonly prefix: boolean };
  readonly #ended = new AbortController();
  readonly #events: WatchEvent[] = [];
  #bytes = 0;
  readonly #failures: unknown[] = [];
  #waiting: (() => void)[] = [];
  readonly #parts = new Set<WatchPart>();
  /** While parts are known to have broken, and others may have. */
  #doubt: WatchDoubt | undefined;
  /** Whether every part has been answered once. */
  #hasBegun = false;
  /** Aborted once nobody waits to be ready any more. */
  readonly #awaited = new AbortController();
  #isReady: () => void = () => {};
  #isNotReady: (error: unknown) => void = () => {};

  /** Throws for misuse at once. */
  constructor(runner: WatchRunner, what: Bytes | { readonly prefix: Bytes }, options: unknown) {
    const { since, call } = parseWatch(options, runner);
    const { key, prefix } = parseWhat(what, runner);
    this.#runner = runner;
    this.#what = { key, prefix };
    this.ready = new Promise((resolve, reject) => {
      this.#isReady = resolve;
      this.#isNotReady = reject;
    });
    this.ready.catch(() => {});
    if (call.signal?.aborted === true) this.#fail(call.signal.reason);
    else this.#start(since, call);
  }

  async next(): Promise<IteratorResult<WatchEvent, undefined>> {
    for (;;) {
      const value = this.#events.shift();
      if (value !== undefined) {
        this.#bytes -= sizeOf(value);
        this.#wake();
        return { done: false, value };
      }
      if (this.#failures.length > 0) throw this.#failures.shift();
      if (this.#ended.signal.aborted) return { done: true, value: undefined };
      await this.#changed();
    }
  }

  async return(): Promise<IteratorResult<WatchEvent, undefined>> {
    this.#end(new ChordError('ERR_CLOSED', 'the watch has ended'));
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Events that wait for the reader: for whoever wonders why it is behind. */
  get buffered(): number {
    return this.#events.length;
  }

  #start(since: string | undefined, { signal, timeoutMs }: Call): void {
    const { key, prefix } = this.#what;
    const { positions } = this.#runner;
    const to = prefix ? 0 : this.#runner.positionOf(key);
    const arc = { from: prefix ? 0 : (to + positions - 1) % positions, to };
    const aborted = (): void => this.#end(signal?.reason);
    signal?.addEventListener('abort', aborted, { once: true, signal: this.#ended.signal });
    // What the version says of its history tells whether another one has begun since.
    const marks =
      since === undefined ? [] : [{ arc, lineage: lineageOf(since), since, sinceMs: versionTime(since) }];
    this.#begin(new WatchPart(arc, marks));
    void this.#boundReady(timeoutMs);
  }

  #begin(part: WatchPart): void {
    this.#parts.add(part);
    void this.#follow(part).catch((error: unknown) => {
      if (!this.#ended.signal.aborted) this.#fail(error);
    });
  }

  async #boundReady(timeoutMs: number): Promise<void> {
    const { closed } = this.#runner;
    await this.#runner.pause(timeoutMs, this.#awaited.signal);
    if (this.#awaited.signal.aborted) return;
    const late = `no owner has told within ${timeoutMs} ms where the watch begins; it goes on asking`;
    this.#isNotReady(closed.aborted ? closed.reason : new ChordError('ERR_TIMEOUT', late));
  }

  async #follow(part: WatchPart): Promise<void> {
    let pauseMs = PAUSE_MS;
    while (!part.ended) {
      while (this.#isFull() && !part.ended) {
        // Nobody is asked any more: what is known has to do.
        if (this.#doubt === undefined) await this.#changed();
        else this.#decide(this.#doubt);
      }
      if (part.ended) return;
      const reply = await this.#ask(part);
      if (part.ended) return;
      if (reply === undefined) {
        await this.#runner.pause(pauseMs, part.signal);
        pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS);
        continue;
      }
      pauseMs = PAUSE_MS;
      if (!this.#isFull()) this.#take(part, reply);
    }
  }

  #isFull(): boolean {
    const count = this.#events.length + (this.#doubt?.events.length ?? 0);
    return count >= BUFFERED_MAX || this.#bytes >= this.#runner.limits.pageBytes;
  }

  /** Undefined where nobody could answer now. Closing the node ends the watch; one that is closed throws. */
  async #ask(part: WatchPart): Promise<ChangesReply | undefined> {
    const { timeoutMs } = this.#runner.defaults;
    try {
      return await this.#runner.run<ChangesReply>(
        { type: 'changes', ...this.#what, ...part.question },
        { timeoutMs, signal: part.signal },
      );
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      if (code === 'ERR_CLOSED' && this.#hasBegun) this.#end(error);
      else if (code === 'ERR_CLOSED' || (code === 'ERR_NOT_CONNECTED' && part.fresh)) throw error;
      return undefined;
    }
  }

  /** Tells what is new; what the owner does not serve is another's and asked for apart. */
  #take(part: WatchPart, reply: ChangesReply): void {
    const { positions } = this.#runner;
    const first = firstOf(part.arc, positions);
    const share = intersect(part.arc, reply.arc, positions).find((arc) => holds(arc, first));
    if (share === undefined) return;
    for (const arc of subtract(part.arc, share, positions)) {
      const rest = new WatchPart(arc, clip(part.marks, arc, positions));
      this.#doubt?.begun(rest, part);
      this.#begin(rest);
    }
    if (reply.missing) this.#broke(part, reply.behind);
    for (const entry of reply.entries) this.#push(toEvent(entry), this.#queueOf(part));
    part.told(share, advanced(part.marks, share, reply, positions), reply);
    for (const other of part.takeOver(this.#parts, reply.arc, positions)) {
      this.#parts.delete(other);
      this.#doubt?.joined(other, part);
    }
    this.#doubt?.heard(part);
    if (this.#doubt?.isHeard === true) this.#decide(this.#doubt);
    if (![...this.#parts].some(({ fresh }) => fresh)) {
      this.#hasBegun = true;
      this.#isReady();
      this.#awaited.abort();
    }
    this.#wake();
  }

  /**
   * What is lost together is one gap: it is told once all parts have been heard, or after half of the time
   * that an operation may take.
   */
  #broke(part: WatchPart, behind: string): void {
    const doubt = this.#doubt ?? new WatchDoubt(this.#parts);
    doubt.broke(part, behind);
    if (this.#doubt === doubt) return;
    this.#doubt = doubt;
    const { timeoutMs } = this.#runner.defaults;
    void this.#runner.pause(timeoutMs / 2, doubt.signal).then(() => this.#decide(doubt));
  }

  #decide(doubt: WatchDoubt): void {
    if (this.#doubt !== doubt) return;
    this.#doubt = undefined;
    doubt.end();
    this.#pushGap(doubt.version);
    this.#events.push(...doubt.events);
    this.#wake();
  }

  #pushGap(version: string): void {
    const last = this.#events.at(-1);
    const gap: WatchEvent = { type: 'gap', key: keyToBuffer(this.#what.key), version };
    if (last?.type !== 'gap') return this.#push(gap, this.#events);
    // One that has not been read says it for both.
    if (version < last.version) this.#events[this.#events.length - 1] = gap;
  }

  /** Where the events of the part wait: for the reader, or for the gap before them. */
  #queueOf(part: WatchPart): WatchEvent[] {
    return this.#doubt?.isBehind(part) === true ? this.#doubt.events : this.#events;
  }

  #push(event: WatchEvent, queue: WatchEvent[]): void {
    queue.push(event);
    this.#bytes += sizeOf(event);
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Ends it, and lets the next step say why. */
  #fail(error: unknown): void {
    this.#failures.push(error);
    this.#end(error);
  }

  #end(error: unknown): void {
    this.#ended.abort();
    for (const part of this.#parts) part.end();
    this.#parts.clear();
    this.#doubt?.end();
    this.#doubt = undefined;
    this.#events.length = 0;
    this.#bytes = 0;
    this.#isNotReady(error);
    this.#awaited.abort();
    this.#wake();
  }
}

function parseWatch(options: unknown, runner: WalkRunner): { since: string | undefined; call: Call } {
  const call = parseIteration(options, runner.defaults, ['since']);
  const since: unknown = (options as WatchOptions | undefined)?.since;
  if (since === undefined) return { since, call };
  // A gap behind which no version is known.
  if (since === '') return { since: FIRST_VERSION, call };
  if (typeof since !== 'string' || !isVersion(since)) {
    throw new TypeError(`since must be the version of a change, got ${JSON.stringify(since)}`);
  }
  return { since, call };
}

/** A prefix, or a key; throws TypeError for neither. */
function parseWhat(what: unknown, runner: WalkRunner): { key: Key; prefix: boolean } {
  if (typeof what !== 'object' || what === null || what instanceof Uint8Array) {
    return { key: toKey(what, runner.limits), prefix: false };
  }
  const { prefix } = parseNamed(what, ['prefix'], 'what is watched');
  if (prefix === undefined) throw new TypeError('watch takes a key or { prefix }, got an object without it');
  return { key: toPrefix(prefix), prefix: true };
}

function toEvent({ key, value, version, expiresAt }: Entry): WatchEvent {
  const told = { key: keyToBuffer(key), version };
  if (value !== undefined) return { type: 'set', ...told, value: valueToBuffer(value) };
  return { type: expiresAt > 0 ? 'expire' : 'delete', ...told };
}

function sizeOf({ key, value }: WatchEvent): number {
  return key.length + (value?.length ?? 0);
}
