// DurableLoad: writers that set and delete while members die, and the judgement whether all that was
// acknowledged is there. Each key has one writer, which waits for each answer, so that the newest
// acknowledged state is known.
import { ChordError, type ChordSocket } from '../../src/index.ts';

/** What a key may hold: a value, or undefined where it was deleted. */
type State = string | undefined;

interface Track {
  readonly key: string;
  count: number;
  /** What was acknowledged last. */
  acknowledged: State;
  /** What was tried since then, and may have been applied. */
  possible: State[];
}

export interface LoadFigures {
  readonly acknowledged: number;
  readonly deletes: number;
  /** Writes whose outcome is not known. */
  readonly unknown: number;
}

const WRITERS = 4;
const KEYS_EACH = 25;
/** Of the writes of a key, each fifth deletes. */
const DELETE_EVERY = 5;
const WRITE_MS = 2_000;
const READ_MS = 15_000;
const READS_AT_ONCE = 16;

export class DurableLoad {
  readonly #tracks: Track[][];
  #stopping = false;
  #running: Promise<unknown> = Promise.resolve();
  #acknowledged = 0;
  #deletes = 0;
  #unknown = 0;

  constructor() {
    this.#tracks = Array.from({ length: WRITERS }, (_w, writer) =>
      Array.from({ length: KEYS_EACH }, (_k, i) => ({
        key: `writer-${writer}-key-${i}`,
        count: 0,
        acknowledged: undefined,
        possible: [],
      })),
    );
  }

  get figures(): LoadFigures {
    return { acknowledged: this.#acknowledged, deletes: this.#deletes, unknown: this.#unknown };
  }

  /** Writes through the client until `stop`. */
  start(client: ChordSocket): void {
    this.#stopping = false;
    this.#running = Promise.all(this.#tracks.map((tracks) => this.#write(client, tracks)));
  }

  /** Resolves when no write is under way. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  /** The keys that do not hold what they have to, each with a sentence. */
  async check(client: ChordSocket): Promise<string[]> {
    const complaints: string[] = [];
    const waiting = this.#tracks.flat();
    const read = async (): Promise<void> => {
      for (let track = waiting.pop(); track !== undefined; track = waiting.pop()) {
        const complaint = await complaintAbout(client, track);
        if (complaint !== undefined) complaints.push(complaint);
      }
    };
    await Promise.all(Array.from({ length: READS_AT_ONCE }, read));
    return complaints;
  }

  async #write(client: ChordSocket, tracks: readonly Track[]): Promise<void> {
    for (let turn = 0; !this.#stopping; turn++) {
      const track = tracks[turn % tracks.length];
      if (track === undefined) return;
      track.count += 1;
      const state = track.count % DELETE_EVERY === 0 ? undefined : `${track.key} ${track.count}`;
      track.possible.push(state);
      try {
        if (state === undefined) await client.delete(track.key, { timeoutMs: WRITE_MS });
        else await client.set(track.key, state, { timeoutMs: WRITE_MS });
      } catch (error) {
        if (!(error instanceof ChordError)) throw error;
        this.#unknown += 1;
        continue;
      }
      track.acknowledged = state;
      track.possible = [];
      this.#acknowledged += 1;
      if (state === undefined) this.#deletes += 1;
    }
  }
}

async function complaintAbout(client: ChordSocket, track: Track): Promise<string | undefined> {
  const { key, acknowledged, possible } = track;
  let found: State;
  try {
    found = (await client.get(key, undefined, { timeoutMs: READ_MS }))?.toString();
  } catch (error) {
    return `${key} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (found === acknowledged || possible.includes(found)) return undefined;
  const others = possible.length === 0 ? '' : `, or one of ${possible.map(show).join(', ')}`;
  return `${key} holds ${show(found)}, and not ${show(acknowledged)}${others}`;
}

function show(state: State): string {
  return state === undefined ? 'nothing' : `'${state}'`;
}
