// update(): what a source may be, which write wins, and the account of failures. The owner is a plain Map
// here.
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/core/command.ts';
import { updateAll } from '../../src/node/bulk-update.ts';
import type { Call } from '../../src/node/call-options.ts';
import { Dictionary } from '../../src/node/dictionary.ts';
import { ChordError } from '../../src/node/errors.ts';
import { parseLimits } from '../../src/node/limits.ts';
import type { Runner } from '../../src/node/runner.ts';

/** Answers writes in later turns, the first of two to one key more slowly than the second. */
class MapRunner implements Runner {
  readonly defaults = { consistency: 'quorum', timeoutMs: 1_000 } as const;
  readonly limits = parseLimits({ keyBytes: 16 });
  readonly stored = new Map<string, string>();
  readonly failing = new Set<string>();
  underWay = 0;
  mostUnderWay = 0;

  async run<Result>(command: Command): Promise<Result> {
    if (command.type !== 'operate' || command.operation.type !== 'set') throw new Error('only sets here');
    const { key, operation } = command;
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    for (let turns = this.stored.has(key) ? 1 : 5; turns > 0; turns--) await turn();
    this.underWay -= 1;
    if (this.failing.has(key)) throw new ChordError('ERR_QUORUM', `no majority for ${key}`);
    this.stored.set(key, Buffer.from(operation.value).toString());
    return { result: { type: 'stored', version: '1', replicaRequests: 2 } } as Result;
  }
}

function update(source: unknown, runner: MapRunner, call: Partial<Call> = {}): Promise<{ stored: number }> {
  const target = { dictionary: new Dictionary(runner), limits: runner.limits };
  return updateAll(source, { ...runner.defaults, signal: undefined, ...call }, target);
}

async function* stream(pairs: Iterable<unknown>): AsyncGenerator {
  yield* pairs;
}

it('names the key of a value that is none', async () => {
  await expect(update({ a: '1', b: 5 }, new MapRunner())).rejects.toThrow(/got number \(key "b"\)/);
});

describe('sources', () => {
  const pairs: [string, string][] = [
    ['a', '1'],
    ['b', '2'],
  ];

  it.each<[string, () => unknown]>([
    ['an object', () => ({ a: '1', b: '2' })],
    ['a Map', () => new Map(pairs)],
    ['a list of pairs', () => pairs],
    ['a generator', () => pairs.values()],
    ['an asynchronous iterable', () => stream(pairs)],
  ])('%s', async (_name, source) => {
    const runner = new MapRunner();
    expect(await update(source(), runner)).toEqual({ stored: 2 });
    expect([...runner.stored]).toEqual(pairs);
  });

  it.each([5, 'ab', undefined, null])('%j is refused', async (source) => {
    await expect(update(source, new MapRunner())).rejects.toThrow(TypeError);
  });

  it.each<[string, unknown]>([
    ['a value that is a number', { a: '1', b: 2 }],
    ['a pair that is none', [['a', '1'], ['b']]],
    ['an ill-formed key', { a: '1', '\ud800': '2' }],
  ])('with %s store nothing', async (_name, source) => {
    const runner = new MapRunner();
    await expect(update(source, runner)).rejects.toThrow(TypeError);
    expect(runner.stored.size).toBe(0);
  });
});

describe('of duplicate keys the last wins', () => {
  const duplicates: [string | Uint8Array, string][] = [
    ['a', 'first'],
    ['b', 'other'],
    [Buffer.from('a'), 'last'],
  ];

  it.each<[string, () => unknown]>([
    ['in a list', () => duplicates],
    ['in a stream', () => stream(duplicates)],
  ])('%s', async (_name, source) => {
    const runner = new MapRunner();
    expect(await update(source(), runner)).toEqual({ stored: 2 });
    expect(runner.stored.get('a')).toBe('last');
  });
});

it('keeps 64 writes under way and no more', async () => {
  const runner = new MapRunner();
  const pairs = Array.from({ length: 500 }, (_, i) => [`key ${i}`, 'v'] as const);
  expect(await update(stream(pairs), runner)).toEqual({ stored: 500 });
  expect(runner.mostUnderWay).toBe(64);
});

describe('failures', () => {
  it('leave the other keys stored and are listed by the keys that were given', async () => {
    const runner = new MapRunner();
    runner.failing.add('b');
    const given = Buffer.from('b');
    const error = await update(
      [
        ['a', '1'],
        [given, '2'],
        ['c', '3'],
      ],
      runner,
    ).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ChordError);
    expect(error).toMatchObject({ code: 'ERR_QUORUM', message: expect.stringContaining('1 of 3') as string });
    expect((error as ChordError).failed).toEqual(
      new Map([[given, expect.objectContaining({ code: 'ERR_QUORUM' })]]),
    );
    expect([...runner.stored.keys()]).toEqual(['a', 'c']);
  });

  it('of a key that was stored in the end do not count', async () => {
    const runner = new MapRunner();
    const long = 'x'.repeat(17);
    const pairs = [
      ['b', Buffer.alloc(runner.limits.valueBytes + 1)],
      ['b', '2'],
      [long, '3'],
    ];
    const error = await update(stream(pairs), runner).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_KEY_TOO_LARGE' });
    expect([...((error as ChordError).failed?.keys() ?? [])]).toEqual([long]);
    expect(runner.stored.get('b')).toBe('2');
  });

  it('of a key that is too large are one of several, and nothing is sent for it', async () => {
    const runner = new MapRunner();
    const long = 'x'.repeat(17);
    const error = await update({ [long]: '1', a: '2' }, runner).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_KEY_TOO_LARGE' });
    expect([...((error as ChordError).failed?.keys() ?? [])]).toEqual([long]);
    expect(runner.stored.get('a')).toBe('2');
  });

  it('of the source itself reject with its error', async () => {
    const broken = new Error('the file ended early');
    async function* source(): AsyncGenerator {
      yield ['a', '1'];
      throw broken;
    }
    await expect(update(source(), new MapRunner())).rejects.toBe(broken);
  });
});

it('stops with the reason of an abort, and leaves what was stored', async () => {
  const runner = new MapRunner();
  const controller = new AbortController();
  const reason = new Error('enough');
  async function* source(): AsyncGenerator {
    yield ['a', '1'];
    controller.abort(reason);
    yield ['b', '2'];
  }
  await expect(update(source(), runner, { signal: controller.signal })).rejects.toBe(reason);
  expect([...runner.stored.keys()]).toEqual(['a']);
});
