// Readings: what a member has told of its neighbourhood and what it has read of another's, so that an
// unchanged one costs a few bytes, and a changed one costs what is new in it. It owns the difference between
// two neighbourhoods; whether a member may be read at all is the membership's to say.
import type { Contact } from './contact.ts';
import { sameContact } from './contact.ts';
import type { Neighbourhood, Reply } from './message.ts';
import { digest } from './neighbourhood.ts';
import { distance } from './position.ts';

type NeighbourhoodIs = Extract<Reply, { readonly type: 'neighbourhood-is' }>;

interface Version {
  readonly digest: number;
  readonly neighbourhood: Neighbourhood;
}

/** The predecessor reads at every turn, and now and then a joiner or a member that is about to. */
const VERSIONS_MAX = 2;
/** What is kept is told by the bits of one number: contacts behind these are sent anew. */
const KEPT_MAX = 52;

const NOTHING: Neighbourhood = { predecessor: undefined, successors: [] };

/** An answer that carries no neighbourhood. */
export function withoutList(state: 'pending' | 'same' | 'not-a-member'): NeighbourhoodIs {
  return { type: 'neighbourhood-is', state, neighbourhood: NOTHING, kept: 0 };
}

/** The versions of its own neighbourhood that a member has told last. */
export class Told {
  #versions: readonly Version[] = [];

  /** The whole neighbourhood, or its difference from the version that the asker knows. */
  answer({ predecessor, successors }: Neighbourhood, now: number, known: number): NeighbourhoodIs {
    const base = this.#versions.find((version) => version.digest === known)?.neighbourhood;
    const neighbourhood = { predecessor, successors };
    const others = this.#versions.filter((version) => version.digest !== now && version.digest !== known);
    this.#versions = [{ digest: now, neighbourhood }, ...others].slice(0, VERSIONS_MAX);
    if (base === undefined) return { type: 'neighbourhood-is', state: 'full', neighbourhood, kept: 0 };
    return { type: 'neighbourhood-is', state: 'changed', ...difference(base, neighbourhood) };
  }
}

/** The last whole neighbourhood that was read. */
export class LastRead {
  #of = '';
  #version: Version | undefined;

  /** What to name in the question; 0 where this member was not the last that was read. */
  digestOf(id: string): number {
    return this.#of === id ? (this.#version?.digest ?? 0) : 0;
  }

  /** What the answer to a question that named `known` means; undefined where that is not known any more. */
  take(from: Contact, known: number, answer: NeighbourhoodIs, size: number): Neighbourhood | undefined {
    const last = known !== 0 && this.digestOf(from.id) === known ? this.#version?.neighbourhood : undefined;
    if (answer.state === 'same') return last;
    if (answer.state === 'changed' && last === undefined) return undefined;
    const { state, kept, neighbourhood: fresh } = answer;
    const neighbourhood = state === 'changed' ? applied(last ?? NOTHING, kept, fresh, from, size) : fresh;
    this.#of = from.id;
    this.#version = { digest: digest(neighbourhood), neighbourhood };
    return neighbourhood;
  }

  forget(): void {
    this.#version = undefined;
  }
}

/** What a reader that knows `base` is told. */
function difference(
  base: Neighbourhood,
  now: Neighbourhood,
): { readonly kept: number; readonly neighbourhood: Neighbourhood } {
  let kept = 0;
  const remain = new Set<Contact>();
  for (const [i, contact] of base.successors.slice(0, KEPT_MAX).entries()) {
    const same = now.successors.find((other) => sameContact(other, contact));
    if (same === undefined) continue;
    kept += 2 ** (i + 1);
    remain.add(same);
  }
  const samePredecessor = now.predecessor !== undefined && sameContact(base.predecessor, now.predecessor);
  const predecessor = samePredecessor ? undefined : now.predecessor;
  const successors = now.successors.filter((contact) => !remain.has(contact));
  return { kept: kept + (samePredecessor ? 1 : 0), neighbourhood: { predecessor, successors } };
}

/** A list goes clockwise from its holder, so that what is new in it needs no places. */
function applied(
  base: Neighbourhood,
  kept: number,
  fresh: Neighbourhood,
  of: Contact,
  size: number,
): Neighbourhood {
  const bit = (i: number): boolean => Math.floor(kept / 2 ** i) % 2 === 1;
  const offset = (contact: Contact): number => distance(of.position, contact.position, size);
  const remaining = base.successors.filter((_, i) => i < KEPT_MAX && bit(i + 1));
  return {
    predecessor: bit(0) ? base.predecessor : fresh.predecessor,
    successors: [...remaining, ...fresh.successors].toSorted((a, b) => offset(a) - offset(b)),
  };
}
