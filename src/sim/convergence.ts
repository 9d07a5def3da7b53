// Convergence: whether the ring becomes ideal, and stays so, once nobody joins, leaves or fails (Zave, TSE
// 2017, section VII-D). It owns the fair runs: steps by chance, because nodes whose turns come in a fixed
// order can wait for each other for ever, which real ones, whose pauses are random, do not. Only maintenance
// is taken, not what a node may hear of by luck.
import type { Random } from '../core/random.ts';
import type { Search } from './enumerate.ts';
import type { NumberedMove } from './local-table.ts';

export interface ConvergenceOptions {
  /** Every so many-th state is run from; 1 = all. */
  readonly every: number;
  readonly random: Random;
  /** Rounds, of as many steps as there are pairs, after which a run counts as stuck; default 50. */
  readonly roundsMax?: number;
}

export interface Convergence {
  readonly runs: number;
  /** The longest run that became ideal. */
  readonly rounds: number;
  /** From how many states the ring did not become ideal, or did not stay so; and the first few, in words. */
  readonly stuck: number;
  readonly examples: readonly string[];
}

/** Where a run ended. */
export interface FairRun {
  readonly rounds: number;
  readonly ideal: boolean;
}

const EXAMPLES_MAX = 3;
const ROUNDS_MAX = 50;

/** Runs from the states of a search that is done. */
export function converge<Local>(search: Search<Local>, options: ConvergenceOptions): Convergence {
  const { every, random, roundsMax = ROUNDS_MAX } = options;
  const state = new Int32Array(search.stepper.places);
  const examples: string[] = [];
  let stuck = 0;
  let runs = 0;
  let rounds = 0;
  for (let number = random.below(every); number < search.states.size; number += every) {
    search.states.read(number, state);
    const run = fairRun(search, state, random, roundsMax);
    runs += 1;
    if (run.ideal) {
      rounds = Math.max(rounds, run.rounds);
      continue;
    }
    stuck += 1;
    if (examples.length >= EXAMPLES_MAX) continue;
    const end = search.stepper.describe(state);
    search.states.read(number, state);
    examples.push(`${search.stepper.describe(state)} ends as ${end}`);
  }
  return { runs, rounds, stuck, examples };
}

/** Changes the state, step after step, until there is no step that changes anything. */
export function fairRun<Local>(
  search: Search<Local>,
  state: Int32Array,
  random: Random,
  roundsMax: number = ROUNDS_MAX,
): FairRun {
  const { places } = search.stepper;
  const members = search.judge.membersOf(state);
  let steps = 0;
  while (steps < roundsMax * places * places && isMoving(search, state, members)) {
    const actor = random.below(places);
    for (let i = 0; i < places; i++) takeStep(search, state, members, actor, random);
    steps += places;
  }
  return { rounds: Math.ceil(steps / places ** 2), ideal: search.judge.isIdeal(state, search.listMax) };
}

/** One step of a node with another, or alone, if there is one to take. */
function takeStep<Local>(
  search: Search<Local>,
  state: Int32Array,
  members: number,
  actor: number,
  random: Random,
): void {
  const { places } = search.stepper;
  const offset = random.below(places);
  const move = random.pick(repairs(search, state, members, actor, offset));
  if (move === undefined) return;
  if (offset !== 0) state[(actor + offset) % places] = move.theirs;
  state[actor] = move.mine;
}

function isMoving<Local>(search: Search<Local>, state: Int32Array, members: number): boolean {
  const { places } = search.stepper;
  for (let actor = 0; actor < places; actor++) {
    for (let offset = 0; offset < places; offset++) {
      if (repairs(search, state, members, actor, offset).length > 0) return true;
    }
  }
  return false;
}

function repairs<Local>(
  search: Search<Local>,
  state: Int32Array,
  members: number,
  actor: number,
  offset: number,
): readonly NumberedMove[] {
  const { stepper } = search;
  const moves =
    offset === 0 ? stepper.table.alone(state[actor] ?? 0) : stepper.moves(state, members, actor, offset);
  return moves.some(({ kind }) => kind !== 'repair') ? moves.filter(({ kind }) => kind === 'repair') : moves;
}
