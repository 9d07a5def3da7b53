// CastLog: the casts this node has sent and received: which are new, in which order they are delivered, and
// which can still be given to a node that missed them. It owns the numbers of this node's own casts, one
// stream a sender and incarnation, and the window of casts that are kept. Bounded by messageSenders and
// messageWindowBytes. Passing on is broadcast.ts's work, and asking for what is missing anti-entropy.ts's.
import type { Cast, CastStream, Packet } from './cast.ts';
import { packetBytes } from './cast.ts';
import type { Engine } from './engine.ts';
import type { Timer } from './timers.ts';

/** A cast that is kept, with how far round the ring this node has taken it already. */
export interface Kept {
  readonly cast: Cast;
  readonly bornAt: number;
  /** Who handed it over. */
  readonly from: string;
  /** In memory. */
  readonly bytes: number;
  /** The ring distance behind this node that it has been passed on for; -1 = not at all. */
  reach: number;
}

interface Stream {
  readonly sender: string;
  readonly incarnation: number;
  floor: number;
  next: number;
  end: number;
  /** One more than the highest sequence that others are known to hold. */
  expected: number;
  newestBornAt: number;
  lastAt: number;
  /** Received, but one before it is missing. */
  readonly held: Map<number, Kept>;
  gap: Timer | undefined;
}

/** Overhead of a kept cast and of each packet, so that many tiny ones count as well. */
const KEPT_BYTES = 256;
const PACKET_BYTES = 8;

export class CastLog {
  readonly #engine: Engine;
  readonly #streams = new Map<string, Stream>();
  /** In the order of arrival. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;
  #lastSequence = 0;
  /** Something new was heard then. */
  #freshAt = -Infinity;
  /** Whether somebody has told us where the streams stood when we came: what is later is owed to us. */
  tuned = false;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Milliseconds since something new was heard. */
  get quietMs(): number {
    return this.#engine.now - this.#freshAt;
  }

  get isEmpty(): boolean {
    return this.#streams.size === 0;
  }

