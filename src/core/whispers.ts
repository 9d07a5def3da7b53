// Whispers: messages to one node, wherever it is. It owns what waits for each target, one batch under way at
// a time, so that the order is kept; the search for the target; and, as a receiver, the numbers that tell a
// repeated whisper from a new one. A member is asked itself, a client through its home; where nobody has
// joined, waves.ts carries them.
import type { Packet, Whisper, WhisperRequest } from './cast.ts';
import { packetBytes } from './cast.ts';
import type { Contact } from './contact.ts';
import type { Directory } from './directory.ts';
import type { Destination, Failure } from './effect.ts';
import type { Answer, Engine } from './engine.ts';
import type { Reply } from './message.ts';
import type { RoutingTable } from './routing-table.ts';
import type { Timer } from './timers.ts';
import { Waves } from './waves.ts';

interface Item extends Whisper {
  readonly bytes: number;
  timer: Timer | undefined;
  ended: boolean;
  readonly done: (failure?: Failure) => void;
}

interface Queue {
  readonly target: string;
  items: Item[];
  isBusy: boolean;
  /** Tries that failed since something was delivered. */
  rounds: number;
  /** Since when nobody knows where the target is. */
  unknownSince: number | undefined;
}

/** Overhead of a whisper and of each packet, so that a batch of many tiny ones fits a frame. */
const WHISPER_BYTES = 32;
const PACKET_BYTES = 8;
/** Former homes that still bring whispers. */
const HOMES_MAX = 4;
/** Whispers in one request. */
const BATCH_MAX = 256;

export class Whispers {
  readonly #engine: Engine;
  readonly #table: RoutingTable;
  readonly #directory: Directory;
  readonly #waves: Waves;
  readonly #queues = new Map<string, Queue>();
  /** Where targets were found, the latest last. */
  readonly #found = new Map<string, Contact>();
  /** The latest sequence heard of a sender and incarnation, the latest sender last. */
  readonly #heard = new Map<string, number>();
  /** The latest homes of this client: others may know of a former one for a while. */
  #homes: readonly string[] = [];
  #lastSequence = 0;
  #bytes = 0;

  constructor(engine: Engine, table: RoutingTable, directory: Directory) {
    this.#engine = engine;
    this.#table = table;
    this.#directory = directory;
    this.#waves = new Waves(engine, table);
  }

  /** Settles when the target has it, within `timeoutMs`. */
  send(
    target: string,
    packets: readonly Packet[],
    timeoutMs: number,
    done: (failure?: Failure) => void,
  ): void {
    const engine = this.#engine;
    const { limits } = engine;
    this.#lastSequence += 1;
    const sentAt = Math.max(0, Math.round(engine.wall));
    if (target === engine.self.id) {
      engine.event({ type: 'message', message: { sender: target, sentAt, packets, from: target } });
      return done();
    }
    if (!engine.member && this.#table.origin === undefined && !this.#waves.isNeeded) {
      const message = 'no node is connected: connect to one first, or join to start a ring';
      return done({ code: 'ERR_NOT_CONNECTED', message });
    }
    const bytes = packetBytes(packets) + packets.length * PACKET_BYTES + WHISPER_BYTES;
    if (this.#bytes > 0 && this.#bytes + bytes > limits.messageWindowBytes) {
      const most = limits.messageWindowBytes;
      const message = `${most} bytes of whispers wait (limits.messageWindowBytes): await each whisper`;
      return done({ code: 'ERR_LIMIT', message });
    }
    this.#bytes += bytes;
    const sequence = this.#lastSequence;
    const item: Item = { sequence, sentAt, packets, bytes, timer: undefined, ended: false, done };
    const queue = this.#queues.get(target) ?? emptyQueue(target);
    this.#queues.set(target, queue);
    queue.items.push(item);
    item.timer = engine.after(timeoutMs, () => {
      this.#end([item], this.#lateness(queue, timeoutMs));
      queue.items = queue.items.filter((other) => other !== item);
    });
    this.#advance(queue);
  }

  /** This client has a home, or another one. */
  homed(): void {
    const home = this.#table.origin?.id;
    if (home === undefined) return;
    this.#homes = [home, ...this.#homes.filter((id) => id !== home)].slice(0, HOMES_MAX);
  }

  handle(from: string, request: WhisperRequest, respond: (reply: Reply) => void): void {
    const engine = this.#engine;
    const { target, sender } = request;
    // Only the sender itself, or for a client its home, may bring a whisper; or anybody where nobody has one.
    const isHome = !engine.member && this.#homes.includes(from);
    const isWave = request.wave > 0 && this.#waves.isNeeded;
    if (from !== sender && !isHome && !isWave) return respond({ type: 'heard', delivered: false });
    if (target === engine.self.id) {
      for (const item of request.items) this.#deliver(from, request, item);
      return respond({ type: 'heard', delivered: true });
    }
    if (request.wave > 0) return this.#waves.pass(from, request, respond);
    if (!engine.member || !engine.peers.isConnected(target)) {
      return respond({ type: 'heard', delivered: false });
    }
    engine.call(target, request, ({ type, ...answer }) => {
      const isHeard = type === 'reply' && 'body' in answer && answer.body.type === 'heard';
      if (isHeard) return respond(answer.body);
      if (type === 'unreachable') return respond({ type: 'heard', delivered: false });
      respond({ type: 'failed', code: 'BUSY', message: 'the client has not answered' });
    });
  }

