// A stream of messages while members die: every node that stays gets every message of every sender that
// stays, once and in order. `npm run broadcasts -- --seeds 1000` runs as many seeds as you like.
import { describe, expect, test } from 'vitest';
import { runLosses } from '../support/message-streams.ts';

describe('a stream of 1,000 messages while 10 % of the members die', () => {
  test.each([1, 2, 3])(
    'loses nothing that survivors sent (seed %i)',
    (seed) => {
      const { problems, heard } = runLosses(seed);
      expect(problems).toEqual([]);
      expect(heard).toBeGreaterThan(30_000);
    },
    120_000,
  );
});
