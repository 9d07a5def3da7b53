// The driver with a real machine that is alone, over links that go nowhere.
import { randomInt } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { PROFILES } from '../../src/core/profile.ts';
import type { MachineEvent } from '../../src/core/effect.ts';
import { Machine } from '../../src/core/machine.ts';
import { DebugLog } from '../../src/node/debug-log.ts';
import { Driver } from '../../src/node/driver.ts';
import { Identity, sha256 } from '../../src/node/identity.ts';
import { parseLimits } from '../../src/node/limits.ts';

const open: Driver[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((driver) => driver.close()));
});

interface Bench {
  readonly driver: Driver;
  readonly events: MachineEvent[];
  readonly faults: unknown[];
}

function makeDriver(report?: (event: MachineEvent) => void): Bench {
  const { publicKey, id } = Identity.create();
  const machine = new Machine({
    k: 8,
    hash: sha256,
    seed: randomInt(2 ** 32),
    publicKey,
    id,
    incarnation: 1,
    replicas: 3,
    profile: PROFILES.local,
    limits: parseLimits(undefined),
  });
  const events: MachineEvent[] = [];
  const faults: unknown[] = [];
  const driver = new Driver({
    machine,
    wires: {
      send: () => {},
      hold: () => {},
      flush: () => {},
      dial: () => Promise.reject(new Error('nobody there')),
      verify: () => Promise.reject(new Error('nobody there')),
      close: () => Promise.resolve(),
    },
    log: new DebugLog({ logger: undefined, debugLevel: 0, port: () => 0 }),
    save: () => {},
    report: report ?? ((event) => events.push(event)),
    fault: (error) => faults.push(error),
  });
  open.push(driver);
  driver.handleListening('127.0.0.1', 4444);
  return { driver, events, faults };
}

const PATIENT = { timeoutMs: 5_000 };
const GET = { type: 'operate', key: 'a', operation: { type: 'get' }, consistency: 'quorum' } as const;

describe('commands', () => {
  it('resolve to what the machine settles with', async () => {
    const { driver } = makeDriver();
    await driver.run({ type: 'join' }, PATIENT);
    expect(driver.machine.serving).toBe(true);
    expect(await driver.run(GET, PATIENT)).toMatchObject({ result: { type: 'none' } });
  });

  it('reject with the failure as a ChordError', async () => {
    const { driver } = makeDriver();
    await expect(driver.run(GET, PATIENT)).rejects.toMatchObject({
      name: 'ChordError',
      code: 'ERR_NOT_CONNECTED',
    });
  });

  it('reject at once with the reason of a signal that is aborted', async () => {
    const { driver } = makeDriver();
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(driver.run(GET, { ...PATIENT, signal })).rejects.toBe(reason);
  });

  it('reject with ERR_CLOSED after close', async () => {
    const { driver } = makeDriver();
    await driver.close();
    await expect(driver.run(GET, PATIENT)).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('resolve all, however many are under way at once', async () => {
    const { driver } = makeDriver();
    await driver.run({ type: 'join' }, PATIENT);
    const answers = await Promise.all(Array.from({ length: 100 }, () => driver.run(GET, PATIENT)));
    expect(answers).toHaveLength(100);
  });

  it('that have not begun reject with ERR_CLOSED when it is closed', async () => {
    const { driver } = makeDriver();
    await driver.run({ type: 'join' }, PATIENT);
    const calls = Array.from({ length: 100 }, () => driver.run(GET, PATIENT));
    const ends = Promise.allSettled(calls);
    await driver.close();
    const refused = (await ends).filter((end) => end.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('leave no listener behind on a signal', async () => {
    const { driver } = makeDriver();
    await driver.run({ type: 'join' }, PATIENT);
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>): void => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>): void => {
      listeners -= 1;
      remove(...args);
    };
    await driver.run(GET, { ...PATIENT, signal });
    expect(listeners).toBe(0);
  });
});

it('goes on when a listener for events fails', async () => {
  const { driver, faults } = makeDriver(() => {
    throw new Error('a bug of the user');
  });
  await driver.run({ type: 'join' }, PATIENT);
  expect(await driver.run(GET, PATIENT)).toMatchObject({ result: { type: 'none' } });
  expect(faults.length).toBeGreaterThan(0);
});

it('lets a listener start a command from within an event', async () => {
  let answer: Promise<unknown> | undefined;
  const { driver } = makeDriver((event) => {
    if (event.type === 'self') answer = driver.run(GET, PATIENT);
  });
  await driver.run({ type: 'join' }, PATIENT);
  expect(await answer).toMatchObject({ result: { type: 'none' } });
});
