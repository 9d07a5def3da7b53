// Announce: tells members what was decided. Nobody waits for their answers: whoever misses it is told again
// when it is asked for its vote, or compared.
import type { Configuration, Voter } from './configuration.ts';
import type { Engine } from './engine.ts';
import type { Arc } from './position.ts';

/** `markOf`: the watermark that the member with this id is told. */
export function announce(
  engine: Engine,
  arc: Arc,
  configuration: Configuration,
  voters: readonly Voter[],
  markOf: (id: string) => number,
): void {
  for (const [id, contact] of new Map(voters.map((one) => [one.contact.id, one.contact]))) {
    if (id === engine.self.id) continue;
    engine.call(contact, { type: 'install', arc, configuration, watermark: markOf(id) }, () => {});
  }
}
