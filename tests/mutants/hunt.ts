// Hunt: tries seeds until a property does not hold. It runs as a process of its own, in a folder where a
// mutant may have been planted: `node hunt.js swarm|steady|rules <seeds> <minutes>`, and tells its parent
// of every seed that begins and of the end. It owns the order of trials and the budget of a run; the
// properties are those of the simulator and of the rules.
import type { RingRules, RingState } from '../../src/core/ring.ts';
import { runSteady } from '../../src/sim/steady.ts';
import { runSwarm } from '../../src/sim/swarm.ts';
import { positionsOf } from '../support/members.ts';
import { RingDriver } from '../support/ring-driver.ts';
import { isIdeal, principals, violations } from '../support/ring-properties.ts';

/** What a hunt prints, a line of JSON each. */
export type HuntLine =
  | { readonly type: 'seed'; readonly seed: number }
  | { readonly type: 'end'; readonly seed: number; readonly property: string; readonly detail: string }
  | { readonly type: 'clean' };

interface Finding {
  readonly property: string;
  readonly detail: string;
}

/** Ten times what the busiest of the first thousand seeds needs in a minute, with its calm. */
const EVENTS_MAX_A_MINUTE = 500_000;
/** As in tests/core/ring-properties.test.ts. */
const STEPS = 150;
const PERIODS_MAX = 8;
const CASES = [2, 3, 4].flatMap((listMax) => [3, 5, 8].map((membersMax) => ({ listMax, membersMax })));

function hunt(trial: (seed: number) => Finding | undefined, seeds: number): void {
  for (let seed = 1; seed <= seeds; seed++) {
    tell({ type: 'seed', seed });
    const found = attempt(trial, seed);
    if (found !== undefined) return tell({ type: 'end', seed, ...found });
  }
  tell({ type: 'clean' });
}

function attempt(trial: (seed: number) => Finding | undefined, seed: number): Finding | undefined {
  try {
    return trial(seed);
  } catch (error) {
    return { property: 'NoException', detail: String(error) };
  }
}

function swarmTrial(seed: number, minutes: number): Finding | undefined {
  const { violation, events } = runSwarm(seed, minutes, { judged: 'ring' });
  if (violation !== undefined) return violation;
  if (events <= EVENTS_MAX_A_MINUTE * (minutes + 1)) return undefined;
  return { property: 'EventBudget', detail: `${events} events` };
}

/** The rules alone, one atomic step after another, judged in every state; in the end the ring is ideal. */
function rulesTrial(seed: number): Finding | undefined {
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

function tell(line: HuntLine): void {
  console.log(JSON.stringify(line));
}

const [kind, seeds, minutes] = process.argv.slice(2);
if (kind === 'rules') hunt(rulesTrial, Number(seeds));
else if (kind === 'steady') hunt(runSteady, Number(seeds));
else hunt((seed) => swarmTrial(seed, Number(minutes)), Number(seeds));
