// Voting: asks one voter for its vote, until it answers or nobody wants to know any more. It owns the
// repeats, and that a vote of this member itself counts once it is written down; what votes are for is
// change.ts's affair.
import type { Contact } from './contact.ts';
import type { Answer, Engine } from './engine.ts';
import type { Request } from './message.ts';
import type { PartVote } from './registers.ts';

export interface Question {
  readonly to: Contact;
  readonly request: Request;
  /** The vote of this member, where it is the one that is asked. */
  readonly local: () => PartVote[];
  /** Whether the answer is still waited for. */
  readonly isWanted: () => boolean;
  readonly done: (votes: readonly PartVote[]) => void;
}

/** Asks a voter, or this member itself; one that is silent is asked again. */
export function askForVote(engine: Engine, { to, request, local, isWanted, done }: Question): void {
  if (to.id === engine.self.id) {
    const votes = local();
    return whenSaved(engine, isWanted, () => done(votes));
  }
  const send = (): void => {
    engine.call(to, request, (answer: Answer) => {
      if (!isWanted()) return;
      if (answer.type === 'reply' && answer.body.type === 'voted') return done(answer.body.votes);
      engine.after(engine.profile.retryMs * 2, () => {
        if (isWanted()) send();
      });
    });
  };
  send();
}

/** What was changed here is written down; nothing follows where it fails, or comes too late. */
export function whenSaved(engine: Engine, isWanted: () => boolean, done: () => void): void {
  engine.saver.whenSaved((saved) => {
    if (saved && isWanted()) done();
  });
}
