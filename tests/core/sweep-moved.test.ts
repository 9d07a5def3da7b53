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

it('F: a member that has moved, and hands over what it held before, keeps what it is counted on for', () => {
  const { driver, store, owner, arc } = new OwnerScene();
  const { engine } = driver;
  owner.registers.install(ARC, K3, 0);
  let offers = 0;
  const sweep = new Sweep(engine, store, owner, {
    arc: () => arc,
    nobody: () => false,
    lookup: (_, done) => {
      offers += 1;
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
  // It leaves its place (leaving.ts), and is a member again at another one before all is handed over.
  engine.member = false;
  sweep.untilClean(() => {});
  driver.advance(1);
  expect(offers).toBe(1);
  engine.member = true;
  sweep.counted(ARC);
  store.put(100, entryOf('a', '1'));
  driver.advance(engine.profile.retryMs * 3);
  expect(store.size).toBe(1);
});
