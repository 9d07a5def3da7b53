// Ring: the rules that keep members in a ring, as pure functions from a state and an input to a new state
// and what to do. It owns the successor list, the predecessor and the order of maintenance steps; it sends
// nothing and knows no time, so that every interleaving can be enumerated. The rules are the corrected ones
// of Zave (TSE 2017, section III): a joiner copies a whole list in one step, a pointer is adopted only from
// a member that has just answered, and a member that waits for an answer that will change its state is not
// read by others. Where we differ, it is said.
import type { Contact } from './contact.ts';
import { sameContact } from './contact.ts';
import type { Neighbourhood } from './message.ts';
import { between, distance } from './position.ts';

export interface RingState extends Neighbourhood {
  readonly self: Contact;
  /** The two steps of stabilisation: the first successor was asked, or the nearer candidate that it named. */
  readonly waiting: { readonly step: 'successor' | 'candidate'; readonly of: Contact } | undefined;
}

/** What follows from an input. */
export interface RingStep {
  readonly state: RingState;
  /** Read the neighbourhood of this member; the answer is given to `answered`. */
  readonly ask?: Contact;
  /** Tell this member that we may be its predecessor. */
  readonly notify?: Contact;
  /** Tell `introduceTo` of members that it may have missed (two rings are merging). */
  readonly introduceTo?: Contact;
  readonly introduced?: readonly Contact[];
}

/** The bounds of the rules. */
export interface RingRules {
  /** Longest successor list (r). */
  readonly listMax: number;
  /** Number of positions. */
  readonly size: number;
}

/**
 * A ring of one. Zave's proof starts at r + 1 members; ours at one: while the ring is smaller than r, lists
 * hold all.
 */
export function alone(self: Contact): RingState {
  return { self, predecessor: undefined, successors: [], waiting: undefined };
}

/**
 * Join: the whole list of the predecessor in one step; undefined where `self` does not belong behind it
 * (any more).
 */
export function joined(
  self: Contact,
  predecessor: Contact,
  its: Neighbourhood,
  rules: RingRules,
): RingState | undefined {
  const head = its.successors[0] ?? predecessor;
  if (
    predecessor.position === self.position ||
    !between(predecessor.position, self.position, head.position)
  ) {
    return undefined;
  }
  // A list shorter than r may name the whole ring but its holder, or lag behind: where the holder was added
  // to its end, members that it does not name yet would be skipped, and a failure could cut them off.
  const list = its.successors.length === 0 ? [predecessor] : its.successors;
  return { self, predecessor, successors: clockwise(self, list, rules), waiting: undefined };
}

/**
 * The member behind has admitted us, and says what follows it. Between p's answer and this one others may
 * have come: entering with p's list could skip them, so this one replaces it, as a stabilisation would.
 */
export function admitted(
  state: RingState,
  by: Contact,
  successors: readonly Contact[],
  rules: RingRules,
): RingState {
  return { ...state, successors: clockwise(state.self, [by, ...successors], rules) };
}

/** Stabilise, first step: ask the first successor. Nothing to do alone, or while an answer is awaited. */
export function stabilise(state: RingState): RingStep {
  const head = state.successors[0];
  if (head === undefined || state.waiting !== undefined) return { state };
  return { state: { ...state, waiting: { step: 'successor', of: head } }, ask: head };
}

/** An answer to `ask`. */
export function answered(state: RingState, from: Contact, its: Neighbourhood, rules: RingRules): RingStep {
  const { waiting } = state;
  if (waiting === undefined || waiting.of.id !== from.id) return { state };
  return waiting.step === 'successor'
    ? successorAnswered(state, from, its, rules)
    : candidateAnswered(state, from, its, rules);
}

function successorAnswered(state: RingState, head: Contact, its: Neighbourhood, rules: RingRules): RingStep {
  const successors = clockwise(state.self, [head, ...its.successors], rules);
  const candidate = candidateOf(state.self, head, its);
  if (candidate !== undefined) {
    return {
      state: { ...state, successors, waiting: { step: 'candidate', of: candidate } },
      ask: candidate,
    };
  }
  const next: RingState = { ...state, successors, waiting: undefined };
  // Where it names us, exactly as we are, there is nothing to rectify.
  return sameContact(its.predecessor, state.self) ? { state: next } : { state: next, notify: head };
}

/**
 * A member that may stand between us and our successor, by the successor's word: its predecessor or, where we
 * depart from Zave, one of its list. In a ring in order nobody on that list stands there. In one that winds
 * round more than once (CCR 2012, Fig. 7) all predecessors agree with the disorder, and only lists show it.
 */
function candidateOf(self: Contact, head: Contact, its: Neighbourhood): Contact | undefined {
  return [its.predecessor, ...its.successors].find(
    (contact) =>
      contact !== undefined &&
      contact.id !== self.id &&
      contact.position !== self.position &&
      between(self.position, contact.position, head.position),
  );
}

/**
 * The nearer member has answered: it becomes the first successor. Its list goes before ours but does not
 * replace it: where two rings merge, the candidate does not know our successors yet, so it is told of them.
 */
function candidateAnswered(state: RingState, head: Contact, its: Neighbourhood, rules: RingRules): RingStep {
  const former = state.successors;
  const known = sorted(state.self, [head, ...its.successors, ...former], rules);
  // Who stands before it has not answered us, and is asked at the next turn.
  const successors = clockwise(state.self, known.slice(known.indexOf(head)), rules);
  const step: RingStep = { state: { ...state, successors, waiting: undefined }, notify: head };
  const next = former[0];
  if (next === undefined || its.successors.some((contact) => contact.id === next.id)) return step;
  return { ...step, introduceTo: head, introduced: former };
}

