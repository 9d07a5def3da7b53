// Mutants of the ring: its rules, who is dead, joining, leaving and merging.
import type { Mutant } from './mutants.ts';

export const RING_MUTANTS: readonly Mutant[] = [
  {
    name: 'joins-with-one-successor',
    why: 'a joiner knows only its successor, as in 2001, not the list of the member before it',
    file: 'src/core/ring.ts',
    find: 'return { self, predecessor, successors: clockwise(self, list, rules), waiting: undefined };',
    replace:
      'const successors = clockwise(self, list, rules).slice(0, 1);' +
      ' return { self, predecessor, successors, waiting: undefined };',
    caughtBy: 'rules',
  },
  {
    name: 'joins-with-predecessor-at-the-end',
    why: 'a joiner takes a short list for the whole ring and adds its predecessor behind it',
    file: 'src/core/ring.ts',
    find: 'const list = its.successors.length === 0 ? [predecessor] : its.successors;',
    replace: 'const list = [...its.successors, predecessor];',
    caughtBy: 'rules',
  },
  {
    name: 'list-not-cut-at-self',
    why: 'a list goes on round the ring, past its holder',
    file: 'src/core/ring.ts',
    find: 'if (contact.id === self.id || offset <= reached) break;',
    replace: 'if (offset === reached) break;',
    caughtBy: 'rules',
  },
  {
    name: 'list-not-cut-at-self-in-a-world',
    why: 'the same bug, hunted in whole worlds',
    file: 'src/core/ring.ts',
    find: 'if (contact.id === self.id || offset <= reached) break;',
    replace: 'if (offset === reached) break;',
    caughtBy: 'swarm',
  },
  {
    name: 'adopts-without-asking',
    why: 'a member that somebody names becomes the first successor before it has answered',
    file: 'src/core/ring.ts',
    find: "return { state: { ...state, waiting: { step: 'candidate', of: candidate } }, ask: candidate };",
    replace:
      'const successors = [candidate, ...state.successors].slice(0, Math.max(1, state.successors.length));' +
      ' return { state: { ...state, successors }, notify: candidate };',
    caughtBy: 'rules',
  },
  {
    name: 'answers-while-waiting',
    why: 'a member whose state an answer is about to change is read by others',
    file: 'src/core/membership.ts',
    find: 'if (state.waiting !== undefined) return withoutList',
    replace: 'if (state.waiting !== undefined && position < 0) return withoutList',
    caughtBy: 'steady',
  },
  {
    name: 'never-rectifies',
    why: 'a predecessor is replaced by nearer members only, even when it is dead',
    file: 'src/core/ring.ts',
    find: "  return { state, outcome: 'contested' };",
    replace: "  return { state, outcome: 'passed' };",
    caughtBy: 'swarm',
  },
  {
    name: 'rectifies-without-a-ping',
    why: 'whoever notifies becomes the predecessor, although the present one lives',
    file: 'src/core/membership.ts',
    find: 'this.#contest(former, notifier);',
    replace: 'this.#set({ state: ring.replaced(state, notifier) });',
    caughtBy: 'steady',
  },
  {
    name: 'evicts-at-the-first-silence',
    why: 'a member that is silent once is dead, without the patience of the profile',
    file: 'src/core/failure-detector.ts',
    find: 'if (agreed || engine.now - suspicion.since >= evictAfterMs) {',
    replace: 'if (agreed || engine.now >= suspicion.since) {',
    caughtBy: 'steady',
  },
  {
    name: 'evicts-without-a-witness',
    why: 'a member that one neighbour cannot reach is dead, although others reach it',
    file: 'src/core/failure-detector.ts',
    find: 'if (seenByOther !== true) {',
    replace: 'if (seenByOther !== true || round >= 0) {',
    caughtBy: 'steady',
  },
  {
    name: 'never-drops-the-dead',
    why: 'a member that was found dead stays in the list',
    file: 'src/core/failure-detector.ts',
    find: '        this.#view.dead(contact);\n',
    replace: '',
    caughtBy: 'swarm',
  },
  {
    name: 'vouches-for-the-dead',
    why: 'a witness says that a member lives without having had its answer',
    file: 'src/core/failure-detector.ts',
    find: "alive: answer.type === 'reply' });",
    replace: 'alive: true });',
    caughtBy: 'swarm',
  },
  {
    name: 'enters-without-admission',
    why: 'a joiner enters whatever the member behind it says: two may stand on one position',
    file: 'src/core/joining.ts',
    find: "if (outcome === 'adopted' || outcome === 'known') {",
    replace: "if (outcome !== 'not-a-member') {",
    caughtBy: 'steady',
  },
  {
    name: 'enters-with-a-stale-list',
    why: 'a joiner keeps the list it copied, although others have come meanwhile',
    file: 'src/core/ring.ts',
    find: 'return { ...state, successors: clockwise(state.self, [by, ...successors], rules) };',
    replace:
      'return by.id === state.self.id ? { ...state, successors: clockwise(by, successors, rules) } : state;',
    caughtBy: 'steady',
  },
  {
    name: 'nobody-moves-on-collision',
    why: 'of two members on one position the one with the larger id stays as well',
    file: 'src/core/membership.ts',
    find: 'if (other.id > self.id) return',
    replace: 'if (other.id !== self.id) return',
    caughtBy: 'swarm',
  },
  {
    name: 'forgets-addresses',
    why: 'no address is ever dialled again, so a partition never heals',
    file: 'src/core/remembered.ts',
    find: "      this.#engine.effect({ type: 'dial', host, port });\n",
    replace: '',
    caughtBy: 'swarm',
  },
  {
    name: 'merges-without-introductions',
    why: 'where two rings merge, the new successor is not told of the former ones',
    file: 'src/core/ring.ts',
    find: 'return { ...step, introduceTo: head, introduced: former };',
    replace: 'return step;',
    caughtBy: 'meeting',
  },
  {
    name: 'loses-introductions',
    why: 'a member that belongs elsewhere is not passed on towards its predecessor',
    file: 'src/core/membership.ts',
    find:
      '    if (next === undefined || next.id === contact.id || next.id === from) return;\n' +
      '    this.introduce(next, [contact]);\n',
    replace: '    if (next === undefined || next.id === from) return;\n',
    caughtBy: 'meeting',
  },
  {
    name: 'says-same-to-everybody',
    why: 'whoever has read the neighbourhood before is told that it has not changed',
    file: 'src/core/membership.ts',
    find: 'if (known === this.#digest) return',
    replace: 'if (known !== 0) return',
    caughtBy: 'swarm',
  },
  {
    name: 'waits-for-ever',
    why: 'a stabilisation that gets no answer is never given up',
    file: 'src/core/membership.ts',
    find:
      "if (answer.type !== 'reply' || answer.body.type !== 'neighbourhood-is') {\n" +
      '        return this.#apply(ring.postponed(state, contact));',
    replace: "if (answer.type !== 'reply' || answer.body.type !== 'neighbourhood-is') {\n        return;",
    caughtBy: 'swarm',
  },
  {
    name: 'forgets-the-list-with-its-head',
    why: 'when the first successor dies, the others are forgotten with it',
    file: 'src/core/ring.ts',
    find: 'let successors = state.successors.filter((contact) => contact.id !== id);',
    replace:
      'const lost = state.successors[0]?.id === id;' +
      ' let successors = lost ? [] : state.successors.filter((contact) => contact.id !== id);',
    caughtBy: 'rules',
  },
  {
    name: 'leaves-without-a-word',
    why: 'a leaver tells nobody what it knows, nor that it is gone',
    file: 'src/core/leaving.ts',
    find:
      '    farewell(engine, contact, self, { predecessor, successors }, replacement, acknowledged, 1);\n' +
      '  }\n  membership.announce();\n',
    replace:
      '    if (contact.id !== self.id) acknowledged();\n' +
      '    else farewell(engine, contact, self, { successors, predecessor }, undefined, acknowledged, 1);\n' +
      '  }\n',
    caughtBy: 'leaver',
  },
];
