// The rules of the ring alone, one atomic step after another, judged in every state; in the end the ring is
// ideal. It owns this trial; the steps and the properties are those of tests/support.
import type { RingRules, RingState } from '../../src/core/ring.ts';
import { positionsOf } from '../support/members.ts';
import { RingDriver } from '../support/ring-driver.ts';
import { isIdeal, principals, violations } from '../support/ring-properties.ts';
import type { Finding } from './scenes/stage.ts';

/** As in tests/core/ring-properties.test.ts. */
const STEPS = 150;
const PERIODS_MAX = 8;
const CASES = [2, 3, 4].flatMap((listMax) => [3, 5, 8].map((membersMax) => ({ listMax, membersMax })));

export function rulesTrial(seed: number): Finding | undefined {
  for (const { listMax, membersMax } of CASES) {
    const rules: RingRules = { listMax, size: 16 };
    const driver = new RingDriver({ seed, rules, membersMax });
    const found = unsafe(driver) ?? unsettled(driver, listMax);
    if (found !== undefined) return { ...found, detail: `${found.detail} (lists of ${listMax})` };
  }
  return undefined;
}

function unsafe(driver: RingDriver): Finding | undefined {
  let former: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const shortest = Math.min(...driver.members.map(lengthOf));
    const before = driver.members.map(({ self }) => self.position);
    driver.step();
    // A joiner's list is as long as the one it was copied from.
    const short = driver.members.find(
      (state) => !before.includes(state.self.position) && lengthOf(state) < shortest,
    );
    if (short !== undefined)
      return {
        property: 'FullSuccessorLists',
        detail: `${short.self.position} came in with ${lengthOf(short)}`,
      };
    const present = principalsOf(driver.members);
    const skipped = former.filter((member) => driver.isMember(member) && !present.includes(member));
    if (skipped.length > 0) return { property: 'SufficientPrincipals', detail: `${skipped.join()} skipped` };
    const [first] = violations(driver.members);
    const [property, detail] = first?.split(': ') ?? [];
    if (property !== undefined) return { property, detail: detail ?? '' };
    former = present;
  }
  return undefined;
}

/** A member that is alone stands for its own successor. */
function lengthOf({ successors }: RingState): number {
  return Math.max(1, successors.length);
}

function principalsOf(members: readonly RingState[]): number[] {
  return positionsOf(principals(members).map(({ self }) => self));
}

function unsettled(driver: RingDriver, listMax: number): Finding | undefined {
  for (let period = 0; period < PERIODS_MAX; period++) {
    if (isIdeal(driver.members, listMax)) return undefined;
    driver.calmPeriod();
  }
  if (isIdeal(driver.members, listMax)) return undefined;
  return { property: 'IdealAfterCalm', detail: driver.describe() };
}
