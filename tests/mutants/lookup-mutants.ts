// Mutants of lookups: whom they ask, how often, and what they learn.
import type { Mutant } from './mutants.ts';

export const LOOKUP_MUTANTS: readonly Mutant[] = [
  {
    name: 'lookup-never-gives-up',
    why: 'a lookup whose owner does not answer goes on for ever',
    file: 'src/core/lookup.ts',
    find: '() => this.#fail(this.#lateness()));',
    replace: '() => this.#lateness());',
    caughtBy: 'swarm',
  },
  {
    name: 'lookup-retries-without-a-pause',
    why: 'a lookup that found nobody asks again at once, as often as it can',
    file: 'src/core/lookup.ts',
    find: 'const backoff = engine.profile.retryMs * 2 ** Math.min(detour.round - 1, 4);',
    replace: 'const backoff = engine.profile.retryMs * 0;',
    caughtBy: 'busy',
  },
  {
    name: 'lookup-asks-the-farthest',
    why: 'of the members before the position the farthest is asked, not the nearest',
    file: 'src/core/way.ts',
    find: 'if (rank < bestRank) [best, bestRank] = [contact, rank];',
    replace: 'if (best === undefined || rank > bestRank) [best, bestRank] = [contact, rank];',
    caughtBy: 'cold',
  },
  {
    name: 'lookup-learns-nothing',
    why: 'the arc that an owner names in its answer is not remembered',
    file: 'src/core/lookup.ts',
    find: "if ('arc' in reply && owner.id !== this.#engine.self.id)",
    replace: "if ('arc' in reply && owner.id === '')",
    caughtBy: 'warm',
  },
  {
    name: 'lookup-asks-the-dead-again',
    why: 'a member that was silent a moment ago is asked again in the next pass',
    file: 'src/core/way.ts',
    find: 'return (this.#silent.get(id)?.until ?? -1) > this.#pass;',
    replace: 'return (this.#silent.get(id)?.until ?? -1) < 0 * this.#pass - 1;',
    caughtBy: 'dead',
  },
  {
    name: 'wrong-owner-by-list',
    why: 'a position on the list is given to the member before it',
    file: 'src/core/routing-table.ts',
    find: 'if (holds({ from: before, to: contact.position }, position)) return contact;',
    replace: 'if (holds({ from: before, to: contact.position }, position)) return this.#successors[0];',
    caughtBy: 'steady',
  },
  {
    name: 'never-refreshes-fingers',
    why: 'fingers are never looked up after they were first learned',
    file: 'src/core/fingers.ts',
    find: '() => this.#turn());',
    replace: '() => (this.#next > this.#engine.k ? this.#turn() : undefined));',
    caughtBy: 'steady',
  },
  {
    name: 'keeps-a-lost-home',
    why: 'a client whose contact is gone does not take another one',
    file: 'src/core/home.ts',
    find: 'if (this.#engine.member || origin?.id !== id) return;',
    replace: "if (this.#engine.member || origin?.id !== id || id !== '') return;",
    caughtBy: 'homeless',
  },
];