  #deliver(
    from: string,
    { sender, incarnation }: { sender: string; incarnation: number },
    item: Whisper,
  ): void {
    const engine = this.#engine;
    const { sequence, sentAt, packets } = item;
    const key = `${sender}:${incarnation}`;
    const last = this.#heard.get(key) ?? 0;
    this.#heard.delete(key);
    this.#heard.set(key, Math.max(last, sequence));
    dropOldest(this.#heard, engine.limits.messageSenders);
    if (sequence > last) engine.event({ type: 'message', message: { sender, sentAt, packets, from } });
  }

  #advance(queue: Queue): void {
    if (queue.isBusy) return;
    if (queue.items.length === 0) return void this.#queues.delete(queue.target);
    queue.isBusy = true;
    const { target } = queue;
    const known = this.#engine.peers.isConnected(target) ? target : this.#contact(target);
    if (known !== undefined && queue.rounds % 2 === 0) return this.#transmit(queue, known);
    if (this.#waves.isNeeded) return this.#transmit(queue, undefined);
    this.#search(queue);
  }

  #contact(target: string): Contact | undefined {
    return this.#found.get(target) ?? this.#table.contactOf(target);
  }

  #search(queue: Queue): void {
    const { requestMaxMs } = this.#engine.profile;
    this.#directory.find(queue.target, requestMaxMs, (at, answered) => {
      if (at === undefined || at.id === this.#engine.self.id) return this.#miss(queue, answered);
      this.#found.delete(queue.target);
      this.#found.set(queue.target, at);
      dropOldest(this.#found, this.#engine.limits.directory);
      this.#transmit(queue, at);
    });
  }

  /** To a node; to all where it is not known which. */
  #transmit(queue: Queue, to: Destination | undefined): void {
    const batch = this.#batch(queue);
    if (batch.length === 0) {
      queue.isBusy = false;
      return this.#advance(queue);
    }
    const { id: sender, incarnation } = this.#engine.self;
    const items = batch.map(({ sequence, sentAt, packets }) => ({ sequence, sentAt, packets }));
    const { target } = queue;
    const request = { type: 'whisper', target, sender, incarnation, items, wave: 0 } as const;
    if (to === undefined) {
      return this.#waves.send(request, (body) =>
        this.#answered(queue, batch, { type: 'reply', body, ms: 0 }),
      );
    }
    // A home needs a request of its own to its client.
    const timeoutMs = 2 * this.#engine.profile.requestMaxMs;
    this.#engine.call(to, request, (answer) => this.#answered(queue, batch, answer), timeoutMs);
  }

  #batch(queue: Queue): Item[] {
    const batch: Item[] = [];
    let bytes = 0;
    for (const item of queue.items) {
      bytes += item.bytes;
      if (batch.length >= BATCH_MAX) break;
      if (batch.length > 0 && bytes > this.#engine.limits.pageBytes) break;
      batch.push(item);
    }
    return batch;
  }

  #answered(queue: Queue, batch: readonly Item[], answer: Answer): void {
    const isDelivered = answer.type === 'reply' && answer.body.type === 'heard' && answer.body.delivered;
    if (!isDelivered) {
      this.#found.delete(queue.target);
      const isElsewhere = answer.type === 'reply' && answer.body.type === 'heard';
      return this.#miss(queue, isElsewhere || answer.type === 'unreachable');
    }
    queue.isBusy = false;
    queue.rounds = 0;
    queue.unknownSince = undefined;
    this.#end(batch);
    queue.items = queue.items.filter(({ ended }) => !ended);
    this.#advance(queue);
  }

  /** Not there: another way is tried, and after a while, when nobody knows of the target, given up. */
  #miss(queue: Queue, isKnownNowhere: boolean): void {
    const engine = this.#engine;
    queue.rounds += 1;
    if (isKnownNowhere) queue.unknownSince ??= engine.now;
    else queue.unknownSince = undefined;
    const isLost = queue.unknownSince !== undefined && engine.now - queue.unknownSince >= this.#patienceMs;
    if (isLost) {
      const message = `no node with the id ${queue.target} is known to the network, or it does not answer`;
      this.#end(queue.items, { code: 'ERR_UNREACHABLE', message });
      queue.items = [];
    }
    const pauseMs = engine.profile.retryMs * 2 ** Math.min(queue.rounds - 1, 4);
    engine.after(queue.rounds === 1 ? 0 : engine.random.around(pauseMs), () => {
      queue.isBusy = false;
      this.#advance(queue);
    });
  }

  /** The ring gets the time it takes to notice a loss, and a little for a client to find another home. */
  get #patienceMs(): number {
    const { evictAfterMs, requestMaxMs } = this.#engine.profile;
    return evictAfterMs + requestMaxMs;
  }

  #lateness({ unknownSince, target }: Queue, timeoutMs: number): Failure {
    const code = unknownSince === undefined ? 'ERR_TIMEOUT' : 'ERR_UNREACHABLE';
    return { code, message: `${target} has not acknowledged the message within ${timeoutMs} ms` };
  }

  #end(items: readonly Item[], failure?: Failure): void {
    for (const item of items) {
      if (item.ended) continue;
      item.ended = true;
      this.#engine.cancelTimer(item.timer);
      this.#bytes -= item.bytes;
      item.done(failure);
    }
  }
}

function emptyQueue(target: string): Queue {
  return { target, items: [], isBusy: false, rounds: 0, unknownSince: undefined };
}

/** Maps keep the order in which their keys were set. */
function dropOldest(map: Map<string, unknown>, max: number): void {
  for (const key of map.keys()) {
    if (map.size <= max) return;
    map.delete(key);
  }
}
