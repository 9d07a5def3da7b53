// Roll call: who is there at this moment, in the life in which it is counted on. Whoever holds everything may
// have died a moment ago, and a majority of the dead could never decide on a next set.
import type { Voter } from './configuration.ts';
import type { Engine } from './engine.ts';
import type { Arc } from './position.ts';

/**
 * Asks each of the voters, one request a voter beside this member; `done` is called once, as soon as `need`
 * of them have answered, or nobody is left who might: with the ids of those that did, this member's among
 * them.
 */
export function callRoll(
  engine: Engine,
  arc: Arc,
  voters: readonly Voter[],
  need: number,
  done: (there: ReadonlySet<string>) => void,
): void {
  const there = new Set<string>();
  let open = voters.length;
  let isDone = false;
  const next = (id: string | undefined): void => {
    open -= 1;
    if (id !== undefined) there.add(id);
    if (isDone || (there.size < need && open > 0)) return;
    isDone = true;
    done(there);
  };
  for (const { contact, birth } of voters) {
    if (contact.id === engine.self.id) next(contact.id);
    else {
      engine.call(contact, { type: 'inspect', arc }, (answer) => {
        const body = answer.type === 'reply' ? answer.body : undefined;
        next(body?.type === 'inspected' && body.birth === birth ? contact.id : undefined);
      });
    }
  }
}
