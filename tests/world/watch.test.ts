// Watches while the owner of what they watch changes again and again: a few seeds of each kind here;
// `npm run watches -- --seeds 1000` runs as many as you like. The check must be able to fail: tampered with,
// the same worlds are found out.
import { describe, expect, test } from 'vitest';
import type { ChangesReply } from '../../src/core/change-query.ts';
import type { Mode } from '../support/watch-world.ts';
import { runWatches } from '../support/watch-world.ts';

const OWNER_CHANGES = 10;
/** What was tampered with shows sooner. */
const TAMPERED_CHANGES = 6;
const SEEDS = [1, 2];

function run(
  mode: Mode,
  seed: number,
  tamper?: (reply: ChangesReply) => ChangesReply,
): ReturnType<typeof runWatches> {
  if (tamper === undefined) return runWatches({ seed, mode, ownerChanges: OWNER_CHANGES });
  return runWatches({ seed, mode, ownerChanges: TAMPERED_CHANGES, tamper });
}

describe('a watch whose owner changes', () => {
  test.each(SEEDS)(
    'tells every change once and in order, without a gap, while nobody is lost (seed %i)',
    async (seed) => {
      const { problems, gaps, ownerChanges, events } = await run('calm', seed);
      expect({ problems, gaps, ownerChanges }).toEqual({
        problems: [],
        gaps: 0,
        ownerChanges: OWNER_CHANGES,
      });
      expect(events).toBeGreaterThan(100);
    },
  );

  test.each(SEEDS)('does so too when members crash one at a time (seed %i)', async (seed) => {
    expect(await run('crashes', seed)).toMatchObject({ problems: [], gaps: 0, degraded: 0 });
  });

  test('tells a gap where a majority of the copies was lost', async () => {
    let [forced, told] = [0, 0];
    // Not in every world two holders die at once.
    for (let seed = 1; seed <= 10 && forced === 0; seed++) {
      const { problems, gaps, degraded } = await run('losses', seed);
      expect(problems, `seed ${seed}`).toEqual([]);
      forced += degraded;
      told += gaps;
    }
    expect(forced).toBeGreaterThan(0);
    expect(told).toBeGreaterThan(0);
  });

  test.each(SEEDS)('tells a gap where both sides of a cut went on (seed %i)', async (seed) => {
    expect(await run('cuts', seed)).toMatchObject({ problems: [] });
  });

  test.each(SEEDS)(
    'tells a gap where owners forgot what a slow reader had not fetched (seed %i)',
    async (seed) => {
      expect(await run('slow', seed)).toMatchObject({ problems: [], degraded: 0 });
    },
  );
});

test('of an entry that comes from another holder, what was replaced there is told as well', async () => {
  // An owner dies right after two writes of one key.
  const result = await runWatches({ seed: 841, mode: 'crashes', ownerChanges: 20 });
  expect(result).toMatchObject({ problems: [], gaps: 0 });
});

describe('the judge of watches', () => {
  test('notices when gaps are kept back', async () => {
    const problems: string[] = [];
    // Not every gap hides a change that came to nobody's notice.
    for (let seed = 9; seed <= 24 && problems.length === 0; seed++) {
      const keepsBack = (reply: ChangesReply): ChangesReply => ({ ...reply, missing: false });
      problems.push(
        ...(await runWatches({ seed, mode: 'slow', ownerChanges: 10, tamper: keepsBack })).problems,
      );
    }
    expect(problems.join('\n')).toContain('never told');
  });

  test('notices when a change is dropped', async () => {
    let answers = 0;
    const { problems } = await run('calm', 1, (reply) => {
      answers += reply.entries.length > 0 ? 1 : 0;
      return answers % 7 === 0 ? { ...reply, entries: reply.entries.slice(0, -1) } : reply;
    });
    expect(problems.join('\n')).toContain('never told');
  });

  test('notices when a change is told twice', async () => {
    const { problems } = await run('calm', 1, (reply) => ({
      ...reply,
      entries: [...reply.entries, ...reply.entries.slice(-1)],
    }));
    expect(problems.join('\n')).toContain('told twice');
  });

  test('notices when what was told is not behind what was told before', async () => {
    const problems: string[] = [];
    // Several are not told together in every world.
    for (let seed = 9; seed <= 24 && problems.length === 0; seed++) {
      const reverses = (reply: ChangesReply): ChangesReply => ({
        ...reply,
        entries: reply.entries.toReversed(),
      });
      problems.push(...(await run('calm', seed, reverses)).problems);
    }
    expect(problems.join('\n')).toContain('told behind');
  });

  test('notices a gap that nothing calls for', async () => {
    let replies = 0;
    const { problems } = await run('calm', 1, (reply) => {
      replies += 1;
      return replies === 100 ? { ...reply, missing: true } : reply;
    });
    expect(problems.join('\n')).toContain('nobody was lost');
  });
});
