// What a node remembers through restarts, and how saves are carried out, over stores that fail on demand.
import { describe, expect, it, beforeEach } from 'vitest';
import type { SavedRecord } from '../../src/core/saved.ts';
import { DebugLog } from '../../src/node/debug-log.ts';
import type { ChordError } from '../../src/node/errors.ts';
import { Persistence, type Restored } from '../../src/node/persistence.ts';
import { MemoryStorage } from '../../src/storage/memory-storage.ts';
import { FaultyStore } from '../storage/faulty-store.ts';
import { entryOf, registersOf, textsOf } from '../storage/saved-records.ts';
import { contactOf } from '../wire/fixture.ts';

interface Bench {
  readonly persistence: Persistence;
  readonly faults: ChordError[];
  /** 'saved 3' or 'failed 3: why', in their order. */
  readonly answers: string[];
  open(): Promise<Restored>;
  /** Resolves when so many saves were answered. */
  answered(count: number): Promise<void>;
}

const log = new DebugLog({ logger: undefined, debugLevel: 0, port: () => 0 });
let store: FaultyStore;

beforeEach(() => {
  store = new FaultyStore(new MemoryStorage());
});

function make(options: { k?: number; subnet?: string; queueBytes?: number } = {}): Bench {
  const { k = 32, subnet = 'chord', queueBytes = 1_048_576 } = options;
  const faults: ChordError[] = [];
  const answers: string[] = [];
  let notify = (): void => {};
  const answer = (text: string): void => {
    answers.push(text);
    notify();
  };
  const fault = (error: ChordError): void => void faults.push(error);
  const persistence = new Persistence({ store, terms: { k, subnet }, log, queueBytes, fault });
  const listener = {
    handleSaved: (token: number) => answer(`saved ${token}`),
    handleSaveFailed: (token: number, message: string) => answer(`failed ${token}: ${message}`),
  };
  return {
    persistence,
    faults,
    answers,
    open: () => persistence.open(listener),
    answered: (count) =>
      new Promise((resolve) => {
        notify = () => answers.length >= count && resolve();
        notify();
      }),
  };
}

/** Writes wait until it is opened. */
function closeGate(): { open: () => void } {
  let open = (): void => {};
  store.hold = new Promise((resolve) => {
    open = resolve;
  });
  return { open: () => open() };
}

async function run(records: readonly SavedRecord[]): Promise<Bench> {
  const bench = make();
  await bench.open();
  bench.persistence.save(1, records);
  await bench.persistence.close();
  return bench;
}

describe('a restarted node', () => {
  it('is the same node in a new life', async () => {
    const first = await run([]);
    const second = make();
    const restored = await second.open();
    expect(second.persistence.identity.id).toBe(first.persistence.identity.id);
    expect([first.persistence.incarnation, second.persistence.incarnation]).toEqual([1, 2]);
    expect([first.persistence.birth, second.persistence.birth, restored.birth]).toEqual([1, 1, 1]);
    expect(second.faults).toEqual([]);
  });

  it('has a new incarnation even when the one before was never closed', async () => {
    await make().open();
    // As after a crash: the store is free again, and nobody closed it.
    await store.close();
    expect(make().persistence.incarnation).toBe(2);
  });

  it('finds its entries and registers', async () => {
    await run([entryOf('a', 'one'), registersOf(1)]);
    const { records } = await make().open();
    expect(records).toEqual(expect.arrayContaining([entryOf('a', 'one'), registersOf(1)]));
  });

  it('knows where it stood, and whom it knew, also when it knew nobody at the end', async () => {
    const { persistence, open } = make();
    await open();
    const members = Array.from({ length: 40 }, (_, i) => ({ host: '10.0.0.1', port: 4_000 + i }));
    persistence.note(77, members);
    persistence.note(78, []);
    await persistence.close();
    const next = make();
    expect(next.persistence.salt).toBe(78);
    expect((await next.open()).members).toEqual(members.slice(0, 32));
  });
});

describe('a store that does not fit', () => {
  it.each([
    [
      'another k',
      { k: 16 },
      /it was made for a ring of k = 32, and this node has k = 16: give this node k = 32, or another store$/,
    ],
    [
      'another subnet',
      { subnet: 'other' },
      /it was made for the subnet 'chord', and this node is of 'other': give .* 'chord', or another store$/,
    ],
  ])('is refused: %s', async (_name, options, message) => {
    await run([]);
    const bench = make(options);
    await expect(bench.open()).rejects.toMatchObject({
      code: 'ERR_STORE',
      message: expect.stringMatching(message) as string,
    });
    // Nothing was changed: the right node still opens it.
    await make().open();
  });

  it('is refused where its identity is damaged, whichever byte it is', async () => {
    await run([]);
    const whole = store.readIdentity()!;
    for (let at = 0; at < whole.length; at += 7) {
      const bytes = Uint8Array.from(whole);
      bytes[at]! ^= 1;
      store.readIdentity = () => bytes;
      await expect(make().open(), `byte ${at}`).rejects.toMatchObject({ code: 'ERR_STORE' });
    }
  });

  it('is refused where another node used it since the socket was made', async () => {
    const early = make();
    await run([]);
    await expect(early.open()).rejects.toThrow(/another node has used the store meanwhile/);
  });

  it('is refused where it is open, and can be opened later', async () => {
    const first = make();
    await first.open();
    const second = make();
    await expect(second.open()).rejects.toMatchObject({ code: 'ERR_STORE' });
    await first.persistence.close();
    await second.open();
    expect(second.persistence.incarnation).toBe(2);
  });
});

