// What an owner has compared since a holder was read is not forgotten because another owner read it before.
import { expect, it } from 'vitest';
import type { Configuration } from '../../src/core/configuration.ts';
import type { Reply } from '../../src/core/message.ts';
import { Sweep } from '../../src/core/sweep.ts';
import { memberAt } from '../support/members.ts';
import { OwnerScene } from '../support/owner-scene.ts';
import { entryOf } from '../support/segment-scene.ts';

const ARC = { from: 50, to: 150 };
const K3: Configuration = {
  lineage: 'K',
  epoch: 3,
  members: [0, 1, 2].map((position) => ({ contact: memberAt(position), birth: 1 })),
  ancestors: [],
};
const M4: Configuration = {
  ...K3,
  lineage: 'M',
  epoch: 4,
  members: [],
  ancestors: [{ lineage: 'K', epoch: 3 }],
};

it('keeps what was copied to it between two offers', () => {
  const { driver, store, owner, arc } = new OwnerScene();
  const { engine } = driver;
  engine.member = true;
  owner.registers.install(ARC, K3, 0);
  let offers = 0;
  const sweep = new Sweep(engine, store, owner, {
    arc: () => arc,
    nobody: () => false,
    lookup: (_, done) => {
      offers += 1;
      // The owner of M:4 has read it after the first offer.
      const reply: Reply = {
        type: 'offered',
        arc: ARC,
        outcome: offers === 1 ? 'wait' : 'release',
        known: offers === 1 ? undefined : { arc: ARC, configuration: M4, watermark: 0 },
      };
      const cost = { requests: 1, hedges: 0, retries: 0, ms: 1 };
      done({ reply, failure: undefined, owner: engine.self, cost, hops: [] });
    },
  });
  sweep.touch();
  driver.advance(engine.profile.sweepMs * 0.7);
  expect(offers).toBe(1);
  // The owner of K:3 decides on K:4 with this member: it compares, copies, and counts on it.
  sweep.counted(ARC);
  store.put(100, entryOf('a', '1'));
  driver.advance(engine.profile.sweepMs * 0.5);
  expect(store.size).toBe(1);
});

it('waits half a sweep period after it was compared, whenever that was', () => {
  const { driver, store, owner, arc } = new OwnerScene();
  const { engine } = driver;
  engine.member = true;
  store.put(100, entryOf('a', '1'));
  const step = engine.profile.sweepMs / 2;
  let offeredAt = Infinity;
  const sweep = new Sweep(engine, store, owner, {
    arc: () => arc,
    nobody: () => false,
    lookup: (_, done) => {
      offeredAt = Math.min(offeredAt, engine.now);
      const cost = { requests: 1, hedges: 0, retries: 0, ms: 1 };
      done({ reply: undefined, failure: undefined, owner: engine.self, cost, hops: [] });
    },
  });
  const beforeStep = step - (engine.now % step) - 1;
  driver.advance(beforeStep);
  const comparedAt = engine.now;
  sweep.counted(ARC);
  sweep.touch();
  driver.advance(5 * engine.profile.sweepMs);
  expect(offeredAt - comparedAt).toBeGreaterThanOrEqual(step);
});
