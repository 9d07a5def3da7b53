// How the store keeps entries in memory: what is taken out is what was put in, whatever moves meanwhile.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/core/entry.ts';
import { type Kept, Packer } from '../../src/core/kept.ts';
import { NumberTable } from '../../src/core/number-table.ts';

const entries: fc.Arbitrary<Entry> = fc.record({
  key: fc.string({ unit: 'binary-ascii', maxLength: 20 }),
  value: fc.option(fc.uint8Array({ maxLength: 2_000 }), { nil: undefined }),
  version: fc.string({ unit: 'binary-ascii', maxLength: 24 }),
  expiresAt: fc.nat(),
  operation: fc.string({ unit: fc.constantFrom('a', ':', 'ÿ', 'Ω'), maxLength: 300 }),
  previous: fc.string({ unit: 'binary-ascii', maxLength: 24 }),
});

describe('Packer', () => {
  it('gives back what it was given, while others come and go', () => {
    const step = fc.record({ entry: entries, position: fc.maxSafeNat(), leaves: fc.nat(3) });
    const property = fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      const packer = new Packer();
      const held: { kept: Kept; position: number; entry: Entry }[] = [];
      for (const { entry, position, leaves } of steps) {
        const place = position % 2 ** 48;
        held.push({ kept: packer.keep(place, entry), position: place, entry });
        for (let i = 0; i < leaves - 1 && held.length > 0; i++) {
          const [gone] = held.splice((position + i) % held.length, 1);
          if (gone !== undefined) packer.release(gone.kept);
        }
      }
      for (const { kept, position, entry } of held) {
        expect(kept.position).toBe(position);
        expect(kept.entry).toEqual(entry);
        expect(kept.valueBytes).toBe(entry.value?.length ?? -1);
      }
    });
    fc.assert(property, { seed: 20261126, numRuns: 30 });
  });

  it('leaves a value as it is that was taken out before its entry went', () => {
    const packer = new Packer();
    const bytes = Uint8Array.of(1, 2, 3);
    const entry = { key: 'a', value: bytes, version: '1', expiresAt: 0, operation: 'o', previous: '' };
    const kept = packer.keep(1, entry);
    const { value } = kept.entry;
    packer.release(kept);
    for (let i = 0; i < 10_000; i++) packer.release(packer.keep(1, entry));
    expect(value).toEqual(Uint8Array.of(1, 2, 3));
  });
});

describe('NumberTable', () => {
  it('holds what a Map does', () => {
    const step = fc.oneof(fc.constant(0), fc.nat(200));
    const property = fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (steps) => {
      const table = new NumberTable<string>();
      const model = new Map<number, string>();
      let last = 0;
      for (const age of steps) {
        if (age === 0) {
          // Now and then a jump, so that numbers share a slot.
          last += last % 7 === 0 ? 64 : 1;
          table.add(last, `value ${last}`);
          model.set(last, `value ${last}`);
        } else {
          expect(table.take(last - age + 1)).toBe(model.get(last - age + 1));
          model.delete(last - age + 1);
        }
        expect(table.get(last)).toBe(model.get(last));
      }
      expect(table.size).toBe(model.size);
      expect(table.entries()).toEqual([...model]);
    });
    fc.assert(property, { seed: 20261126 });
  });
});