describe('damage', () => {
  const lose = (): void => {
    store.corrupt = (record) => (record.key[0] === 3 ? undefined : record);
  };

  it('takes the vote of the former self, and is told as an error', async () => {
    await run([entryOf('a', 'one'), registersOf(1, 2, 3)]);
    lose();
    const { open, faults } = make();
    expect((await open()).birth).toBe(2);
    expect(faults.map(({ code }) => code)).toEqual(['ERR_STORE']);
    store.corrupt = undefined;
    await store.close();
    expect(make().persistence).toMatchObject({ birth: 2, incarnation: 3 });
  });

  it('leaves the vote to a node that is its only voter', async () => {
    const { persistence, open } = make();
    await open();
    const contact = contactOf(persistence.identity.publicKey, {
      salt: 1,
      incarnation: 1,
      host: 'a',
      port: 1,
    });
    const configuration = { lineage: 'l', epoch: 1, members: [{ contact, birth: 1 }], ancestors: [] };
    const register = { configuration, promised: undefined, accepted: undefined, watermark: 0 };
    persistence.save(1, [
      entryOf('a', 'one'),
      { type: 'registers', registers: [{ arc: { from: 1, to: 1 }, register }], over: [] },
    ]);
    await persistence.close();
    lose();
    const next = make();
    expect((await next.open()).birth).toBe(1);
    expect(next.faults).toHaveLength(1);
  });

  it('that took everything but the identity is noticed', async () => {
    await run([entryOf('a', 'one')]);
    store.corrupt = () => undefined;
    const { open, faults } = make();
    expect(await open()).toMatchObject({ birth: 2, records: [] });
    expect(faults).toHaveLength(1);
  });

  it('that took the identity leaves the entries, and none of its promises', async () => {
    await run([entryOf('a', 'one'), registersOf(1)]);
    store.readIdentity = () => undefined;
    const { open, faults, persistence } = make();
    const { records } = await open();
    expect(persistence).toMatchObject({ birth: 1, incarnation: 1 });
    expect(records).toEqual([entryOf('a', 'one')]);
    expect(faults).toHaveLength(1);
  });
});

describe('saves', () => {
  it('of one turn are one batch, and are answered in their order', async () => {
    const { persistence, open, answers, answered } = make();
    await open();
    const before = store.batches.length;
    for (let token = 1; token <= 5; token++) persistence.save(token, [entryOf(`k${token}`, 'v')]);
    await answered(5);
    expect(answers).toEqual(['saved 1', 'saved 2', 'saved 3', 'saved 4', 'saved 5']);
    expect(store.batches.length).toBe(before + 1);
  });

  it('are not answered before the store has them, and later ones wait together', async () => {
    const { persistence, open, answers, answered } = make();
    await open();
    const before = store.batches.length;
    const gate = closeGate();
    persistence.save(1, [entryOf('a', '1')]);
    await new Promise(setImmediate);
    for (let token = 2; token <= 9; token++) persistence.save(token, [entryOf('a', String(token), token)]);
    await new Promise(setImmediate);
    expect(answers).toEqual([]);
    gate.open();
    await answered(9);
    expect(store.batches.length).toBe(before + 2);
    await persistence.close();
    expect(textsOf((await make().open()).records)).toEqual(['a=9']);
  });

  it('fail while the store takes none, and succeed when it does again', async () => {
    const { persistence, open, answers, answered, faults } = make();
    await open();
    store.failure = 'ENOSPC: no space left on device';
    persistence.save(1, [entryOf('a', '1')]);
    await answered(1);
    persistence.save(2, [entryOf('a', '2', 2)]);
    await answered(2);
    store.failure = undefined;
    persistence.save(3, [entryOf('a', '3', 3)]);
    await answered(3);
    expect(answers[0]).toMatch(/^failed 1: .*no space left on device/);
    expect(answers.slice(1)).toEqual([answers[0]!.replace('failed 1', 'failed 2'), 'saved 3']);
    // Told once, however many writes it costs.
    expect(faults.map(({ code }) => code)).toEqual(['ERR_STORE']);
  });

  it('fail at once where too much waits', async () => {
    const { persistence, open, answers, answered } = make({ queueBytes: 10_000 });
    await open();
    const gate = closeGate();
    const large = 'x'.repeat(6_000);
    for (let token = 1; token <= 3; token++) persistence.save(token, [entryOf(`k${token}`, large)]);
    await answered(2);
    expect(answers.join('; ')).toMatch(/^failed 2: more than 10000 bytes wait.*; failed 3: more than/);
    gate.open();
  });

  it('that wait are written before it closes', async () => {
    const { persistence, open } = make();
    await open();
    for (let token = 1; token <= 3; token++) persistence.save(token, [entryOf(`k${token}`, 'v')]);
    await persistence.close();
    expect(textsOf((await make().open()).records)).toEqual(['k1=v', 'k2=v', 'k3=v']);
  });
});
