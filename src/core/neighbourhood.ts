// Neighbourhoods as values: comparing them, naming one in four bytes, and asking for one.
import type { Contact } from './contact.ts';
import { sameContact } from './contact.ts';
import type { Neighbourhood, Request } from './message.ts';

/** The question for a member's neighbourhood; `known` = 0 where none was seen before. */
export function reading(contact: Contact, known: number): Request {
  return { type: 'neighbourhood', position: contact.position, known };
}

export function sameContacts(a: readonly Contact[], b: readonly Contact[]): boolean {
  return a.length === b.length && a.every((contact, i) => sameContact(contact, b[i]));
}

/** A 32-bit FNV-1a digest of a neighbourhood; never 0, which means "none known". */
export function digest(neighbourhood: Neighbourhood): number {
  let hash = 0x811c9dc5;
  const mix = (text: string): void => {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  };
  for (const contact of [neighbourhood.predecessor, ...neighbourhood.successors]) {
    if (contact === undefined) mix('-');
    else mix(`${contact.id} ${contact.position} ${contact.incarnation} ${contact.host} ${contact.port}\n`);
  }
  return hash >>> 0 || 1;
}
