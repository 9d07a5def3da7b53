// Watch: the changes of a key, or of all keys with a prefix, as an endless iterator. It owns how far each
// part of the ring has been told, and asks the owners again for ever, so that the loss of one is a repeat.
// Owners remember what a slow reader has not fetched: nothing is asked for while a page waits here, and what
// they have forgotten by then is a gap.
import type { ChangesReply } from '../core/change-query.ts';
import type { Entry, Key, Version } from '../core/entry.ts';
import { isVersion, versionTime } from '../core/entry.ts';
import type { Arc } from '../core/position.ts';
import { holds, intersect, subtract } from '../core/position.ts';
import { firstOf } from '../core/changes.ts';
import { type Bytes, keyToBuffer, toKey, toPrefix, valueToBuffer } from './bytes.ts';
import { parseCall } from './call-options.ts';
import type { WalkRunner } from './walk.ts';

export interface WatchOptions {
  /** Changes behind this version are told first; default: those from `ready` on. */
  readonly since?: string | undefined;
  /** Aborting it ends the watch. */
  readonly signal?: AbortSignal | undefined;
}

export interface WatchEvent {
  readonly type: 'set' | 'delete' | 'expire' | 'gap';
  /** With 'gap', what is watched. */
  readonly key: Buffer;
  readonly value?: Buffer;
  /** With 'gap', the version behind which something may be missing; may be ''. */
  readonly version: string;
}

interface Part {
  readonly arc: Arc;
  readonly fresh: boolean;
  readonly since: Version;
  readonly sinceMs: number;
}

/** The longest pause between attempts while the owner does not answer. */
const PAUSE_MAX_MS = 2_000;
const PAUSE_MS = 50;

export class Watch implements AsyncIterableIterator<WatchEvent> {
  /** Resolves once every change from here on will be told; rejects where the watch ends before. */
  readonly ready: Promise<void>;
  readonly #runner: WalkRunner;
  readonly #what: { readonly key: Key; readonly prefix: boolean };
  readonly #ended = new AbortController();
  readonly #events: WatchEvent[] = [];
  readonly #failures: unknown[] = [];
  #waiting: (() => void)[] = [];
  #starting = 0;
  #isReady: () => void = () => {};
  #isNotReady: (error: unknown) => void = () => {};

  /** Throws for misuse at once. */
  constructor(runner: WalkRunner, what: Bytes | { readonly prefix: Bytes }, options: unknown) {
    const { since, signal } = parseWatch(options, runner);
    const prefix = typeof what === 'object' && 'prefix' in what;
    const key = prefix ? toPrefix(what.prefix) : toKey(what, runner.limits);
    this.#runner = runner;
    this.#what = { key, prefix };
    this.ready = new Promise((resolve, reject) => {
      this.#isReady = resolve;
      this.#isNotReady = reject;
    });
    this.ready.catch(() => {});
    const to = prefix ? 0 : runner.positionOf(key);
    const arc = { from: prefix ? 0 : (to + runner.positions - 1) % runner.positions, to };
    signal?.addEventListener('abort', () => this.#end(), { once: true, signal: this.#ended.signal });
    const sinceMs = since === undefined ? 0 : versionTime(since);
    this.#begin({ arc, fresh: since === undefined, since: since ?? '', sinceMs });
  }

  async next(): Promise<IteratorResult<WatchEvent, undefined>> {
    for (;;) {
      const value = this.#events.shift();
      this.#wake();
      if (value !== undefined && !this.#ended.signal.aborted) return { done: false, value };
      if (this.#failures.length > 0) throw this.#failures.shift();
      if (this.#ended.signal.aborted) return { done: true, value: undefined };
      await this.#changed();
    }
  }

  async return(): Promise<IteratorResult<WatchEvent, undefined>> {
    this.#end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #begin(part: Part): void {
    if (part.fresh) this.#starting += 1;
    void this.#follow(part).catch((error: unknown) => {
      if (!this.#ended.signal.aborted) this.#failures.push(error);
      this.#end(error);
    });
  }

  async #follow(first: Part): Promise<void> {
    let part = first;
    let pauseMs = PAUSE_MS;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      while (this.#events.length >= this.#runner.limits.pageEntries && !signal.aborted) await this.#changed();
      const reply = await this.#ask(part);
      if (signal.aborted) return;
      if (reply === undefined) {
        await this.#pause(pauseMs);
        pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS);
        continue;
      }
      pauseMs = PAUSE_MS;
      part = this.#take(part, reply);
    }
  }

  /** Undefined where nobody could answer now. Throws once the node is closed. */
  async #ask(part: Part): Promise<ChangesReply | undefined> {
    const { timeoutMs } = this.#runner.defaults;
    const { signal } = this.#ended;
    try {
      return await this.#runner.run<ChangesReply>(
        { type: 'changes', ...this.#what, ...part },
        { timeoutMs, signal },
      );
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      if (code === 'ERR_CLOSED' || (code === 'ERR_NOT_CONNECTED' && part.fresh)) throw error;
      return undefined;
    }
  }

  /** Tells what is new; what the owner does not serve is another's and asked for apart. */
  #take(part: Part, reply: ChangesReply): Part {
    const { positions } = this.#runner;
    const first = firstOf(part.arc, positions);
    const share = intersect(part.arc, reply.arc, positions).find((arc) => holds(arc, first));
    if (share === undefined) return part;
    for (const arc of subtract(part.arc, share, positions)) this.#begin({ ...part, arc });
    if (reply.missing) {
      this.#events.push({ type: 'gap', key: keyToBuffer(this.#what.key), version: part.since });
    }
    for (const entry of reply.entries) if (entry.version > part.since) this.#events.push(toEvent(entry));
    if (part.fresh) this.#starting -= 1;
    if (this.#starting === 0) this.#isReady();
    this.#wake();
    return { arc: share, fresh: false, since: reply.through, sinceMs: reply.throughMs };
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#ended.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#ended.signal.addEventListener('abort', done);
    });
  }

  #end(error: unknown = new Error('the watch has ended')): void {
    this.#ended.abort();
    this.#events.length = 0;
    this.#isNotReady(error);
    this.#wake();
  }
}

function parseWatch(options: unknown, runner: WalkRunner): WatchOptions {
  const { signal } = parseCall(options, runner.defaults, ['since']);
  const since: unknown = (options as WatchOptions | undefined)?.since;
  if (since !== undefined && (typeof since !== 'string' || !isVersion(since))) {
    throw new TypeError('since must be the version of a change');
  }
  return { since, signal };
}

function toEvent({ key, value, version, expiresAt }: Entry): WatchEvent {
  const type = value !== undefined ? 'set' : expiresAt > 0 ? 'expire' : 'delete';
  const bytes = value === undefined ? {} : { value: valueToBuffer(value) };
  return { type, key: keyToBuffer(key), ...bytes, version };
}
