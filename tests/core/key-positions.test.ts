// The memory of where keys belong: never another answer than the hash's, fewer hashes, and bounded.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromKey, toKey } from '../../src/core/bytes.ts';
import { KeyPositions } from '../../src/core/key-positions.ts';
import { keyPosition } from '../../src/core/position.ts';
import { simulationHash } from '../../src/sim/hash.ts';

const K = 32;

/** Counts what is hashed. */
function counted(): { positions: KeyPositions; hashes: () => number } {
  let count = 0;
  const positions = new KeyPositions((bytes) => {
    count += 1;
    return simulationHash(bytes);
  }, K);
  return { positions, hashes: () => count };
}

describe('the positions of keys', () => {
  it('are those of their hashes, whatever was asked for before', () => {
    const { positions } = counted();
    const key = fc.uint8Array({ maxLength: 200 }).map(toKey);
    fc.assert(
      fc.property(fc.array(key, { maxLength: 20 }), (keys) => {
        for (const each of [...keys, ...keys])
          expect(positions.of(each)).toBe(keyPosition(simulationHash, fromKey(each), K));
      }),
    );
    // More than are remembered, and all over again.
    for (const i of Array.from({ length: 20_000 }, (_, n) => n % 10_000))
      expect(positions.of(`key ${i}`)).toBe(keyPosition(simulationHash, fromKey(`key ${i}`), K));
  });

  it('cost one hash for a key that is used again', () => {
    const { positions, hashes } = counted();
    for (let i = 0; i < 1_000; i++) positions.of(`hot ${i % 4}`);
    expect(hashes()).toBe(4);
  });

  it('are forgotten for those of other keys, and never remembered of long ones', () => {
    const { positions, hashes } = counted();
    for (let round = 0; round < 2; round++) for (let i = 0; i < 100_000; i++) positions.of(`key ${i}`);
    expect(hashes()).toBeGreaterThan(190_000);
    const before = hashes();
    for (let i = 0; i < 10; i++) positions.of('x'.repeat(129));
    expect(hashes()).toBe(before + 10);
  });
});
