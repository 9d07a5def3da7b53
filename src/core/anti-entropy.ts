// AntiEntropy: makes up for casts that were lost on their way, because somebody died after it had
// acknowledged one, or was cut off. Neighbours tell each other how far they have come with every sender,
// and ask for what they miss. It owns when that happens: often while messages come, ever more rarely until
// the window has passed, and not at all in a network where nothing is sent.
import type { Broadcast } from './broadcast.ts';
import type { Cast, CastStream } from './cast.ts';
import type { CastLog } from './cast-log.ts';
import type { Destination } from './effect.ts';
import type { Engine } from './engine.ts';
import type { MessageRequest, Reply } from './message.ts';
import type { RoutingTable } from './routing-table.ts';
import type { Timer } from './timers.ts';

/** One sender's casts that are missing here, and who has them. */
interface Pull {
  readonly sender: string;
  readonly incarnation: number;
  end: number;
  partner: Destination;
}

/** Streams in one list: what is sent by more nodes than this at once is compared in turns of the newest. */
const STREAMS_MAX = 256;
/** Casts asked for at once. */
const RECALL_MAX = 256;
/** The longest pause is this part of the window: a partition of less leaves several rounds afterwards. */
const LONGEST_PART = 8;

export class AntiEntropy {
  readonly #engine: Engine;
  readonly #table: RoutingTable;
  readonly #log: CastLog;
  readonly #broadcast: Broadcast;
  readonly #pulls = new Map<string, Pull>();
  #timer: Timer | undefined;
  #pauseMs = 0;
  #isFarTurn = true;
  /** The home that knows that it is ours. */
  #attachedTo: string | undefined;

  constructor(engine: Engine, table: RoutingTable, log: CastLog, broadcast: Broadcast) {
    this.#engine = engine;
    this.#table = table;
    this.#log = log;
    this.#broadcast = broadcast;
  }

  /** Something new was heard: rounds follow, and a gap before it is asked for. */
  fresh(cast: Cast, from: string): void {
    const { sender, incarnation } = cast;
    this.soon();
    const end = this.#log.heldEnd(sender, incarnation);
    if (end !== undefined) this.#lack({ sender, incarnation, end, partner: from }, cast.ageMs);
  }

