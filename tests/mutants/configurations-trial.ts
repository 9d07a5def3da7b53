// Every state of a few small decisions, as in tests/sim/configuration-enumeration.test.ts: each seed is
// another case. It owns the cases; the search and its properties are in src/sim/enumerate-configurations.ts.
import type { ConfigurationEnumerationOptions } from '../../src/sim/enumerate-configurations.ts';
import { enumerateConfigurations } from '../../src/sim/enumerate-configurations.ts';
import type { Finding } from './scenes/stage.ts';

const RIVAL = { member: 1, next: [1, 2, 3], attempts: ['prepare'] } as const;
const JOINER = { member: 3, next: [3, 0, 1], attempts: ['prepare'] } as const;
const CASES: readonly ConfigurationEnumerationOptions[] = [
  { writes: 0 },
  { proposers: [RIVAL], crashes: 1, losses: true },
  { proposers: [RIVAL], restarts: 1, losses: true },
  { proposers: [RIVAL, JOINER], writes: 0 },
];

export function configurationsTrial(seed: number): Finding | undefined {
  const { property, trace } = enumerateConfigurations(CASES[seed - 1] ?? { statesMax: 0 });
  return property === undefined ? undefined : { property, detail: trace.join('; ') };
}