/**
 * The member that was asked waits itself, or is none: the step is given up, and tried again at the next
 * stabilisation.
 */
export function postponed(state: RingState, from: Contact): RingStep {
  if (state.waiting?.of.id !== from.id) return { state };
  const head = state.successors[0];
  const next = { ...state, waiting: undefined };
  return state.waiting.step === 'candidate' && head !== undefined
    ? { state: next, notify: head }
    : { state: next };
}

/**
 * A member was found dead (after confirmation): it leaves the list; if it was being asked, the next one is.
 */
export function dropped(state: RingState, id: string): RingStep {
  let successors = state.successors.filter((contact) => contact.id !== id);
  let { predecessor } = state;
  if (successors.length === 0) {
    // The whole list is dead, which the proof excludes: the predecessor, if it lives, is the only other
    // member known.
    predecessor = predecessor?.id === id ? undefined : predecessor;
    successors = predecessor === undefined ? [] : [predecessor];
  }
  const waiting = state.waiting?.of.id === id ? undefined : state.waiting;
  const next: RingState = { ...state, predecessor, successors, waiting };
  if (state.waiting === waiting) return { state: next };
  if (state.waiting?.step === 'successor') return stabilise(next);
  const head = successors[0];
  return head === undefined ? { state: next } : { state: next, notify: head };
}

/** What a notification means to its receiver; 'contested' = the present predecessor must be pinged first. */
export type Notified = 'adopted' | 'known' | 'taken' | 'passed' | 'contested';

/**
 * Rectify: `notifier` has just spoken, so it lives. It is adopted where it is nearer than the predecessor;
 * else the predecessor is checked, and replaced if it is dead (`replaced`).
 */
export function notified(
  state: RingState,
  notifier: Contact,
): { readonly state: RingState; readonly outcome: Notified } {
  const { self, predecessor } = state;
  if (notifier.position === self.position) return { state, outcome: 'taken' };
  if (predecessor === undefined) return { state: replaced(state, notifier), outcome: 'adopted' };
  if (predecessor.id === notifier.id) {
    if (sameContact(predecessor, notifier)) return { state, outcome: 'known' };
    // The same node in a new life or at a new place: what it had before is void.
    return { state: replaced(state, notifier), outcome: 'adopted' };
  }
  if (between(predecessor.position, notifier.position, self.position)) {
    return { state: replaced(state, notifier), outcome: 'adopted' };
  }
  return { state, outcome: 'contested' };
}

/**
 * What a member that admits a joiner tells it of its list: nothing while it waits, because the list is about
 * to change, and the joiner could skip a member that the new one names.
 */
export function followers(state: RingState): readonly Contact[] {
  return state.waiting === undefined ? state.successors : [];
}

/** The notifier becomes the predecessor; a member that was alone thereby learns its successor too. */
export function replaced(state: RingState, predecessor: Contact): RingState {
  const successors = state.successors.length === 0 ? [predecessor] : state.successors;
  return { ...state, predecessor, successors };
}

/**
 * A neighbour leaves and hands over what it knows: its list to its predecessor, its predecessor to its
 * successor.
 */
export function departed(state: RingState, leaver: Contact, its: Neighbourhood, rules: RingRules): RingState {
  const others = its.successors.filter((contact) => contact.id !== leaver.id);
  const mine = state.successors.filter((contact) => contact.id !== leaver.id);
  const wasHead = state.successors[0]?.id === leaver.id;
  const successors = wasHead
    ? clockwise(state.self, sorted(state.self, [...mine, ...others], rules), rules)
    : mine;
  let predecessor = state.predecessor;
  if (predecessor?.id === leaver.id) {
    const before = its.predecessor;
    predecessor = before === undefined || before.id === state.self.id ? undefined : before;
  }
  if (successors.length === 0) predecessor = undefined;
  const waiting = state.waiting?.of.id === leaver.id ? undefined : state.waiting;
  return { ...state, predecessor, successors, waiting };
}

/**
 * Somebody says that `candidate` lives: if it would be our first successor, it is asked (as in
 * stabilisation).
 */
export function considered(state: RingState, candidate: Contact): RingStep {
  const head = state.successors[0];
  if (state.waiting !== undefined || candidate.id === state.self.id) return { state };
  if (candidate.position === state.self.position) return { state };
  const nearer = head === undefined || between(state.self.position, candidate.position, head.position);
  const renewed = head !== undefined && head.id === candidate.id && !sameContact(head, candidate);
  if (!nearer && !renewed) return { state };
  return { state: { ...state, waiting: { step: 'candidate', of: candidate } }, ask: candidate };
}

/**
 * The first r distinct members going clockwise from self; what would come after self, or out of order, is
 * cut off.
 */
function clockwise(self: Contact, contacts: readonly Contact[], rules: RingRules): Contact[] {
  const list: Contact[] = [];
  let reached = 0;
  for (const contact of contacts) {
    if (list.length === rules.listMax) break;
    const offset = distance(self.position, contact.position, rules.size);
    if (contact.id === self.id || offset <= reached) break;
    reached = offset;
    list.push(contact);
  }
  return list;
}

/** The contacts in clockwise order, one a position: the first named wins. */
function sorted(self: Contact, contacts: readonly Contact[], rules: RingRules): Contact[] {
  const byPosition = new Map<number, Contact>();
  const ids = new Set<string>([self.id]);
  for (const contact of contacts) {
    if (ids.has(contact.id) || byPosition.has(contact.position) || contact.position === self.position)
      continue;
    ids.add(contact.id);
    byPosition.set(contact.position, contact);
  }
  const offset = (contact: Contact): number => distance(self.position, contact.position, rules.size);
  return [...byPosition.values()].toSorted((a, b) => offset(a) - offset(b));
}
