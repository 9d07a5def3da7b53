// Unserved: how long an arc has been taken over, however often that began.
import { expect, test } from 'vitest';
import { Unserved } from '../../src/core/unserved.ts';

test('a takeover that begins again has lasted since the first of any part', () => {
  const unserved = new Unserved(2 ** 16);
  expect(unserved.since({ from: 0, to: 100 }, 5)).toBe(5);
  expect(unserved.since({ from: 50, to: 150 }, 9)).toBe(5);
  expect(unserved.since({ from: 100, to: 150 }, 12)).toBe(9);
  expect(unserved.since({ from: 200, to: 300 }, 12)).toBe(12);
});

test('what is served begins anew, the rest does not', () => {
  const unserved = new Unserved(2 ** 16);
  unserved.since({ from: 0, to: 100 }, 5);
  unserved.forget({ from: 0, to: 60 });
  expect(unserved.since({ from: 0, to: 60 }, 20)).toBe(20);
  expect(unserved.since({ from: 0, to: 100 }, 30)).toBe(5);
});
