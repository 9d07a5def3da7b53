// An address that the user names is permanent, also where it is remembered of a former member already.
import { expect, it } from 'vitest';
import { RememberedAddresses } from '../../src/core/remembered.ts';
import { EngineDriver } from '../support/engine-driver.ts';

it('is tried for ever once the user has named it', () => {
  const { engine, ...rest } = new EngineDriver();
  void rest;
  const dialled: number[] = [];
  const effect = engine.effect.bind(engine);
  engine.effect = (one) => (one.type === 'dial' ? void dialled.push(engine.now) : effect(one));
  let knows = false;
  let compared = 0;
  const addresses = new RememberedAddresses(engine, { knows: () => knows, compare: () => (compared += 1) });
  const pass = (ms: number): void => {
    const end = engine.now + ms;
    while (engine.now < end) {
      engine.now += 10;
      engine.runTimers();
    }
  };
  addresses.add('h', 7, false); // a member was dropped
  pass(100);
  addresses.add('h', 7, true); // the user names it
  knows = true;
  pass(10_000); // it is back
  expect(compared).toBeGreaterThan(0);
  knows = false;
  dialled.length = 0;
  pass(10_000);
  expect(dialled.length).toBeGreaterThan(0);
});
