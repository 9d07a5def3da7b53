// Conditions under losses: eight programs use a ring of five processes while members are killed and started
// again, one after the other. It owns the order of that; what the programs do and how they are judged is in
// recorded-clients.ts.
import type { ProcessRing } from './process-ring.ts';
import { RecordedClients, type RecordedResult } from './recorded-clients.ts';

const MEMBERS = 5;
const PROGRAMS = 8;

/** A fresh ring: `losses` members are killed in turn, each back as an empty one before the next goes. */
export async function conditionsUnderLosses(
  ring: ProcessRing,
  seed: number,
  losses: number,
): Promise<RecordedResult> {
  await ring.start(MEMBERS);
  const clients = await Promise.all(Array.from({ length: PROGRAMS }, () => ring.client()));
  const programs = new RecordedClients(clients, seed);
  ring.onDegraded = () => programs.force();
  programs.start();
  try {
    for (let i = 0; i < losses; i++) {
      const index = (i + seed) % MEMBERS;
      await ring.kill(index);
      await ring.restart(index);
      await ring.whole();
    }
  } finally {
    await programs.stop();
  }
  return programs.judge(await ring.client());
}
