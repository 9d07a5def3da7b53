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

/** A holder of K:3 that offers it; the owner of M:4 has read it, and lets it go at that offer. */
class Holder extends OwnerScene {
  readonly sweep: Sweep;
  offers = 0;

  constructor(releasedAt: number) {
    super();
    const { engine } = this.driver;
    engine.member = true;
    this.owner.registers.install(ARC, K3, 0);
    this.sweep = new Sweep(engine, this.store, this.owner, {
      arc: () => this.arc,
      nobody: () => false,
      lookup: (_, done) => {
        this.offers += 1;
        const known = { arc: ARC, configuration: M4, watermark: 0 };
        const wait: Reply = { type: 'offered', arc: ARC, outcome: 'wait', known: undefined };
        const reply: Reply = this.offers < releasedAt ? wait : { ...wait, outcome: 'release', known };
        const cost = { requests: 1, hedges: 0, retries: 0, ms: 1 };
        done({ reply, failure: undefined, owner: engine.self, cost, hops: [] });
      },
    });
  }
}

it('keeps what was copied to it between two offers', () => {
  const holder = new Holder(2);
  const { driver, store, sweep } = holder;
  const { sweepMs } = driver.engine.profile;
  sweep.touch();
  driver.advance(sweepMs * 0.7);
  expect(holder.offers).toBe(1);
  // The owner of K:3 decides on K:4 with this member: it compares, copies, and counts on it.
  sweep.counted(ARC);
  store.put(100, entryOf('a', '1'));
  driver.advance(sweepMs * 0.5);
  expect(store.size).toBe(1);
});

it('keeps what it is counted on for where it has moved, and hands over what it held before', () => {
  const holder = new Holder(2);
  const { driver, store, sweep } = holder;
  const { engine } = driver;
  // It leaves its place (leaving.ts), and is a member again at another one before all is handed over.
  engine.member = false;
  sweep.untilClean(() => {});
  driver.advance(1);
  expect(holder.offers).toBe(1);
  engine.member = true;
  sweep.counted(ARC);
  store.put(100, entryOf('a', '1'));
  driver.advance(engine.profile.retryMs * 3);
  expect(store.size).toBe(1);
});

it('keeps what is being copied to it, page by page, for longer than a sweep period', () => {
  const holder = new Holder(4);
  const { driver, store, sweep, replica } = holder;
  const { engine } = driver;
  holder.counted = (where) => sweep.counted(where);
  sweep.touch();
  // The owner of K:3, which is about to decide K:4 with this member, compares once.
  replica.summarise({ type: 'summarise', arc: ARC, parts: 1, past: false });
  const stored: boolean[] = [];
  const keys = Array.from({ length: 40 }, (_, i) => `k${i + 1}`);
  for (const key of keys) {
    driver.advance(engine.profile.sweepMs / 10);
    const entries = [entryOf(key, '1')];
    replica.copy({ type: 'copy', arc: ARC, base: K3, entries, past: false }, (reply) => {
      stored.push(reply.type === 'copied' && reply.stored);
    });
  }
  expect(stored).toEqual(keys.map(() => true));
  expect(holder.offers).toBeGreaterThanOrEqual(4);
  const inArc = keys.filter((key) => engine.positionOf(key) > ARC.from && engine.positionOf(key) <= ARC.to);
  expect([...store.walk(ARC)].map(({ entry }) => entry.key).toSorted()).toEqual(inArc.toSorted());
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