  /** A new cast of this node. */
  create(packets: readonly Packet[]): Kept {
    const { id, incarnation } = this.#engine.self;
    this.#lastSequence += 1;
    const sequence = this.#lastSequence;
    const stream = this.#stream(id, incarnation) ?? this.#open(id, incarnation, sequence);
    stream.next = sequence + 1;
    const sentAt = Math.max(0, Math.round(this.#engine.wall));
    const cast = { sender: id, incarnation, sequence, floor: stream.floor, sentAt, ageMs: 0, packets };
    const kept = this.#keep(stream, cast, id);
    this.#makeRoom(kept);
    return kept;
  }

  /** A cast from another node; false where it was here before. Delivers what is due, in order. */
  receive(cast: Cast, from: string): boolean {
    const { sender, incarnation, sequence } = cast;
    if (sender === this.#engine.self.id) return false;
    const isOld = cast.ageMs > this.#engine.limits.messageWindowMs;
    const stream = this.#stream(sender, incarnation);
    // What is older than the window may have been here and been forgotten since.
    if (stream === undefined && isOld) return false;
    const open = stream ?? this.#open(sender, incarnation, this.tuned ? cast.floor : sequence);
    if (sequence < open.next || open.held.has(sequence)) return false;
    const kept = this.#keep(open, cast, from);
    open.held.set(sequence, kept);
    this.#drain(open);
    this.#makeRoom(kept);
    return true;
  }

  kept(sender: string, incarnation: number, sequence: number): Kept | undefined {
    return this.#kept.get(`${keyOf(sender, incarnation)}#${sequence}`);
  }

  /** As it leaves this node now. */
  outgoing(kept: Kept): Cast {
    return { ...kept.cast, ageMs: Math.max(0, Math.ceil(this.#engine.now - kept.bornAt)) };
  }

  /** The streams of which something is within the window, the ones heard last first. */
  streams(max: number): CastStream[] {
    const { now, limits } = this.#engine;
    const recent: CastStream[] = [];
    for (const stream of [...this.#streams.values()].toReversed()) {
      if (recent.length >= max) break;
      const ageMs = Math.max(0, Math.ceil(now - stream.newestBornAt));
      if (ageMs > limits.messageWindowMs) continue;
      const { sender, incarnation, floor, next, end } = stream;
      recent.push({ sender, incarnation, floor, next, end, ageMs });
    }
    return recent;
  }

  /** What this node has beyond another's list. */
  beyond(theirs: readonly CastStream[], max: number): CastStream[] {
    const listed = new Map(theirs.map((stream) => [keyOf(stream.sender, stream.incarnation), stream]));
    return this.streams(max).filter((stream) => {
      const other = listed.get(keyOf(stream.sender, stream.incarnation));
      return other === undefined || other.next < stream.next || other.end < stream.end;
    });
  }

  /** Where another node stands: whether it has something that is missing here. */
  compare(theirs: CastStream): boolean {
    const { sender, incarnation, floor, next, end, ageMs } = theirs;
    if (sender === this.#engine.self.id) return false;
    let stream = this.#stream(sender, incarnation);
    if (stream === undefined) {
      if (ageMs > this.#engine.limits.messageWindowMs) return false;
      stream = this.#open(sender, incarnation, this.tuned ? floor : next);
      // Nothing of it is here yet, but it is not forgotten while the others still have it.
      stream.newestBornAt = this.#engine.now - ageMs;
    }
    stream.expected = Math.max(stream.expected, end);
    const lacks = this.missing(sender, incarnation, end, 1).length > 0;
    if (lacks) this.#watchGap(stream);
    return lacks;
  }

  /** Sequences below `end` that are owed to this node and not here, the lowest first. */
  missing(sender: string, incarnation: number, end: number, max: number): number[] {
    const stream = this.#stream(sender, incarnation);
    const sequences: number[] = [];
    if (stream === undefined) return sequences;
    for (let i = stream.next; i < end && sequences.length < max; i++) {
      if (!stream.held.has(i)) sequences.push(i);
    }
    return sequences;
  }

  /** One more than the highest sequence here, where one before it is missing; undefined without a gap. */
  heldEnd(sender: string, incarnation: number): number | undefined {
    const stream = this.#stream(sender, incarnation);
    return stream === undefined || stream.held.size === 0 ? undefined : stream.end;
  }

  /** Forgets what is beyond the window. */
  purge(): void {
    const { now, limits } = this.#engine;
    for (const [key, kept] of this.#kept) {
      if (now - kept.bornAt <= limits.messageWindowMs) break;
      this.#forget(key, kept);
    }
    // A stream outlives its casts, so that a late copy of one is not taken for a new one.
    for (const [key, stream] of this.#streams) {
      if (now - stream.lastAt <= 2 * limits.messageWindowMs || stream.gap !== undefined) continue;
      this.#streams.delete(key);
    }
  }

  #keep(stream: Stream, cast: Cast, from: string): Kept {
    const { now } = this.#engine;
    const bytes = packetBytes(cast.packets) + cast.packets.length * PACKET_BYTES + KEPT_BYTES;
    const kept: Kept = { cast, bornAt: now - cast.ageMs, from, bytes, reach: -1 };
    const key = keyOf(stream.sender, stream.incarnation);
    stream.end = Math.max(stream.end, cast.sequence + 1);
    stream.newestBornAt = Math.max(stream.newestBornAt, kept.bornAt);
    stream.lastAt = now;
    this.#freshAt = now;
    this.#kept.set(`${key}#${cast.sequence}`, kept);
    this.#bytes += bytes;
    // The streams stay in the order in which they were last heard.
    this.#streams.delete(key);
    this.#streams.set(key, stream);
    return kept;
  }

  #makeRoom(newest: Kept): void {
    for (const [key, oldest] of this.#kept) {
      if (this.#bytes <= this.#engine.limits.messageWindowBytes || oldest === newest) return;
      this.#forget(key, oldest);
    }
  }

  #forget(key: string, kept: Kept): void {
    const { sender, incarnation, sequence } = kept.cast;
    this.#kept.delete(key);
    this.#bytes -= kept.bytes;
    const stream = this.#stream(sender, incarnation);
    if (stream === undefined) return;
    // Not delivered yet: it is not lost for what may never come before it.
    if (stream.held.has(sequence)) this.#giveUp(stream, sequence);
    stream.floor = Math.max(stream.floor, sequence + 1);
  }

  #stream(sender: string, incarnation: number): Stream | undefined {
    return this.#streams.get(keyOf(sender, incarnation));
  }

  #open(sender: string, incarnation: number, next: number): Stream {
    const { now, limits } = this.#engine;
    if (this.#streams.size >= limits.messageSenders) this.#dropStream();
    const stream: Stream = {
      sender,
      incarnation,
      floor: next,
      next,
      end: next,
      expected: next,
      newestBornAt: -Infinity,
      lastAt: now,
      held: new Map(),
      gap: undefined,
    };
    this.#streams.set(keyOf(sender, incarnation), stream);
    return stream;
  }

  /** The one that was not heard for longest; what it holds is delivered before. */
  #dropStream(): void {
    for (const [key, stream] of this.#streams) {
      if (stream.held.size > 0) this.#giveUp(stream, stream.end);
      this.#engine.cancelTimer(stream.gap);
      this.#streams.delete(key);
      return;
    }
  }

  /** Delivers what is next, for as long as it is here. */
  #drain(stream: Stream): void {
    const before = stream.next;
    for (let kept = stream.held.get(stream.next); kept; kept = stream.held.get(stream.next)) {
      stream.held.delete(stream.next);
      stream.next += 1;
      const { sender, sentAt, packets } = kept.cast;
      this.#engine.event({ type: 'message', message: { sender, sentAt, packets, from: kept.from } });
    }
    if (stream.next > before) {
      this.#engine.cancelTimer(stream.gap);
      stream.gap = undefined;
    }
    if (stream.held.size > 0 || stream.next < stream.expected) this.#watchGap(stream);
  }

  /** What is missing has the length of the window to come. */
  #watchGap(stream: Stream): void {
    if (stream.gap !== undefined) return;
    const { messageWindowMs } = this.#engine.limits;
    stream.gap = this.#engine.after(messageWindowMs, () => {
      stream.gap = undefined;
      let first = stream.held.size === 0 ? stream.expected : stream.end;
      for (const sequence of stream.held.keys()) first = Math.min(first, sequence);
      if (first > stream.next) this.#giveUp(stream, first);
    });
  }

  /** Goes on at `sequence` without those before it. */
  #giveUp(stream: Stream, sequence: number): void {
    for (const number of [...stream.held.keys()].toSorted((a, b) => a - b)) {
      if (number >= sequence) break;
      if (number > stream.next) this.#reportGap(stream, number);
      this.#drain(stream);
    }
    if (stream.next < sequence) this.#reportGap(stream, sequence);
    this.#drain(stream);
  }

  #reportGap(stream: Stream, next: number): void {
    const { sender, next: first } = stream;
    stream.next = next;
    this.#engine.event({ type: 'gap', sender, count: next - first });
  }
}

function keyOf(sender: string, incarnation: number): string {
  return `${sender}:${incarnation}`;
}
