// Every state of small decisions: under the shipped rules an epoch gets one successor, no majority serves
// what is over, and nothing acknowledged is lost; each planted fault breaks one of these, so that the search
// is seen to find it.
// The larger bounds are run by scripts/enumerate-configurations.mjs.
import { describe, expect, it } from 'vitest';
import type { Planted } from '../../src/sim/configuration-model.ts';
import type {
  ConfigurationEnumerationOptions,
  ConfigurationProperty,
} from '../../src/sim/enumerate-configurations.ts';
import { enumerateConfigurations } from '../../src/sim/enumerate-configurations.ts';

const OWNER = { member: 0, next: [0, 2, 3], attempts: ['owner'] } as const;
const RIVAL = { member: 1, next: [1, 2, 3], attempts: ['prepare'] } as const;
const FAR = { member: 1, next: [1, 3, 4], attempts: ['prepare'] } as const;
const AGAIN = { ...RIVAL, next: [1, 0, 2] } as const;
/** Some take seconds, on a busy machine more. */
const TIMEOUT_MS = 120_000;

type Case = readonly [name: string, options: ConfigurationEnumerationOptions];

const CLEAN: readonly Case[] = [
  ['an owner and a rival', { writes: 0 }],
  ['an owner and its writes', { proposers: [OWNER], writes: 2, losses: true }],
  ['a rival and a crash', { proposers: [RIVAL], crashes: 1, losses: true }],
  ['a rival and a lost memory', { proposers: [RIVAL], restarts: 1, losses: true }],
  ['an owner and an arc that is cut', { proposers: [OWNER], positions: 2, writes: 2 }],
  ['a rival, and holders that are let go', { members: 5, proposers: [FAR], releases: true, losses: true }],
];

const FAULTS: readonly (readonly [Planted, ConfigurationProperty, ConfigurationEnumerationOptions])[] = [
  ['accept-unpromised', 'OneSuccessor', { writes: 0 }],
  ['serve-on', 'OneServes', {}],
  ['collect-from-fewer', 'NothingLost', { proposers: [RIVAL] }],
  ['vote-in-another-life', 'OneServes', { restarts: 1 }],
  ['read-another-life', 'NothingLost', { proposers: [RIVAL], restarts: 1 }],
  ['forget-the-past', 'OneServes', { members: 5, proposers: [FAR], releases: true }],
  ['ballot-again', 'OneSuccessor', { proposers: [RIVAL, AGAIN], writes: 0, losses: true }],
];

describe('the shipped rules', { timeout: TIMEOUT_MS }, () => {
  it.each(CLEAN)('keep every property in every state: %s', (_, options) => {
    const { property, trace, complete, decided, states } = enumerateConfigurations(options);
    expect([property, ...trace]).toEqual([undefined]);
    expect(complete).toBe(true);
    expect(decided).toBeGreaterThan(1);
    expect(states).toBeGreaterThan(100);
    console.log(`${states} states`);
  });
});

describe('a planted fault', { timeout: TIMEOUT_MS }, () => {
  it.each(FAULTS)('is found: %s breaks %s', (planted, property, options) => {
    const found = enumerateConfigurations({ ...options, planted });
    expect([found.property, found.trace.length > 3]).toEqual([property, true]);
    expect(found.trace).not.toContain('no step leads on');
  });
});

describe('the search', () => {
  it('says when it ended before the last state', () => {
    const { complete, states } = enumerateConfigurations({ statesMax: 1_000 });
    expect(complete).toBe(false);
    expect(states).toBeLessThan(1_100);
  });
});
