// A durable copy counts for who compares it with what its disk does not hold yet.
import { expect, test } from 'vitest';
import { World } from '../../src/sim/world.ts';
import { joinAt, K, keyIn } from '../support/placed.ts';

test('a summary speaks of what is written down', () => {
  const world = new World({ seed: 1, k: K, disks: {} });
  const first = joinAt(world, 0);
  const copy = joinAt(world, 100, first);
  world.run(3_000);
  const key = keyIn(120, 250);
  copy.disk!.faults.stalls = 1;
  copy.disk!.faults.stallMs = 1e6;
  const entry = {
    key,
    value: new Uint8Array(1),
    version: '018bcfe568560000915843f026',
    expiresAt: 0,
    operation: '',
    previous: '',
  };
  const arc = { from: 110, to: 255 };
  const base = { lineage: 'none', epoch: 1 };
  let summary: unknown;
  let copied = false;
  world.onMessage = (from, to, { direction, number, body }) => {
    if (from !== copy || to !== first || direction !== 'reply') return;
    if (number === 1e9) copied = true;
    if (number === 1e9 + 1) summary = body;
  };
  const ask = (number: number, body: object): void =>
    copy.machine.handleMessage(world.now, first.machine.self.id, {
      direction: 'request',
      number,
      body,
    } as never);
  ask(1e9, { type: 'copy', arc, base, entries: [entry], past: false });
  ask(1e9 + 1, { type: 'summarise', arc, parts: 1, past: false });
  world.run(500);
  expect(copied).toBe(false);
  world.crash(copy, true);
  world.restart(copy, copy.machine.self.salt);
  // It votes as the one that was compared.
  expect(copy.birth).toBe(1);
  const held = [...copy.machine.held()].some((one) => one.entry.key === key);
  expect({ summary, held }).toEqual({ summary: undefined, held: false });
});
