// An engine whose peers are played by the test: it owns the time and what was sent and not answered yet.
import type { Effect } from '../../src/core/effect.ts';
import { Engine } from '../../src/core/engine.ts';
import type { CoreLimits } from '../../src/core/limits.ts';
import { CORE_LIMITS } from '../../src/core/limits.ts';
import type { Reply, Request } from '../../src/core/message.ts';
import { PROFILES } from '../../src/core/profile.ts';
import { simulationHash } from '../../src/sim/hash.ts';
import { memberAt } from './members.ts';

interface Sent {
  readonly to: string;
  readonly number: number;
  readonly body: Request;
}

export class EngineDriver {
  readonly engine: Engine;
  /** Requests that wait for an answer of the test, oldest first. */
  readonly open: Sent[] = [];
  /** Replies that the engine has sent. */
  readonly replies: { readonly to: string; readonly body: Reply }[] = [];

  /** Batches that are being written down. */
  readonly #saves: number[] = [];

  /** The engine of a member at position 0, with the `local` profile, at a time above 0. */
  constructor(limits: Partial<CoreLimits> = {}, durable = false) {
    this.engine = new Engine({
      k: 8,
      hash: simulationHash,
      seed: 1,
      self: memberAt(0),
      profile: PROFILES.local,
      limits: { ...CORE_LIMITS, ...limits },
      durable,
    });
    this.engine.member = true;
    this.engine.now = 1_000;
  }

  /** Ends a turn: what the engine wants to send is open from now on. */
  poll(): void {
    for (let effect = this.engine.poll(); effect !== undefined; effect = this.engine.poll()) {
      this.#sent(effect);
    }
  }

  /** The open requests of one kind. */
  openOf<T extends Request['type']>(type: T): (Sent & { readonly body: Extract<Request, { type: T }> })[] {
    return this.open.filter((sent): sent is Sent & { body: Extract<Request, { type: T }> } => {
      return sent.body.type === type;
    });
  }

  /** Answers the oldest open request to that peer, of that kind. */
  answer(to: string, type: Request['type'], body: Reply): void {
    const sent = this.#take(to, type);
    this.engine.handleReply(to, sent.number, body);
    this.poll();
  }

  /** No request to the peer can be delivered. */
  refuse(to: string): void {
    this.#drop((sent) => sent.to === to);
    this.engine.handleUnreachable(to);
    this.poll();
  }

  /** Time passes; every timer runs when it is due. */
  advance(ms: number): void {
    const end = this.engine.now + ms;
    for (let next = this.engine.nextTimeout(); next <= end; next = this.engine.nextTimeout()) {
      this.engine.now = Math.max(this.engine.now, next);
      this.engine.runTimers();
      this.poll();
    }
    this.engine.now = end;
  }

  /** All that is being written down is, or cannot be. */
  saved(well: boolean): void {
    for (const token of this.#saves.splice(0)) {
      if (well) this.engine.saver.handleSaved(token);
      else this.engine.saver.handleSaveFailed(token, 'disk full');
    }
    this.poll();
  }

  #take(to: string, type: Request['type']): Sent {
    const index = this.open.findIndex((sent) => sent.to === to && sent.body.type === type);
    const [sent] = index === -1 ? [] : this.open.splice(index, 1);
    if (sent === undefined) throw new Error(`no ${type} to ${to} is open`);
    return sent;
  }

  #drop(matches: (sent: Sent) => boolean): void {
    for (let i = this.open.length - 1; i >= 0; i--) {
      const sent = this.open[i];
      if (sent !== undefined && matches(sent)) this.open.splice(i, 1);
    }
  }

  #sent(effect: Effect): void {
    if (effect.type === 'save') this.#saves.push(effect.token);
    if (effect.type !== 'send') return;
    const to = typeof effect.to === 'string' ? effect.to : effect.to.id;
    const { direction, number, body } = effect.message;
    if (direction === 'request') this.open.push({ to, number, body });
    else this.replies.push({ to, body });
  }
}
