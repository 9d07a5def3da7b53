// EnumerateRing: experiment E5, one row at a time: every state of a small ring under the shipped rules, or
// under those of 2001. It owns the choice of the model; search, properties and fair runs are in files of
// their own.
import { Random } from '../core/random.ts';
import { Chord2001 } from './chord-2001.ts';
import type { Convergence } from './convergence.ts';
import { converge } from './convergence.ts';
import type { Enumeration, EnumerationOptions } from './enumerate.ts';
import { Search } from './enumerate.ts';
import { MessageModel } from './message-model.ts';
import { RingModel } from './ring-model.ts';
import type { RuleModel } from './rule-model.ts';

export interface RingEnumerationOptions extends EnumerationOptions {
  /** Places on the circle, so the most members; 2 to 16. */
  readonly members: number;
  /** Longest successor list (r). */
  readonly listMax: number;
  /**
   * 'atomic' (the default): a question and its answer are one step, a join is one. 'slow-join': others act
   * between a joiner's questions. 'messages': every message takes its time. '2001': the rules as first
   * published, atomic.
   */
  readonly rules?: 'atomic' | 'slow-join' | 'messages' | '2001';
  /**
   * Fair runs from every so many-th state; none where it is absent. Not for 'messages', whose rings never
   * rest.
   */
  readonly convergeEvery?: number;
}

export interface RingEnumeration extends Enumeration {
  readonly convergence: Convergence | undefined;
}

/** Bits for the states of one node: they are few, but for what is in flight. */
const BITS = 10;
const BITS_WITH_MESSAGES = 14;

/**
 * Enumerates a ring. Costs 25 bytes and about 10 microseconds a state, up to tens of microseconds where there
 * are many steps.
 */
export function enumerateRing(options: RingEnumerationOptions): RingEnumeration {
  const { rules = 'atomic', members, listMax } = options;
  switch (rules) {
    case '2001':
      return run(new Chord2001({ members, listMax }), { bits: BITS, ...options });
    case 'messages':
      return run(new MessageModel({ members, listMax }), { bits: BITS_WITH_MESSAGES, ...options });
    default:
      return run(new RingModel({ members, listMax, slowJoin: rules === 'slow-join' }), {
        bits: BITS,
        ...options,
      });
  }
}

function run<Local>(model: RuleModel<Local>, options: RingEnumerationOptions): RingEnumeration {
  const search = new Search(model, options);
  const enumeration = search.run();
  const every = options.convergeEvery;
  const convergence = every === undefined ? undefined : converge(search, { every, random: new Random(1) });
  return { ...enumeration, convergence };
}
