// Places: contacts of nodes that stand on a circle of a few places, as one of them sees it: itself at 0,
// the others by how far clockwise they are. It owns the change of view from one node to another, and the
// text of a ring state in such a view.
import type { Contact } from '../core/contact.ts';
import type { Neighbourhood } from '../core/message.ts';
import type { RingRules, RingState } from '../core/ring.ts';

const NO_KEY = new Uint8Array(0);

export class Places {
  readonly rules: RingRules;
  readonly #contacts: readonly Contact[];

  constructor(members: number, listMax: number) {
    this.rules = { listMax, size: members };
    this.#contacts = Array.from({ length: members }, (_, position) => contactAt(position));
  }

  /** The node itself. */
  get self(): Contact {
    return this.at(0);
  }

  /** The node this far clockwise. */
  at(offset: number): Contact {
    const contact = this.#contacts[offset % this.#contacts.length];
    if (contact === undefined) throw new RangeError(`no place ${offset}`);
    return contact;
  }

  /** How the node this far clockwise sees us. */
  selfFrom(offset: number): Contact {
    return this.at(this.#contacts.length - offset);
  }

  /** What the node this far clockwise knows, as we see it. */
  turned(its: Neighbourhood, offset: number): Neighbourhood {
    const turn = (contact: Contact): Contact => this.at(contact.position + offset);
    const { predecessor, successors } = its;
    return {
      predecessor: predecessor && turn(predecessor),
      successors: successors.map((contact) => turn(contact)),
    };
  }
}

export function encodeRing(state: RingState): string {
  const { predecessor, waiting } = state;
  const list = positionsOf(state.successors).join(',');
  const asked = waiting === undefined ? '' : ` ${waiting.step} ${waiting.of.position}`;
  return `${predecessor?.position ?? '-'} ${list}${asked}`;
}

export function positionsOf(contacts: readonly Contact[]): number[] {
  return contacts.map((contact) => contact.position);
}

function contactAt(position: number): Contact {
  return {
    id: `n${position}`,
    publicKey: NO_KEY,
    salt: 0,
    position,
    incarnation: 1,
    host: 'place',
    port: position + 1,
  };
}
