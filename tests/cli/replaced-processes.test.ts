// Members that go and come while programs use the ring: all of them replaced by empty ones, and one that is
// back under its identity before it was missed. Nothing is lost, and nobody is there twice.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChordSocket } from '../../src/index.ts';
import { ProcessRing } from '../support/process-ring.ts';
import { buildProject } from '../support/processes.ts';
import { RecordedClients } from '../support/recorded-clients.ts';

const MEMBERS = 5;
const PROGRAMS = 4;
const KEYS = Array.from({ length: 300 }, (_, i) => `kept ${i}`);

let ring: ProcessRing;
let folder: string;

beforeAll(() => buildProject(), 120_000);

beforeEach(() => {
  ring = new ProcessRing();
  folder = mkdtempSync(join(tmpdir(), 'chord-replaced-'));
});

afterEach(async () => {
  await ring.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Does something to the ring while programs use it, and judges what they saw. */
async function underLoad(act: () => Promise<void>): Promise<void> {
  const writer = await ring.client();
  await writer.update(KEYS.map((key) => [key, `value of ${key}`] as const));
  const clients = await Promise.all(Array.from({ length: PROGRAMS }, () => ring.client()));
  const programs = new RecordedClients(clients, 1);
  ring.onDegraded = () => programs.force();
  programs.start();
  try {
    await act();
  } finally {
    await programs.stop();
  }
  const { findings, undecided, shareKnown, forced } = await programs.judge(await ring.client());
  expect({ findings, undecided, forced }).toEqual({ findings: [], undecided: 0, forced: 0 });
  expect(shareKnown).toBeGreaterThanOrEqual(0.8);
  // Through a client that was there before, and through one that knows only those that are there now.
  for (const reader of [writer, await ring.client()]) expect(await missing(reader)).toEqual([]);
}

async function missing(client: ChordSocket): Promise<string[]> {
  const values = await Promise.all(KEYS.map((key) => client.get(key, undefined, { timeoutMs: 15_000 })));
  return KEYS.filter((key, i) => values[i]?.toString() !== `value of ${key}`);
}

async function memberIds(): Promise<string[]> {
  const client = await ring.client();
  return (await client.ring()).map(({ id }) => id).toSorted();
}

describe('a ring of five processes under load', () => {
  it('loses nothing when all are killed and replaced by empty ones, one after another', async () => {
    await ring.start(MEMBERS);
    const former = await memberIds();
    await underLoad(async () => {
      for (let i = 0; i < MEMBERS; i++) {
        await ring.kill(0);
        ring.nodes.shift();
        await ring.add();
        await ring.whole(MEMBERS);
      }
    });
    const present = await memberIds();
    expect(present).toHaveLength(MEMBERS);
    expect(present.filter((id) => former.includes(id))).toEqual([]);
  }, 120_000);

  it.each([
    ['with its records', false],
    ['without its records', true],
  ])(
    'takes one back under its identity at once, %s',
    async (_how, erased) => {
      const data = join(folder, 'node');
      await ring.start(MEMBERS, (index) => (index === 2 ? ['--data', data] : []));
      const before = await memberIds();
      await underLoad(async () => {
        const former = await ring.kill(2);
        if (erased) eraseRecords(data);
        const back = await ring.restart(2, ['--data', data]);
        expect(back.ready.id).toBe(former.ready.id);
        await ring.whole(MEMBERS);
      });
      expect(await memberIds()).toEqual(before);
    },
    90_000,
  );
});

/** Everything but who the node is. */
function eraseRecords(data: string): void {
  for (const name of readdirSync(data)) {
    if (name !== 'node.json') rmSync(join(data, name), { recursive: true });
  }
}
