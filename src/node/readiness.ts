// Readiness: is this node's ring whole, and may this node go? It owns the judgement of a walk of the ring;
// the walk itself, one request a member, is the core's, so every answer here has made the round trip.
import { setTimeout as pause } from 'node:timers/promises';
import type { MachineHealth } from '../core/machine-options.ts';
import type { MemberDescription } from '../core/message.ts';
import { type Call, Deadline } from './call-options.ts';
import { ChordError } from './errors.ts';
import { ringAgrees, servedTwice } from './ring-view.ts';
import type { Runner } from './runner.ts';

/** What a walk just showed. */
export interface Health {
  /**
   * A walk came round, its members agree, no two of them serve the same keys, and for a member: it serves its
   * arc and its entries have all their copies.
   */
  readonly ok: boolean;
  /** Members that the walk saw; absent where it did not come round. */
  readonly members?: number;
  /** For a member: whether it answers for its whole arc. A client serves nothing. */
  readonly serving: boolean;
  /** Whether each member's successor is the next one, and each one's predecessor the one before. */
  readonly neighboursAgree: boolean;
  /**
   * Whether this node's fingers point to the first member at or behind each target, as far as it has
   * checked.
   */
  readonly fingersComplete: boolean;
  /** Arcs of the ring that have fewer copies than they should. */
  readonly underReplicated: number;
  /** Milliseconds of the walk. */
  readonly ms: number;
  /** Why the walk did not come round. */
  readonly error?: ChordError;
}

/** What is judged. */
export interface ReadinessSubject {
  readonly id: string;
  /** Whether it stores data for the ring. */
  isMember(): boolean;
  health(): MachineHealth;
  /** Throws ERR_CLOSED where it is closed. */
  assertOpen(): void;
  /**
   * Whether a walk that fails because no member is known may succeed later: it is joining, is connected to a
   * node that may join, or remembers an address.
   */
  mayConnect(): boolean;
}

export class Readiness {
  readonly #runner: Runner;
  readonly #subject: ReadinessSubject;
  /** Between two walks, in milliseconds. */
  readonly #pauseMs: number;

  constructor(runner: Runner, subject: ReadinessSubject, pauseMs: number) {
    this.#runner = runner;
    this.#subject = subject;
    this.#pauseMs = pauseMs;
  }

  async wait(least: number, call: Call): Promise<void> {
    const deadline = new Deadline(call);
    let seen = 'no walk of the ring came round';
    let cause: unknown;
    while (!deadline.passed) {
      try {
        const members = await this.#walk({ ...call, timeoutMs: deadline.remainingMs });
        const missing = this.#whatIsMissing(members, least);
        if (missing === undefined) return;
        seen = missing;
      } catch (error) {
        if (!this.#mayPass(error)) throw error;
        cause = error;
      }
      await pause(Math.min(this.#pauseMs, deadline.remainingMs), undefined, { signal: call.signal }).catch(
        () => call.signal?.throwIfAborted(),
      );
    }
    throw new ChordError('ERR_TIMEOUT', `not ready within ${call.timeoutMs} ms: ${seen}`, { cause });
  }

  async health(call: Call): Promise<Health> {
    const begin = performance.now();
    const own = this.#subject.health();
    const base = { serving: own.serving, fingersComplete: own.fingersComplete };
    try {
      const members = await this.#walk(call);
      const underReplicated = members.reduce((sum, member) => sum + member.underReplicated.length, 0);
      const neighboursAgree = ringAgrees(members);
      const isOne = neighboursAgree && members.length > 0 && servedTwice(members) === undefined;
      const isWhole = isOne && underReplicated === 0;
      const ok = isWhole && (!this.#subject.isMember() || own.serving);
      const ms = performance.now() - begin;
      return { ok, members: members.length, ...base, neighboursAgree, underReplicated, ms };
    } catch (error) {
      if (!(error instanceof ChordError)) throw error;
      const ms = performance.now() - begin;
      return { ok: false, ...base, neighboursAgree: false, underReplicated: 0, ms, error };
    }
  }

  /**
   * Whether everything that this node holds is held by enough others, and these are a majority without it. A
   * client holds only what it has not handed over yet.
   */
  async safeToStop(replicas: number, call: Call): Promise<boolean> {
    this.#subject.assertOpen();
    if (!this.#subject.isMember()) return this.#subject.health().entries === 0;
    const members = await this.#walk(call);
    const own = members.find(({ self }) => self.id === this.#subject.id);
    if (own === undefined) return false;
    if (own.entries + own.copies === 0) return true;
    const copies = Math.min(replicas, members.length);
    if (copies - 1 < majorityOf(copies)) return false;
    const everyArcHasItsCopies = members.every(
      (member) => member.serving && member.underReplicated.length === 0,
    );
    return everyArcHasItsCopies && ringAgrees(members);
  }

  #walk(call: Call): Promise<readonly MemberDescription[]> {
    return this.#runner.run({ type: 'ring' }, call);
  }

  #whatIsMissing(members: readonly MemberDescription[], least: number): string | undefined {
    if (members.length < least) return `${members.length} of ${least} members seen`;
    if (!ringAgrees(members))
      return `the ${members.length} members seen do not agree on their neighbours yet`;
    if (servedTwice(members) !== undefined) {
      return `${members.length} members seen, of rings that still merge: some keys are served by two of them`;
    }
    if (this.#subject.isMember() && !this.#subject.health().serving) {
      return `${members.length} members seen, but this one does not serve its arc yet`;
    }
    return undefined;
  }

  #mayPass(error: unknown): boolean {
    if (!(error instanceof ChordError) || error.code === 'ERR_CLOSED') return false;
    return error.code !== 'ERR_NOT_CONNECTED' || this.#subject.mayConnect();
  }
}

function majorityOf(copies: number): number {
  return Math.floor(copies / 2) + 1;
}
