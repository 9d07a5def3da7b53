// Processes that keep their entries on disk: killed one after another under load, then all at once, they have
// everything that they acknowledged. The long form is `npm run durable-soak`.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DurableRing } from '../support/durable-ring.ts';
import { buildProject } from '../support/processes.ts';

let ring: DurableRing | undefined;

beforeAll(() => buildProject(), 120_000);

afterEach(async () => {
  await ring?.close();
  ring = undefined;
});

describe('five durable processes', () => {
  it('have every acknowledged entry and deletion after each was killed, and all at once', async () => {
    ring = new DurableRing();
    await ring.start();
    const { complaints, figures } = await ring.round();
    expect(complaints).toEqual([]);
    expect(figures.acknowledged).toBeGreaterThan(100);
    expect(figures.deletes).toBeGreaterThan(10);
  }, 180_000);
});
