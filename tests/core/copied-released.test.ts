// A comparison that takes longer than a sweep period: the summaries are asked for at its beginning, then come
// pages of copies. What comes is not let go on the word of another owner.
import { expect, it } from 'vitest';
import type { Configuration } from '../../src/core/configuration.ts';
import type { Reply } from '../../src/core/message.ts';
import { Sweep } from '../../src/core/sweep.ts';
import { memberAt } from '../support/members.ts';
import { OwnerScene } from '../support/owner-scene.ts';
import { entryOf } from '../support/segment-scene.ts';

const ARC = { from: 50, to: 150 };
const members = [0, 1, 2].map((position) => ({ contact: memberAt(position), birth: 1 }));
const K3: Configuration = { lineage: 'K', epoch: 3, members, ancestors: [] };
const M4: Configuration = { lineage: 'M', epoch: 4, members: [], ancestors: [{ lineage: 'K', epoch: 3 }] };

it('keeps what is being copied to it', () => {
  const scene = new OwnerScene();
  const { driver, store, owner, arc, replica } = scene;
  const { engine } = driver;
  engine.member = true;
  owner.registers.install(ARC, K3, 0);
  let offers = 0;
  const sweep = new Sweep(engine, store, owner, {
    arc: () => arc,
    nobody: () => false,
    lookup: (_, done) => {
      offers += 1;
      const known = { arc: ARC, configuration: M4, watermark: 0 };
      const wait: Reply = { type: 'offered', arc: ARC, outcome: 'wait', known: undefined };
      // The owner of M:4 has read it long before.
      const reply: Reply = offers < 4 ? wait : { type: 'offered', arc: ARC, outcome: 'release', known };
      done({
        reply,
        failure: undefined,
        owner: engine.self,
        cost: { requests: 1, hedges: 0, retries: 0, ms: 1 },
        hops: [],
      });
    },
  });
  scene.counted = (where) => sweep.counted(where);
  sweep.touch();
  // The owner of K:3, which is about to decide K:4 with this member, compares once and copies page by page.
  replica.summarise({ type: 'summarise', arc: ARC, parts: 1, past: false });
  let page = 0;
  const stored: boolean[] = [];
  for (let i = 0; i < 40; i++) {
    driver.advance(engine.profile.sweepMs / 10);
    page += 1;
    const entries = [entryOf(`k${page}`, '1')].map((entry) => entry);
    replica.copy(
      { type: 'copy', arc: ARC, base: { lineage: 'K', epoch: 3 }, entries, past: false },
      (reply) => {
        stored.push(reply.type === 'copied' && reply.stored);
      },
    );
  }
  expect(stored.every((one) => one)).toBe(true);
  expect(offers).toBeGreaterThanOrEqual(4);
  const inArc = [...Array(page).keys()].filter((i) => {
    const position = engine.positionOf(`k${i + 1}`);
    return position > 50 && position <= 150;
  });
  const held = [...store.walk(ARC)].map(({ entry }) => entry.key);
  expect(held.length).toBe(inArc.length);
});
