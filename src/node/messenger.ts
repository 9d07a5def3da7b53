// Messenger: messages as sockets offer them: sending, whispering, receiving, handlers. It owns the parsing of
// their arguments and what becomes of a message that arrives; the network's part is in the core.
import type { MessageCommand } from '../core/command.ts';
import type { Delivery } from '../core/effect.ts';
import type { DebugLog } from './debug-log.ts';
import { Mailbox, type MailboxEvents, type MessageHandler } from './mailbox.ts';
import { Message, toPackets } from './message.ts';
import type { Peer } from './peer.ts';
import type { Runner } from './runner.ts';

/** The part of a node that messages need. */
export interface MessengerNode extends Runner {
  readonly log: DebugLog;
  peerOf(id: string): Peer;
}

/** The wire's bound on a name; an id has 43 or 44 characters. */
const ID_MAX = 255;

export class Messenger {
  readonly #node: MessengerNode;
  readonly #mailbox: Mailbox;

  constructor(node: MessengerNode, events: MailboxEvents) {
    this.#node = node;
    this.#mailbox = new Mailbox(node.limits, events);
  }

  send(given: readonly unknown[]): Promise<void> {
    return this.#start(() => ({ type: 'send', packets: toPackets(given, this.#node.limits) }));
  }

  whisper(id: unknown, given: readonly unknown[]): Promise<void> {
    return this.#start(() => {
      const target = parseId(id);
      return { type: 'whisper', target, packets: toPackets(given, this.#node.limits) };
    });
  }

  receive(): Message | undefined {
    return this.#mailbox.take();
  }

  /** At most `count`, the oldest first. */
  receiveMany(count: unknown): Message[] {
    if (typeof count !== 'number') throw new TypeError(`recv takes a number, got ${typeof count}`);
    if (!Number.isInteger(count) || count < 0) {
      throw new RangeError(`recv takes an integer of at least 0, got ${count}`);
    }
    const messages: Message[] = [];
    while (messages.length < count) {
      const message = this.#mailbox.take();
      if (message === undefined) break;
      messages.push(message);
    }
    return messages;
  }

  register(handler: MessageHandler): void {
    this.#mailbox.register(handler);
  }

  /** What the machine has received. */
  deliver({ sender, sentAt, packets, from }: Delivery): void {
    const message = new Message({ sender, packets, time: sentAt }, (id, reply) => this.whisper(id, reply));
    this.#mailbox.deliver(message, this.#node.peerOf(from));
  }

  /**
   * Nobody has to await a message: a failure that is not caught must not end the process, but is logged.
   * Misuse is not forgiven like that.
   */
  #start(parse: () => MessageCommand): Promise<void> {
    let command: MessageCommand;
    try {
      command = parse();
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    const { timeoutMs } = this.#node.defaults;
    const sent = this.#node.run<void>(command, { timeoutMs });
    sent.catch((error: unknown) => {
      this.#node.log.write('warn', `a message was not acknowledged (${command.type})`, { error });
    });
    return sent;
  }
}

function parseId(id: unknown): string {
  if (typeof id !== 'string') throw new TypeError(`the id of a node is a string, got ${typeof id}`);
  if (id === '' || id.length > ID_MAX) throw new RangeError(`the id of a node has 1 to ${ID_MAX} characters`);
  return id;
}
