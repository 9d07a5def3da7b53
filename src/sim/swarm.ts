// Swarm: one run of the shipped machine in a world that tries to break it. Three phases: under faults
// (safety: what must hold at every step), calm (the faults end), and then the ring has a stated number of
// stabilisations to become ideal and to answer everything (liveness). Everything follows from the seed.
import { CORE_LIMITS } from '../core/limits.ts';
import type { Profile } from '../core/profile.ts';
import { PROFILES } from '../core/profile.ts';
import { Random } from '../core/random.ts';
import { listProblem, ringProblem } from './ring-check.ts';
import { SwarmActions } from './swarm-actions.ts';
import type { SwarmOptions } from './swarm-options.ts';
import { drawAction, drawSwarmOptions } from './swarm-options.ts';
import { World } from './world.ts';

export interface SwarmResult {
  readonly seed: number;
  readonly ok: boolean;
  /** Of everything that happened. */
  readonly hash: string;
  readonly events: number;
  /** Stabilisation periods from the end of the faults until the ring was ideal. */
  readonly calmPeriods: number;
  readonly options: SwarmOptions;
  /** The first property that did not hold, and when (milliseconds). */
  readonly violation: { readonly at: number; readonly property: string; readonly detail: string } | undefined;
  /** The last events before the end, or before the violation. */
  readonly lines: readonly string[];
}

/**
 * Within this many stabilisation periods after the last fault the ring is ideal: the bound that the docs
 * state.
 */
export const CALM_PERIODS_MAX = 100;
const PROFILE: Profile = PROFILES.local;

/** Runs one seed for that many simulated minutes of faults, and the calm behind them. */
export function runSwarm(seed: number, minutes: number): SwarmResult {
  return new Swarm(drawSwarmOptions(seed)).run(minutes * 60_000);
}

class Swarm {
  readonly #options: SwarmOptions;
  readonly #world: World;
  readonly #actions: SwarmActions;
  readonly #random: Random;
  #violation: SwarmResult['violation'];
  #calmPeriods = 0;

  constructor(options: SwarmOptions) {
    const { seed, k, replicas, delayMs, loss, duplication, reordering, spikes, spikeMs } = options;
    this.#options = options;
    this.#random = new Random(seed + 1);
    const network = { delayMs, loss, duplication, reordering, spikes, spikeMs };
    this.#world = new World({ seed, k, replicas, profile: PROFILE, network, traced: true });
    this.#world.onInput = (node) => {
      const problem = listProblem(node, k, CORE_LIMITS.successors);
      if (problem !== undefined) this.#violate('OrderedSuccessorLists', problem);
    };
    this.#actions = new SwarmActions(this.#world, options, this.#random);
  }

  run(safetyMs: number): SwarmResult {
    const world = this.#world;
    this.#actions.begin();
    while (world.now < safetyMs && this.#violation === undefined) {
      const pause = -this.#options.actionMs * Math.log(1 - this.#random.float());
      world.runUntil(() => this.#violation !== undefined, pause);
      this.#actions.act(drawAction(this.#random, this.#options.weights));
    }
    this.#calm();
    this.#answer();
    this.#settled();
    const { hash, events, lines } = world.trace;
    return {
      seed: this.#options.seed,
      ok: this.#violation === undefined,
      hash,
      events,
      calmPeriods: this.#calmPeriods,
      options: this.#options,
      violation: this.#violation,
      lines,
    };
  }

  /** The faults end; every node that runs and may be a member asks to be one, as its user would. */
  #calm(): void {
    if (this.#violation !== undefined) return;
    const world = this.#world;
    this.#actions.calm();
    // What the network has held up is still on its way, and holds up what was sent behind it.
    if (this.#options.spikes > 0) world.run(this.#options.spikeMs);
    const start = world.now;
    const limit = CALM_PERIODS_MAX * PROFILE.stabiliseMs;
    let problem: string | undefined = 'not looked at';
    while (world.now - start < limit && problem !== undefined && this.#violation === undefined) {
      world.run(PROFILE.stabiliseMs);
      this.#actions.rejoin();
      problem = this.#actions.membersMissing() ?? ringProblem(world, CORE_LIMITS.successors);
    }
    this.#calmPeriods = Math.round((world.now - start) / PROFILE.stabiliseMs);
    if (problem !== undefined) this.#violate('IdealAfterCalm', problem);
  }

  /** Everything can be written and read through every node. */
  #answer(): void {
    if (this.#violation !== undefined) return;
    for (const node of this.#world.running()) {
      const problem = this.#actions.roundTrip(node);
      if (problem !== undefined) return this.#violate('AnswersAfterCalm', problem);
    }
  }

  /** Nothing waits for ever: whatever was asked of a process that ran on has been answered. */
  #settled(): void {
    if (this.#violation !== undefined) return;
    const problem = this.#actions.unsettled();
    if (problem !== undefined) this.#violate('EverythingSettles', problem);
  }

  #violate(property: string, detail: string): void {
    this.#violation ??= { at: this.#world.now, property, detail };
  }
}
