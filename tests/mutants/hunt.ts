// Hunt: tries seeds until a property does not hold. It runs as a process of its own, in a folder where a
// mutant may have been planted: `node hunt.js <trial> <seeds> <minutes>`, and tells its parent of every seed
// that begins and of the end. It owns the order of seeds; what is tried is in trials.ts.
import type { Finding } from './scenes/stage.ts';
import type { TrialName } from './trials.ts';
import { TRIALS } from './trials.ts';

/** What a hunt prints, a line of JSON each. */
export type HuntLine =
  | { readonly type: 'seed'; readonly seed: number }
  | { readonly type: 'end'; readonly seed: number; readonly property: string; readonly detail: string }
  | { readonly type: 'clean' };

function hunt(trial: (seed: number) => Finding | undefined, seeds: number): void {
  for (let seed = 1; seed <= seeds; seed++) {
    tell({ type: 'seed', seed });
    const found = attempt(trial, seed);
    if (found !== undefined) {
      const { property, detail } = found;
      return tell({ type: 'end', seed, property, detail });
    }
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

function tell(line: HuntLine): void {
  console.log(JSON.stringify(line));
}

const [name, seeds, minutes] = process.argv.slice(2);
const trial = TRIALS[name as TrialName];
hunt((seed) => trial(seed, Number(minutes)), Number(seeds));
