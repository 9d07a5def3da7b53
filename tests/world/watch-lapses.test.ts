// What a watch tells of entries whose time was over when they were written anew, before their owner had
// deleted them: their end, once, and before what came next, whoever tells it.
import { describe, expect, it } from 'vitest';
import type { Operation } from '../../src/core/message.ts';
import { keyPosition } from '../../src/core/position.ts';
import { Watch, type WatchEvent } from '../../src/node/watch.ts';
import { simulationHash } from '../../src/sim/hash.ts';
import { at, operate, succeed } from '../support/rings.ts';
import { WatchedRing } from '../support/watched-ring.ts';

const KEY = 'lock';
const POSITION = keyPosition(simulationHash, new TextEncoder().encode(KEY), 32);

interface Listener {
  readonly watch: Watch;
  readonly told: WatchEvent[];
}

async function listen(
  ring: WatchedRing,
  what: string | { readonly prefix: string } = KEY,
  since?: string,
): Promise<Listener> {
  const watch = new Watch(ring.runner, what, since === undefined ? undefined : { since });
  await ring.ready(watch);
  const told: WatchEvent[] = [];
  void (async () => {
    for await (const event of watch) told.push(event);
  })();
  return { watch, told };
}

function write(ring: WatchedRing, value: string, ttlMs = 0, ifAbsent = false): void {
  const operation: Operation = {
    type: 'set',
    value: new TextEncoder().encode(value),
    ttlMs,
    ifAbsent,
    ifVersion: '',
  };
  const { result } = operate(ring.world, at(ring.members, 0), KEY, operation);
  expect(result.type).toBe('stored');
}

/** The lock is taken, its time passes, and somebody else takes it. */
async function takeTwice(ring: WatchedRing): Promise<void> {
  write(ring, '1', 50);
  await ring.run(55);
  write(ring, '2', 0, true);
  await ring.run(500);
}

function words(told: readonly WatchEvent[]): string[] {
  return told.map(({ type, value }) => (value === undefined ? type : `${type} ${String(value)}`));
}

describe('a watch of an entry that was over when the next one came', () => {
  it.each([
    ['of the key', KEY],
    ['of a prefix', { prefix: 'lo' }],
  ])('tells its end before that one (%s)', async (_name, what) => {
    const ring = new WatchedRing();
    const { watch, told } = await listen(ring, what);
    await takeTwice(ring);
    expect(words(told)).toEqual(['set 1', 'expire', 'set 2']);
    const versions = told.map(({ version }) => version);
    expect(versions).toEqual([...new Set(versions)].toSorted());
    await watch.return();
  });

  it('goes on behind each of its versions', async () => {
    const ring = new WatchedRing();
    const { watch, told } = await listen(ring);
    await takeTwice(ring);
    expect(told).toHaveLength(3);
    for (const [i, { version }] of told.entries()) {
      const later = await listen(ring, KEY, version);
      await ring.run(200);
      expect(later.told, `behind event ${i}`).toEqual(told.slice(i + 1));
      await later.watch.return();
    }
    await watch.return();
  });

  it.each(['left', 'died'])(
    'tells it once, and so does the next owner when the first has %s',
    async (how) => {
      const ring = new WatchedRing();
      write(ring, '0');
      const first = await listen(ring);
      await takeTwice(ring);
      const told = [...first.told];
      const owner = ring.members.find(({ machine }) => machine.servesAt(POSITION));
      if (owner === undefined) throw new Error('somebody serves it');
      if (how === 'left') succeed(ring.world.settle(owner, { type: 'leave' }));
      else ring.world.crash(owner);
      await ring.run(5_000);
      const second = await listen(ring, KEY, told[0]?.version);
      await ring.run(1_000);
      expect(words(first.told)).toEqual(['set 1', 'expire', 'set 2']);
      expect(second.told).toEqual(told.slice(1));
      for (const { watch } of [first, second]) await watch.return();
    },
  );

  it('tells it of each in a row', async () => {
    const ring = new WatchedRing();
    const { watch, told } = await listen(ring);
    for (const value of ['1', '2', '3']) {
      write(ring, value, 20, true);
      await ring.run(25);
    }
    await ring.run(5_000);
    expect(words(told)).toEqual(['set 1', 'expire', 'set 2', 'expire', 'set 3', 'expire']);
    await watch.return();
  });

  it('tells no second end where its owner had deleted it', async () => {
    const ring = new WatchedRing();
    const { watch, told } = await listen(ring);
    write(ring, '1', 50);
    await ring.run(5_000);
    write(ring, '2', 0, true);
    await ring.run(500);
    expect(words(told)).toEqual(['set 1', 'expire', 'set 2']);
    await watch.return();
  });

  it('tells none where it was written anew in time, or counted on', async () => {
    const ring = new WatchedRing();
    const { watch, told } = await listen(ring);
    write(ring, '1', 10_000);
    await ring.run(55);
    write(ring, '2', 10_000);
    operate(ring.world, at(ring.members, 0), KEY, { type: 'increment', by: 1 });
    await ring.run(500);
    expect(words(told)).toEqual(['set 1', 'set 2', 'set 3']);
    await watch.return();
  });
});
