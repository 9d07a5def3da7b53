// Mailbox: what has arrived and was not taken yet, in order, and the handlers that see it first. Bounded by
// number and bytes: when there is no room for a message the oldest ones are dropped, because a program that
// does not read is better served by what is new, and each of them is told.
import { packetBytes } from '../core/cast.ts';
import type { Message } from './message.ts';
import type { Peer } from './peer.ts';

/**
 * Sees a message before it is queued; `connection` is the node that handed it over, which for a message to
 * everybody is rarely its sender. Truthy: it has been dealt with, and nobody else gets it. Not asynchronous:
 * a promise is truthy.
 */
export type MessageHandler = (message: Message, connection: Peer) => unknown;

export interface MailboxLimits {
  readonly messageQueue: number;
  readonly messageQueueBytes: number;
}

export interface MailboxEvents {
  /** A message can be received. */
  queued(): void;
  /** A message was dropped, for want of room. */
  dropped(message: Message): void;
  /** A handler has thrown. */
  failed(error: unknown): void;
}

export class Mailbox {
  readonly #limits: MailboxLimits;
  readonly #events: MailboxEvents;
  readonly #handlers: MessageHandler[] = [];
  #queue: Message[] = [];
  /** Of #queue, what was taken. */
  #taken = 0;
  #bytes = 0;

  constructor(limits: MailboxLimits, events: MailboxEvents) {
    this.#limits = limits;
    this.#events = events;
  }

  /** Throws TypeError for what does not take a message and a connection, or less. */
  register(handler: MessageHandler): void {
    if (typeof handler !== 'function') {
      throw new TypeError(`a handler must be a function, got ${handler === null ? 'null' : typeof handler}`);
    }
    if (handler.length > 2) {
      throw new TypeError(
        `a handler takes at most two parameters, (message, connection); this one takes ${handler.length}`,
      );
    }
    this.#handlers.push(handler);
  }

  deliver(message: Message, connection: Peer): void {
    // A handler may register another one, which then waits for the next message.
    for (const handler of this.#handlers.slice()) if (this.#handles(handler, message, connection)) return;
    this.#queue.push(message);
    this.#bytes += packetBytes(message.packets);
    const { messageQueue, messageQueueBytes } = this.#limits;
    while (this.#size > messageQueue || (this.#size > 1 && this.#bytes > messageQueueBytes)) {
      const oldest = this.take();
      if (oldest !== undefined) this.#events.dropped(oldest);
    }
    this.#events.queued();
  }

  /** The oldest message. */
  take(): Message | undefined {
    const message = this.#queue[this.#taken];
    if (message === undefined) return undefined;
    this.#bytes -= packetBytes(message.packets);
    this.#taken += 1;
    // Cut off now and then, so that taking one stays cheap and what was taken is not kept.
    if (this.#taken > 64 && this.#taken * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#taken);
      this.#taken = 0;
    }
    return message;
  }

  get #size(): number {
    return this.#queue.length - this.#taken;
  }

  #handles(handler: MessageHandler, message: Message, connection: Peer): boolean {
    try {
      return Boolean(handler(message, connection));
    } catch (error) {
      this.#events.failed(error);
      return false;
    }
  }
}
