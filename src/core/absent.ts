// Absent: names the members whose answer an operation lacks, so that whoever reads why it failed knows which
// machines to bring back. Pure functions of what the engine has heard of its peers.
import type { Configuration } from './configuration.ts';
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';

/** A ring that met many others may wait for many sets. */
const NAMED_MAX = 8;

/** The members of these sets that are not connected, or do not answer. */
export function absentOf({ peers, self }: Engine, sets: readonly Configuration[]): Contact[] {
  const members = sets.flatMap((set) => set.members.map(({ contact }) => [contact.id, contact] as const));
  return [...new Map(members).values()].filter(
    ({ id }) => id !== self.id && (peers.isSuspected(id) || !peers.isConnected(id)),
  );
}

/** Where they were reached last, behind these words; nothing where there is nobody to name. */
export function naming(words: string, contacts: readonly Contact[]): string {
  if (contacts.length === 0) return '';
  const names = contacts.slice(0, NAMED_MAX).map(({ host, port }) => `${host}:${port}`);
  const more = contacts.length - names.length;
  return `${words}${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
