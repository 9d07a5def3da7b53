// Waves: carries whispers through a network in which nobody has joined, where no directory tells who is
// where. Each node passes a wave on to all others that it is connected to, and answers when they have (the
// echo algorithm: E. J. H. Chang, IEEE Transactions on Software Engineering 8(4), 1982). So its sender learns
// that the target has it, or that nobody there is the target. It owns which waves have come by, and how much
// is under way at once; what is whispered, and when it is tried again, is whispers.ts's affair.
import type { WhisperRequest } from './cast.ts';
import { packetBytes } from './cast.ts';
import type { Engine } from './engine.ts';
import type { Reply } from './message.ts';
import type { RoutingTable } from './routing-table.ts';

const NOT_HERE: Reply = { type: 'heard', delivered: false };

export class Waves {
  readonly #engine: Engine;
  readonly #table: RoutingTable;
  /** Those that have come by, the oldest first. */
  readonly #passed = new Set<string>();
  #lastNumber = 0;
  /** Of what is under way from here to each neighbour. */
  #bytes = 0;

  constructor(engine: Engine, table: RoutingTable) {
    this.#engine = engine;
    this.#table = table;
  }

  /** Whether there is no other way: this node is connected, but neither a member nor a client of one. */
  get isNeeded(): boolean {
    const { member, peers } = this.#engine;
    return !member && this.#table.origin === undefined && peers.connectedIds().length > 0;
  }

  /** Carries a whisper of this node; `done` is told once what has become of it. */
  send(request: WhisperRequest, done: (reply: Reply) => void): void {
    this.#lastNumber += 1;
    const wave = { ...request, wave: this.#lastNumber };
    this.#isNew(wave);
    this.#spread(wave, wave.sender, done);
  }

  /** A whisper that is not for this node, or no longer. */
  pass(from: string, wave: WhisperRequest, respond: (reply: Reply) => void): void {
    if (this.isNeeded && this.#isNew(wave)) this.#spread(wave, from, respond);
    else respond(NOT_HERE);
  }

  /** Whoever passes it on again answers for nobody: others wait for the first time already. */
  #isNew({ sender, incarnation, wave }: WhisperRequest): boolean {
    const key = `${sender}:${incarnation}:${wave}`;
    if (this.#passed.has(key)) return false;
    this.#passed.add(key);
    for (const oldest of this.#passed) {
      if (this.#passed.size <= this.#engine.limits.messageSenders) break;
      this.#passed.delete(oldest);
    }
    return true;
  }

  #spread(wave: WhisperRequest, from: string, done: (reply: Reply) => void): void {
    const { limits, peers, profile } = this.#engine;
    const bytes = wave.items.reduce((sum, { packets }) => sum + packetBytes(packets), 0);
    // Half of what one connection queues, by default, so that a slow neighbour does not lose it.
    if (this.#bytes > 0 && this.#bytes + bytes > limits.messageWindowBytes / 2) {
      return done({ type: 'failed', code: 'BUSY', message: 'too many bytes of whispers pass here' });
    }
    const others = peers.connectedIds().filter((id) => id !== from && id !== wave.sender);
    let [open, isHeard, isKnown] = [others.length, false, true];
    if (open === 0) return done(NOT_HERE);
    this.#bytes += bytes;
    for (const id of others) {
      this.#engine.call(
        id,
        wave,
        (answer) => {
          open -= 1;
          if (open === 0) this.#bytes -= bytes;
          if (isHeard) return;
          const body = answer.type === 'reply' ? answer.body : undefined;
          if (body?.type !== 'heard') isKnown = false;
          isHeard = body?.type === 'heard' && body.delivered;
          if (isHeard) return done({ type: 'heard', delivered: true });
          if (open > 0) return;
          const message = 'not everybody has answered';
          done(isKnown ? NOT_HERE : { type: 'failed', code: 'BUSY', message });
        },
        2 * profile.requestMaxMs,
      );
    }
  }
}
