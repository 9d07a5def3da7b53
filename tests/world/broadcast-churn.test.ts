// A stream of messages while members and clients come, leave and die: whoever is a member when a message is
// sent, and stays, gets it once and in order. `npm run broadcasts -- --of churn --seeds 1000` runs as many
// seeds as you like.
import { expect, test } from 'vitest';
import { runChurn } from '../support/message-streams.ts';

test.each([1, 2, 3, 4, 5, 6])(
  'whoever has joined gets all that is sent from then on, in order (seed %i)',
  (seed) => {
    expect(runChurn(seed).problems).toEqual([]);
  },
  60_000,
);
