// EnumerateConfigurations: every state that the shipped rules of deciding on the copies of an arc can reach
// with a few members, proposers and writes, breadth first, with the properties checked in each: the first
// counterexample found is a shortest one. It owns the search and the properties; the steps are those of
// configuration-model.ts.
import type { Configuration } from '../core/configuration.ts';
import { majority } from '../core/configuration.ts';
import type { ConfigurationModelOptions } from './configuration-model.ts';
import { ConfigurationModel } from './configuration-model.ts';
import type { AttemptState, GlobalState, MemberState, SharedState } from './configuration-state.ts';
import { attemptText, bitCount, itemOf, memberOf, memberText, sharedText } from './configuration-state.ts';
import { NO_STATE, StateSet } from './state-set.ts';

export type ConfigurationProperty =
  /** At most one successor of an epoch is ever decided for a position. */
  | 'OneSuccessor'
  /** Whatever majority of a decided set votes or is read, it meets a holder of every acknowledged write. */
  | 'NothingLost'
  /** An epoch that has a successor is served by no majority of its set. */
  | 'OneServes';

export interface ConfigurationEnumerationOptions extends Partial<ConfigurationModelOptions> {
  /** The search ends, incomplete, at so many states; default 20 million. */
  readonly statesMax?: number;
  /** Called now and then with the number of states found and expanded. */
  readonly progress?: (found: number, expanded: number) => void;
}

export interface ConfigurationEnumeration {
  readonly states: number;
  readonly transitions: number;
  /** Whether every reachable state was looked at. */
  readonly complete: boolean;
  /** Configurations that were decided in some state, the first one included. */
  readonly decided: number;
  readonly property: ConfigurationProperty | undefined;
  /** The steps that lead to the state that lacks the property, a line each. */
  readonly trace: readonly string[];
}

const STANDARD: ConfigurationModelOptions = {
  members: 4,
  first: [0, 1, 2],
  proposers: [
    { member: 0, next: [0, 2, 3], attempts: ['owner'] },
    { member: 1, next: [1, 2, 3], attempts: ['prepare'] },
  ],
  positions: 1,
  writes: 1,
  crashes: 0,
  restarts: 0,
  losses: false,
  releases: false,
  planted: 'none',
};

const BITS = 16;
const PROGRESS_EVERY = 1 << 16;

/** Runs the search once; what the options do not say is a small case with two proposers. */
export function enumerateConfigurations(options: ConfigurationEnumerationOptions): ConfigurationEnumeration {
  return new Search(options).run();
}

class Search {
  readonly #model: ConfigurationModel;
  readonly #options: ConfigurationEnumerationOptions;
  readonly #members = new Table<MemberState>(memberText);
  readonly #attempts = new Table<AttemptState>(attemptText);
  readonly #shared = new Table<SharedState>(sharedText);
  readonly #states: StateSet;
  readonly #state: Int32Array;
  /** Of the parts of the state that is being expanded. */
  #numbers: readonly number[] = [];
  readonly #decided = new Set<Configuration>();

  constructor(options: ConfigurationEnumerationOptions) {
    this.#options = options;
    this.#model = new ConfigurationModel({ ...STANDARD, ...options });
    const parts = this.#model.options.members + this.#model.slots.length + 1;
    this.#states = new StateSet(parts, BITS);
    this.#state = new Int32Array(parts);
  }

