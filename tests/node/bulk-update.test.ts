// update(): what a source may be, which write wins, and the account of failures. The owner is a plain Map
// here.
import { setImmediate as turn } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/core/command.ts';
import { updateAll } from '../../src/node/bulk-update.ts';
import type { Call } from '../../src/node/call-options.ts';
import { Dictionary } from '../../src/node/dictionary.ts';
import { ChordError } from '../../src/node/errors.ts';
import { parseLimits } from '../../src/node/limits.ts';
import type { Runner } from '../../src/node/runner.ts';
import { createCluster } from '../../src/testing/index.ts';

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

const OPEN = new AbortController().signal;

function update(
  source: unknown,
  runner: MapRunner,
  call: Partial<Call> = {},
  closed: AbortSignal = OPEN,
): Promise<{ stored: number }> {
  const target = { dictionary: new Dictionary(runner), limits: runner.limits, closed };
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
    ['an object of class Promise: await it first', Promise.resolve({ a: '1' })],
    ['an object of class Date', new Date(0)],
    ['an object of class ArrayBuffer', new ArrayBuffer(2)],
    [
      'an object of class Hidden',
      new (class Hidden {
        readonly #a = '1';
        get a(): string {
          return this.#a;
        }
      })(),
    ],
  ])('what holds its entries elsewhere is refused, as %s', async (name, source) => {
    await expect(update(source, new MapRunner())).rejects.toThrow(new RegExp(`^update takes .*got ${name}`));
  });

  it('an object may have a class, or be empty', async () => {
    const runner = new MapRunner();
    class Settings {
      readonly host = 'a.example';
    }
    expect(await update(new Settings(), runner)).toEqual({ stored: 1 });
    for (const empty of [{}, Object.create(null), runInNewContext('({})')]) {
      expect(await update(empty, runner)).toEqual({ stored: 0 });
    }
    expect([...runner.stored]).toEqual([['host', 'a.example']]);
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

describe('what is stored is what was given', () => {
  it('where buffers change as soon as update has returned', async () => {
    const runner = new MapRunner();
    const [key, value] = [Buffer.from('key'), Buffer.from('value')];
    const updates = [
      update({ first: 'text', object: value }, runner),
      update(
        [
          ['second', 'text'],
          [key, value],
        ],
        runner,
      ),
    ];
    key.fill('x');
    value.fill('x');
    await Promise.all(updates);
    expect(Object.fromEntries(runner.stored)).toEqual({
      first: 'text',
      object: 'value',
      second: 'text',
      key: 'value',
    });
  });

  it('where a stream uses one buffer for all its values', async () => {
    const runner = new MapRunner();
    async function* source(): AsyncGenerator {
      const value = Buffer.alloc(1);
      for (const text of ['1', '2', '3']) {
        value.write(text);
        yield [`key ${text}`, value];
      }
    }
    await update(source(), runner);
    expect([...runner.stored.values()]).toEqual(['1', '2', '3']);
  });

  it('where a value was too large and has become smaller', async () => {
    const runner = new MapRunner();
    const value = new Uint8Array(runner.limits.valueBytes + 1);
    const updating = update({ a: value }, runner);
    structuredClone(value, { transfer: [value.buffer] });
    await expect(updating).rejects.toMatchObject({ code: 'ERR_VALUE_TOO_LARGE' });
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

it.each([1, 2, 4, 63])('keeps within inFlight: %i', async (inFlight) => {
  const cluster = await createCluster(1, { transport: 'memory', limits: { inFlight } });
  try {
    const [sock] = cluster.nodes;
    const pairs = Array.from({ length: 200 }, (_, i) => [`key ${i}`, 'v'] as const);
    expect(await sock!.update(pairs)).toEqual({ stored: 200 });
  } finally {
    await cluster.close();
  }
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

/** A stream that gives one pair and never another; neither does its `return` end. */
class SilentSource implements AsyncIterableIterator<unknown> {
  readonly asked: Promise<void>;
  returns = 0;
  #given = false;
  #tellAsked: () => void = () => {};

  constructor() {
    this.asked = new Promise((resolve) => {
      this.#tellAsked = resolve;
    });
  }

  async next(): Promise<IteratorResult<unknown>> {
    if (!this.#given) {
      this.#given = true;
      return { done: false, value: ['a', '1'] };
    }
    this.#tellAsked();
    return new Promise(() => {});
  }

  return(): Promise<IteratorResult<unknown>> {
    this.returns += 1;
    return new Promise(() => {});
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

describe('an abort', () => {
  it('stops with its reason, and leaves what was stored', async () => {
    const runner = new MapRunner();
    const controller = new AbortController();
    const reason = new Error('enough');
    async function* source(): AsyncGenerator {
      yield ['a', '1'];
      while (!runner.stored.has('a')) await turn();
      controller.abort(reason);
      yield ['b', '2'];
    }
    await expect(update(source(), runner, { signal: controller.signal })).rejects.toBe(reason);
    expect([...runner.stored.keys()]).toEqual(['a']);
  });

  it('rejects at once while the source waits, and ends the source without waiting for it', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const source = new SilentSource();
    const updating = update(source, new MapRunner(), { signal: controller.signal });
    await source.asked;
    controller.abort(reason);
    await expect(updating).rejects.toBe(reason);
    expect(source.returns).toBe(1);
  });

  it('after the last pair, when writes are under way, is no success', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    async function* source(): AsyncGenerator {
      yield ['a', '1'];
      controller.abort(reason);
    }
    await expect(update(source(), new MapRunner(), { signal: controller.signal })).rejects.toBe(reason);
  });

  it('rejects an update of what is in memory while its writes are under way', async () => {
    const controller = new AbortController();
    const runner = new MapRunner();
    const updating = update({ a: '1' }, runner, { signal: controller.signal });
    controller.abort();
    await expect(updating).rejects.toBe(controller.signal.reason);
    expect(runner.stored.size).toBe(0);
  });
});

describe('misuse in a stream', () => {
  it('ends the source without waiting for it', async () => {
    const source = new SilentSource();
    source.next = async () => ({ done: false, value: 'no pair' });
    await expect(update(source, new MapRunner())).rejects.toThrow(TypeError);
    expect(source.returns).toBe(1);
  });
});

describe('a socket that is closed', () => {
  it('rejects updates whose sources wait, of views too, and one that begins then', async () => {
    const cluster = await createCluster(1, { transport: 'memory' });
    try {
      const [sock] = cluster.nodes;
      const sources = [new SilentSource(), new SilentSource()] as const;
      const [first, second] = sources.map((source) => source as unknown as AsyncIterable<[string, Buffer]>);
      const updating = [sock!.map({ valueEncoding: 'utf8' }).update(first as never), sock!.update(second!)];
      const closed = updating.map((one) => expect(one).rejects.toMatchObject({ code: 'ERR_CLOSED' }));
      await Promise.all(sources.map(({ asked }) => asked));
      await sock!.close();
      await Promise.all(closed);
      expect(sources.map(({ returns }) => returns)).toEqual([1, 1]);
      await expect(sock!.update({})).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    } finally {
      await cluster.close();
    }
  });
});
