// Nodes for tests of connections: links over real loopback or in memory, with everything they tell kept in
// lists, and waits for what they tell. It owns cleaning up: close() ends every node it made.
import type { Contact } from '../../src/core/contact.ts';
import type { Message, Tables } from '../../src/core/message.ts';
import { ChordError } from '../../src/node/errors.ts';
import type { Announcement } from '../../src/node/handshake.ts';
import { Identity } from '../../src/node/identity.ts';
import type { RefusedNotice } from '../../src/node/link.ts';
import type { LinkEvents, LinkLimits, LinksOptions } from '../../src/node/link-options.ts';
import { Links } from '../../src/node/links.ts';
import { type Encryption, Protocol } from '../../src/node/protocol.ts';
import { chooseTransport } from '../../src/node/transport-choice.ts';
import type { Transport } from '../../src/transport/transport.ts';

const MIB = 1_048_576;
export const LIMITS: LinkLimits = {
  connections: 64,
  handshakes: 32,
  queueBytes: 16 * MIB,
  frameBytes: 2 * MIB,
};

export interface NodeOptions
  extends Partial<Omit<LinksOptions, 'secrets' | 'protocol' | 'hello' | 'events'>> {
  readonly subnet?: string;
  readonly encryption?: Encryption;
  readonly secrets?: readonly string[];
  readonly hello?: Partial<Announcement>;
}

/** Links with what they told. */
export class TestNode implements LinkEvents {
  readonly identity: Identity;
  readonly links: Links;
  readonly connections: { peer: Contact; member: boolean; tables: Tables | undefined }[] = [];
  readonly disconnections: { id: string; reason: string }[] = [];
  readonly messages: { id: string; message: Message }[] = [];
  readonly unreachables: string[] = [];
  readonly refusals: RefusedNotice[] = [];
  readonly errors: ChordError[] = [];
  readonly protocol: Protocol;
  readonly k: number;
  readonly secrets: readonly string[];
  port = 0;
  #waiting: (() => void)[] = [];
  answers = false;

  constructor(
    identity: Identity,
    options: Omit<LinksOptions, 'events' | 'hello'>,
    hello: Partial<Announcement>,
  ) {
    this.identity = identity;
    this.protocol = options.protocol;
    this.k = options.k;
    this.secrets = options.secrets.map((secret) => Buffer.from(secret).toString());
    this.links = new Links({
      ...options,
      hello: () => ({
        salt: 0,
        incarnation: 1,
        member: true,
        seeksHome: false,
        host: '127.0.0.1',
        port: this.port,
        ...hello,
      }),
      events: this,
    });
  }

  get contact(): Contact {
    const { id, publicKey } = this.identity;
    return { id, publicKey, salt: 0, position: 0, incarnation: 1, host: '127.0.0.1', port: this.port };
  }

  async listen(port: number = 0): Promise<this> {
    this.port = (await this.links.listen('127.0.0.1', port)).port;
    return this;
  }

  dial(other: TestNode): Promise<Contact> {
    return this.links.dial('127.0.0.1', other.port);
  }

  /** Resolves once the condition holds, which is looked at whenever something was told. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  connected(peer: Contact, member: boolean, tables: Tables | undefined): void {
    this.connections.push({ peer, member, tables });
    this.#wake();
  }

  disconnected(id: string, reason: string): void {
    this.disconnections.push({ id, reason });
    this.#wake();
  }

  message(id: string, message: Message): void {
    this.messages.push({ id, message });
    if (this.answers && message.direction === 'request') this.links.send(id, pong(message.number));
    this.#wake();
  }

  unreachable(id: string): void {
    this.unreachables.push(id);
    this.#wake();
  }

  refused(notice: RefusedNotice): void {
    this.refusals.push(notice);
    this.#wake();
  }

  error(error: ChordError): void {
    this.errors.push(error);
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** Makes nodes and ends them. */
export class LinkWorld {
  readonly #nodes: TestNode[] = [];

  async node(options: NodeOptions = {}): Promise<TestNode> {
    const { subnet = 'test', encryption = 'Plaintext', secrets = [], hello = {}, ...rest } = options;
    const identity = rest.identity ?? Identity.create();
    const limits = rest.limits ?? LIMITS;
    const transport: Transport = rest.transport ?? (await chooseTransport(encryption, identity, limits));
    const node = new TestNode(
      identity,
      {
        k: 8,
        tables: () => undefined,
        protocol: new Protocol(subnet, encryption),
        ...rest,
        identity,
        limits,
        transport,
        secrets: secrets.map((secret) => Buffer.from(secret)),
      },
      hello,
    );
    this.#nodes.push(node);
    return node;
  }

  async listening(options: NodeOptions = {}): Promise<TestNode> {
    const node = await this.node(options);
    return node.listen();
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.splice(0).map(({ links }) => links.close()));
  }
}

export function ping(number: number): Message {
  return { direction: 'request', number, body: { type: 'ping' } };
}

export function pong(number: number): Message {
  return { direction: 'reply', number, body: { type: 'pong', wallMs: 0 } };
}

/** The ChordError that a promise rejects with; anything else fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<ChordError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ChordError) return error;
    throw error;
  }
  throw new Error('expected a rejection');
}
