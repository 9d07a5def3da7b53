// Two of three `chord node` processes killed at once: what the third answers, by what it was told to do
// without a majority.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildProject, type NodeProcess } from '../support/processes.ts';
import { ProcessRing } from '../support/process-ring.ts';

const PATIENCE = { timeout: 30_000, interval: 100 };

let ring = new ProcessRing();

beforeAll(() => buildProject(), 120_000);

afterEach(async () => {
  await ring.close();
  ring = new ProcessRing();
});

/** The survivor of three, with an entry that all three held; `degraded` fills with what it says of a loss. */
async function loneSurvivor(what: 'heal' | 'refuse', degraded: string[]): Promise<NodeProcess> {
  ring.onDegraded = (line) => degraded.push(line);
  await ring.start(3, () => ['--on-quorum-lost', what]);
  const survivor = ring.at(0);
  const set = await ring.processes.run(['set', 'color', 'blue', '--connect', survivor.address]);
  expect(set).toMatchObject({ code: 0 });
  await Promise.all([ring.kill(1), ring.kill(2)]);
  return survivor;
}

describe('chord node without a majority', () => {
  it('answers ERR_QUORUM with --on-quorum-lost refuse, and tells of no loss', async () => {
    const degraded: string[] = [];
    const { address } = await loneSurvivor('refuse', degraded);
    const [, ...killed] = ring.nodes.map((node) => node.address);
    // Until the dead are given up, a request to them may still be timing out.
    await expect
      .poll(() => ring.processes.run(['get', 'color', '--connect', address]), PATIENCE)
      .toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('ERR_QUORUM: ') as string });
    const set = await ring.processes.run(['set', 'color', 'red', '--connect', address]);
    expect(set.stderr).toContain('ERR_QUORUM: ');
    // Which machines have to be brought back.
    for (const one of killed) expect(set.stderr).toContain(one);
    expect(degraded).toEqual([]);
  }, 90_000);

  it('goes on with --on-quorum-lost heal, and says so', async () => {
    const degraded: string[] = [];
    const { address } = await loneSurvivor('heal', degraded);
    await expect
      .poll(() => ring.processes.run(['get', 'color', '--connect', address]), PATIENCE)
      .toMatchObject({ code: 0, stdout: 'blue' });
    await expect.poll(() => degraded.length, PATIENCE).toBeGreaterThan(0);
  }, 90_000);
});
