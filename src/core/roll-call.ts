// Roll call: who is there at this moment, in the life in which it is counted on, with all that it holds on
// its disk. Whoever holds everything may have died a moment ago, and a majority of the dead could never
// decide on a next set; or it may only be about to write it down.
import type { Voter } from './configuration.ts';
import type { Engine } from './engine.ts';
import type { Arc } from './position.ts';

export interface Roll {
  /** Ids of those that answered in that life, this member's among them. */
  readonly there: ReadonlySet<string>;
  /** And of those that answered in another one. */
  readonly reborn: ReadonlySet<string>;
}

/**
 * Asks each of the voters, one request a voter beside this member; `done` is called once, as soon as `need`
 * of them have answered, or nobody is left who might.
 */
export function callRoll(
  engine: Engine,
  arc: Arc,
  voters: readonly Voter[],
  need: number,
  done: (roll: Roll) => void,
): void {
  const [there, reborn] = [new Set<string>(), new Set<string>()];
  let open = voters.length;
  let isDone = false;
  const next = (voter: Voter, birth: number | undefined): void => {
    open -= 1;
    if (birth !== undefined) (birth === voter.birth ? there : reborn).add(voter.contact.id);
    if (isDone || (there.size < need && open > 0)) return;
    isDone = true;
    done({ there, reborn });
  };
  for (const voter of voters) {
    // What it has not written down it may come back without, as any other.
    if (voter.contact.id === engine.self.id) {
      engine.saver.whenSaved((saved) => next(voter, saved ? engine.birth : undefined));
    } else {
      engine.call(voter.contact, { type: 'inspect', arc, saved: true }, (answer) => {
        const body = answer.type === 'reply' ? answer.body : undefined;
        next(voter, body?.type === 'inspected' ? body.birth : undefined);
      });
    }
  }
}