  run(): ConfigurationEnumeration {
    const { statesMax = 20_000_000, progress } = this.#options;
    let [transitions, expanded] = [0, 0];
    const violations: { property: ConfigurationProperty; number: number }[] = [];
    this.#states.add(this.#encode(this.#model.first), NO_STATE);
    while (expanded < this.#states.size && this.#states.size < statesMax && violations.length === 0) {
      const from = expanded;
      const before = this.#decode(from);
      this.#numbers = [...this.#state];
      this.#model.steps(before, (_, next) => {
        transitions += 1;
        if (violations.length > 0) return;
        const added = this.#states.add(this.#encode(next, before), from);
        if (added >= 0) return;
        const property = this.#judge(next);
        if (property !== undefined) violations.push({ property, number: ~added });
      });
      expanded += 1;
      if (expanded % PROGRESS_EVERY === 0) progress?.(this.#states.size, expanded);
    }
    const [found] = violations;
    return {
      states: this.#states.size,
      transitions,
      complete: expanded === this.#states.size,
      decided: this.#decided.size,
      property: found?.property,
      trace: found === undefined ? [] : this.#trace(found.number),
    };
  }

  /** The property that the state lacks. */
  #judge(state: GlobalState): ConfigurationProperty | undefined {
    for (const position of this.#model.positions) {
      const property = this.#judgeAt(state, position);
      if (property !== undefined) return property;
    }
    return undefined;
  }

  #judgeAt(state: GlobalState, position: number): ConfigurationProperty | undefined {
    const successors = new Map<Configuration, Configuration>();
    for (const { base, accept, accepted } of state.attempts) {
      if (base === undefined || accept === undefined) continue;
      if (bitCount(accepted[position] ?? 0) < majority(base.members.length)) continue;
      if ((successors.get(base) ?? accept) !== accept) return 'OneSuccessor';
      successors.set(base, accept);
    }
    let latest = itemOf(itemOf(this.#model.first.shared.decided, position), 0);
    this.#decided.add(latest);
    for (let next = successors.get(latest); next !== undefined; next = successors.get(latest)) {
      if (this.#areServing(state, position, latest)) return 'OneServes';
      latest = next;
      this.#decided.add(latest);
    }
    return this.#keepsWrites(state, position, latest) ? undefined : 'NothingLost';
  }

  #areServing(state: GlobalState, position: number, base: Configuration): boolean {
    const serving = base.members.filter(({ contact }) => {
      const member = memberOf(contact.id);
      return itemOf(state.members, member).up && this.#model.serves(state, member, position, base);
    });
    return serving.length >= majority(base.members.length);
  }

  /** Whether fewer voters than decide anything lack what was acknowledged. */
  #keepsWrites(state: GlobalState, position: number, latest: Configuration): boolean {
    return state.shared.writes.every(({ base, stored }, write) => {
      if (write % this.#model.options.positions !== position || base === undefined) return true;
      if (bitCount(stored) < majority(base.members.length)) return true;
      const lacking = latest.members.filter(({ contact }) => {
        const member = memberOf(contact.id);
        const holds = (itemOf(state.members, member).writes & (1 << write)) !== 0;
        return this.#model.isSeated(state, latest, member) && !holds;
      });
      return lacking.length < majority(latest.members.length);
    });
  }

  /** Most parts of a state are those of the one before, whose numbers are known. */
  #encode(next: GlobalState, before?: GlobalState): Int32Array {
    let i = 0;
    const put = <T extends object>(table: Table<T>, item: T, former: T | undefined): void => {
      this.#state[i] = item === former ? (this.#numbers[i] ?? 0) : table.number(item);
      i += 1;
    };
    for (const [at, member] of next.members.entries()) put(this.#members, member, before?.members[at]);
    for (const [at, attempt] of next.attempts.entries()) put(this.#attempts, attempt, before?.attempts[at]);
    put(this.#shared, next.shared, before?.shared);
    return this.#state;
  }

  #decode(number: number): GlobalState {
    this.#states.read(number, this.#state);
    const { members } = this.#model.options;
    const parts = [...this.#state];
    return {
      members: parts.slice(0, members).map((part) => this.#members.at(part)),
      attempts: parts.slice(members, -1).map((part) => this.#attempts.at(part)),
      shared: this.#shared.at(parts.at(-1) ?? 0),
    };
  }

  #trace(number: number): string[] {
    const lines: string[] = [];
    for (let at = number; this.#states.parent(at) !== NO_STATE; at = this.#states.parent(at)) {
      const parent = this.#states.parent(at);
      let line = 'no step leads on';
      this.#model.steps(this.#decode(parent), (label, next) => {
        if (this.#states.add(this.#encode(next), parent) === at) line = label();
      });
      lines.unshift(line);
    }
    return lines;
  }
}

/** Numbers for parts of a state: equal texts have one. */
class Table<T extends object> {
  readonly #text: (item: T) => string;
  readonly #items: T[] = [];
  readonly #byText = new Map<string, number>();

  constructor(text: (item: T) => string) {
    this.#text = text;
  }

  number(item: T): number {
    const text = this.#text(item);
    let number = this.#byText.get(text);
    if (number === undefined) {
      number = this.#items.push(item) - 1;
      if (number >= 2 ** BITS) throw new RangeError(`more than ${2 ** BITS} states of one part`);
      this.#byText.set(text, number);
    }
    return number;
  }

  at(number: number): T {
    return itemOf(this.#items, number);
  }
}
