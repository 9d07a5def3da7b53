// Members for tests of the core's parts: contacts that stand where a test wants them, with names that say
// where.
import type { Contact } from '../../src/core/contact.ts';

export function memberAt(position: number, id = `m${position}`): Contact {
  return { id, publicKey: new Uint8Array(0), salt: 0, position, incarnation: 1, host: 'test', port: 1 };
}

/** The positions of contacts, as failures are read best. */
export function positionsOf(contacts: readonly Contact[]): number[] {
  return contacts.map((contact) => contact.position);
}