  /** The next round is near, whatever the pause had grown to. */
  soon(): void {
    this.#pauseMs = Math.min(this.#engine.profile.stabiliseMs, this.#longestMs);
    const at = this.#engine.now + this.#pauseMs * 1.2;
    if (this.#timer?.action !== undefined && this.#timer.at <= at) return;
    this.#engine.cancelTimer(this.#timer);
    this.#schedule();
  }

  /** Neighbours changed: what was lost in between is looked for at once. */
  nudge(): void {
    if (!this.#log.isEmpty || !this.#log.tuned) this.#round();
  }

  /** A client has a new home, and tells it so. */
  homed(): void {
    this.#attachedTo = undefined;
    this.#pauseMs = Math.min(this.#engine.profile.stabiliseMs, this.#longestMs);
    this.#round();
  }

  handleTally(
    from: string,
    request: Extract<MessageRequest, { type: 'tally' }>,
    respond: (reply: Reply) => void,
  ): void {
    const accepted = request.client && this.#engine.member;
    respond({ type: 'tallied', accepted, streams: this.#log.beyond(request.streams, STREAMS_MAX) });
    this.#compare(request.streams, from);
  }

  handleRecall(request: Extract<MessageRequest, { type: 'recall' }>, respond: (reply: Reply) => void): void {
    const { sender, incarnation, sequences } = request;
    const casts: Cast[] = [];
    let bytes = 0;
    for (const sequence of sequences.slice(0, RECALL_MAX)) {
      const kept = this.#log.kept(sender, incarnation, sequence);
      if (kept === undefined) continue;
      bytes += kept.bytes;
      // The first always fits a frame.
      if (casts.length > 0 && bytes > this.#engine.limits.pageBytes) break;
      casts.push(this.#log.outgoing(kept));
    }
    respond({ type: 'recalled', casts });
  }

  #schedule(): void {
    this.#timer = this.#engine.after(this.#engine.random.around(this.#pauseMs), () => this.#round());
    this.#pauseMs = Math.min(this.#pauseMs * 2, this.#longestMs);
  }

  get #isAttaching(): boolean {
    const home = this.#engine.member ? undefined : this.#table.origin;
    return home !== undefined && home.id !== this.#attachedTo;
  }

  get #longestMs(): number {
    return this.#engine.limits.messageWindowMs / LONGEST_PART;
  }

  #round(): void {
    this.#engine.cancelTimer(this.#timer);
    this.#timer = undefined;
    this.#log.purge();
    const isAttaching = this.#isAttaching;
    // A client that nobody has accepted gets nothing: it does not wait longer and longer.
    if (isAttaching) this.#pauseMs = Math.min(this.#engine.profile.requestMinMs, this.#longestMs);
    const isActive = this.#log.quietMs <= this.#engine.limits.messageWindowMs;
    if (isActive || isAttaching || !this.#log.tuned) {
      const partner = this.#partner();
      if (partner !== undefined) this.#tally(partner);
    }
    // Afterwards only to forget.
    if (isAttaching || !this.#log.isEmpty) this.#schedule();
  }

  /**
   * A client compares with its home; a member with its first successor, which finds whatever is missing in
   * the end, and by turns with one far away, which makes it spread fast.
   */
  #partner(): Destination | undefined {
    const { member, peers, random } = this.#engine;
    const home = this.#table.origin;
    if (!member) return home ?? random.pick(peers.connectedIds());
    this.#isFarTurn = !this.#isFarTurn;
    const [next] = this.#table.successors;
    const far = this.#table.fingers().filter(({ id }) => id !== next?.id);
    return (this.#isFarTurn ? random.pick(far) : undefined) ?? next;
  }

  #tally(partner: Destination): void {
    const { member } = this.#engine;
    const client = !member && idOf(partner) === this.#table.origin?.id;
    const streams = this.#log.streams(STREAMS_MAX);
    this.#engine.call(partner, { type: 'tally', client, streams }, (answer) => {
      if (answer.type !== 'reply' || answer.body.type !== 'tallied') return;
      this.#compare(answer.body.streams, partner);
      this.#log.tuned = true;
      if (client && answer.body.accepted) this.#attachedTo = idOf(partner);
    });
  }

  #compare(theirs: readonly CastStream[], partner: Destination): void {
    for (const stream of theirs.slice(0, STREAMS_MAX)) {
      const { sender, incarnation, end, ageMs } = stream;
      if (this.#log.compare(stream)) this.#lack({ sender, incarnation, end, partner }, ageMs);
    }
  }

  /** What is missing may be on its way; only what is still missing a moment later is asked for. */
  #lack(pull: Pull, ageMs: number): void {
    const key = `${pull.sender}:${pull.incarnation}`;
    const present = this.#pulls.get(key);
    if (present !== undefined) {
      present.end = Math.max(present.end, pull.end);
      present.partner = pull.partner;
      return;
    }
    this.#pulls.set(key, pull);
    const graceMs = Math.max(0, this.#engine.profile.requestMinMs - ageMs);
    this.#engine.after(graceMs, () => this.#pull(key, pull));
  }

  #pull(key: string, pull: Pull): void {
    const { sender, incarnation } = pull;
    const sequences = this.#log.missing(sender, incarnation, pull.end, RECALL_MAX);
    if (sequences.length === 0) return void this.#pulls.delete(key);
    const { partner } = pull;
    this.#engine.call(partner, { type: 'recall', sender, incarnation, sequences }, (answer) => {
      const casts = answer.type === 'reply' && answer.body.type === 'recalled' ? answer.body.casts : [];
      let isProgress = false;
      for (const cast of casts) {
        if (cast.sender === sender && this.#broadcast.accept(cast, idOf(partner))) isProgress = true;
      }
      // Without progress the next round finds another partner.
      if (isProgress) return this.#pull(key, pull);
      this.#pulls.delete(key);
    });
  }
}

function idOf(to: Destination): string {
  return typeof to === 'object' ? to.id : to;
}
