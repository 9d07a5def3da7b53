// `for await` over all keys while members join and leave, on real sockets over the in-process network;
// `npm run iterate` does it with 100,000 entries, and `npm run walks` in virtual time.
import { expect, it } from 'vitest';
import { iterateUnderChurn } from '../support/iteration.ts';

it('gives each key that lived throughout exactly once while members join and leave', async () => {
  const { joins, leaves, missing, twice } = await iterateUnderChurn(4_000);
  expect({ missing, twice }).toEqual({ missing: 0, twice: 0 });
  expect(joins).toBeGreaterThanOrEqual(3);
  expect(leaves).toBeGreaterThanOrEqual(3);
}, 90_000);
