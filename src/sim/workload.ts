// Workload: what the clients of a run ask for next. It owns the keys, what is done to each kind of them,
// and the values; who asks and when is in clients.ts. Every value is written once, so that a read tells
// which write it saw. Keys have generations: a history of a key stays short enough to be judged, and some
// are never touched again, so that what is lost in silence is found in the end.
import type { Operation } from '../core/message.ts';
import type { Random } from '../core/random.ts';
import { COUNTER } from './checks/counts-once.ts';
import type { RegisterInput } from './register.ts';

/** What is known to the one who asks: the version of each key that it saw last. */
export type Seen = ReadonlyMap<string, string>;

export interface Intent {
  readonly key: string;
  readonly input: RegisterInput;
  /** Count up over what the answer shows: a get, then a set over that version. */
  readonly counts?: boolean;
}

/** A generation of keys lasts so long, milliseconds. */
const GENERATION_MS = 40_000;
/** One of each a generation; archived keys are written once and read for ever. */
const KINDS = [
  'register',
  'register',
  'lock',
  COUNTER,
  // Counted up by reading and setting over just that version.
  'counter by condition',
  'mortal',
  'object',
  'archive',
  'archive',
] as const;
const PREFIXES = ['', 'archive', 'register', 'mortal'];

type Kind = (typeof KINDS)[number];

export class Workload {
  readonly #random: Random;
  readonly #keys = new Set<string>();
  #values = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Every key that was asked for. */
  get keys(): readonly string[] {
    return [...this.#keys];
  }

  prefix(): string {
    return this.#random.pick(PREFIXES) ?? '';
  }

  next(now: number, seen: Seen): Intent {
    const index = this.#random.below(KINDS.length);
    const kind = KINDS[index] ?? 'register';
    const generation = Math.floor(now / GENERATION_MS);
    // Archived keys of all generations are read; the others belong to the present one.
    const of = kind === 'archive' ? this.#random.below(generation + 1) : generation;
    const key = `${kind}${index}.${of}`;
    this.#keys.add(key);
    return { key, ...this.#intent(kind, of === generation, seen.get(key)) };
  }

  #intent(kind: Kind, fresh: boolean, version: string | undefined): Omit<Intent, 'key'> {
    const chance = this.#random.float();
    const over = version === undefined ? {} : { ifVersion: version };
    const set = (condition: object = {}): Omit<Intent, 'key'> => {
      return { input: { type: 'set', value: this.#value(), ...condition } };
    };
    switch (kind) {
      case 'archive':
        return fresh && chance < 0.5 ? set({ ifAbsent: true }) : GET;
      case 'lock':
        if (chance < 0.4) return set({ ifAbsent: true });
        return chance < 0.7 ? { input: { type: 'delete', ...over } } : GET;
      case 'counter':
        if (chance < 0.6) return { input: { type: 'increment', by: 1 + this.#random.below(3) } };
        return GET;
      case 'counter by condition':
        return chance < 0.7 ? { ...GET, counts: true } : GET;
      case 'object':
        if (chance < 0.4) return { input: { type: 'merge', delta: this.#delta() } };
        if (chance < 0.5) return { input: { type: 'increment', by: 1 } };
        return chance < 0.55 ? { input: { type: 'delete', ...over } } : GET;
      case 'mortal':
        if (chance < 0.2) return set();
        return chance < 0.4 ? { input: { type: 'delete' } } : GET;
      default:
        if (chance < 0.25) return set();
        if (chance < 0.4) return set(over);
        if (chance < 0.5) return set({ ifAbsent: true });
        return chance < 0.6 ? { input: { type: 'delete', ...over } } : GET;
    }
  }

  #delta(): string {
    return JSON.stringify({ [`m${this.#random.below(3)}`]: this.#value() });
  }

  #value(): string {
    this.#values += 1;
    return `v${this.#values}`;
  }
}

const GET = { input: { type: 'get' } } as const;

/** The operation that a client sends for it. */
export function toOperation(input: RegisterInput): Operation {
  switch (input.type) {
    case 'get':
      return { type: 'get' };
    case 'set': {
      const { ifAbsent = false, ifVersion = '' } = input;
      return { type: 'set', value: new TextEncoder().encode(input.value), ttlMs: 0, ifAbsent, ifVersion };
    }
    case 'delete':
      return { type: 'delete', ifVersion: input.ifVersion ?? '' };
    case 'increment':
      return input;
    default:
      return { type: 'merge', patch: new TextEncoder().encode(input.delta) };
  }
}
