// What a member offers of what it holds without a register, and when.
import { expect, it } from 'vitest';
import type { Reply } from '../../src/core/message.ts';
import type { Arc } from '../../src/core/position.ts';
import type { Engine } from '../../src/core/engine.ts';
import { Sweep } from '../../src/core/sweep.ts';
import { OwnerScene } from '../support/owner-scene.ts';
import { entryOf } from '../support/segment-scene.ts';

const OUTSIDE: Arc = { from: 50, to: 150 };
const NOT_OURS: Arc = { from: 0, to: 200 };

interface Scene {
  readonly engine: Engine;
  readonly sweep: Sweep;
  /** What it has offered so far. */
  readonly offers: () => number;
  readonly pass: (sweeps: number) => void;
}

/** A member of (200, 0] that holds an entry at 100, and what it is answered. */
function scene(reply?: Reply): Scene {
  const { driver, store, owner, arc } = new OwnerScene();
  const { engine } = driver;
  engine.member = true;
  store.put(100, entryOf('a', '1'));
  let offers = 0;
  const sweep = new Sweep(engine, store, owner, {
    arc: () => arc,
    nobody: () => false,
    lookup: (_, done) => {
      offers += 1;
      const cost = { requests: 1, hedges: 0, retries: 0, ms: 1 };
      done({ reply, failure: undefined, owner: engine.self, cost, hops: [] });
    },
  });
  return {
    engine,
    sweep,
    offers: () => offers,
    pass: (sweeps) => driver.advance(sweeps * engine.profile.sweepMs),
  };
}

it('is offered at once', () => {
  const { sweep, offers, pass } = scene();
  sweep.touch();
  pass(0.4);
  expect(offers()).toBeGreaterThan(0);
});

it('is not offered while an owner compares it, who may make the member one of its set', () => {
  const { sweep, offers, pass } = scene();
  sweep.counted(OUTSIDE);
  sweep.touch();
  pass(0.4);
  expect(offers()).toBe(0);
  pass(2);
  expect(offers()).toBeGreaterThan(0);
});

it('is not looked for again where nothing is held of what is compared', () => {
  const { sweep, offers, pass } = scene({
    type: 'offered',
    arc: NOT_OURS,
    outcome: 'keep',
    known: undefined,
  });
  sweep.counted({ from: 120, to: 150 });
  sweep.touch();
  pass(3);
  expect(offers()).toBe(1);
});

it('is offered all the same by one that leaves', () => {
  const { engine, sweep, offers, pass } = scene();
  sweep.counted(OUTSIDE);
  engine.member = false;
  sweep.untilClean(() => {});
  pass(0.1);
  expect(offers()).toBeGreaterThan(0);
});
