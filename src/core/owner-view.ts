// What the owner of arcs needs to know of the ring around it, and of what it is to do in the worst case.
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { ExchangeParts } from './exchange.ts';
import type { Arc } from './position.ts';
import type { Voters } from './voters.ts';

/** What the owner needs of its surroundings. */
export interface OwnerView {
  /** The arc that the ring gives us; undefined while that is unknown, and for a client. */
  arc(): Arc | undefined;
  /** Members behind us, the nearest first, and the one before us. */
  neighbours(): { readonly successors: readonly Contact[]; readonly predecessor: Contact | undefined };
  exchange(contact: Contact, arc: Arc): ExchangeParts;
  /** Whether the whole arc is served has changed. */
  changed(): void;
}

export interface OwnerOptions {
  readonly engine: Engine;
  readonly voters: Voters;
  /** Whether an arc may go on without a majority of its set. */
  readonly heals: boolean;
}
