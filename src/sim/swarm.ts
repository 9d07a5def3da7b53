// Swarm: one run of the shipped machine in a world that tries to break it. Three phases: under faults
// (safety: what must hold at every step), calm (the faults end), and then the ring has a stated number of
// stabilisations to become ideal and to answer everything (liveness). Everything follows from the seed.
import { CORE_LIMITS } from '../core/limits.ts';
import type { Profile } from '../core/profile.ts';
import { PROFILES } from '../core/profile.ts';
import { Random } from '../core/random.ts';
import { boundsProblem, messageRateProblem } from './checks/bounds.ts';
import { copiesProblem } from './checks/copies-agree.ts';
import { countsOnce } from './checks/counts-once.ts';
import type { Finding } from './checks/finding.ts';
import { linearizable } from './checks/linearizable.ts';
import { heldVersions, newestWins } from './checks/newest-wins.ts';
import { nothingLost } from './checks/nothing-lost.ts';
import { readsGoForward } from './checks/reads-go-forward.ts';
import { walksAreWhole } from './checks/walks-are-whole.ts';
import { Clients } from './clients.ts';
import type { ClientOperation } from './history.ts';
import { describeOperation, History } from './history.ts';
import { listProblem, ringProblem } from './ring-check.ts';
import { SwarmActions } from './swarm-actions.ts';
import type { SwarmOptions } from './swarm-options.ts';
import { drawAction, drawSwarmOptions } from './swarm-options.ts';
import type { TraceWindow } from './trace.ts';
import { Workload } from './workload.ts';
import type { WorldNode } from './world.ts';
import { World } from './world.ts';

export interface SwarmResult {
  readonly seed: number;
  readonly ok: boolean;
  /** Of everything that happened. */
  readonly hash: string;
  readonly events: number;
  /** Stabilisation periods from the end of the faults until the ring was ideal. */
  readonly calmPeriods: number;
  /** Stabilisation periods from then on until every entry stood where it belongs. */
  readonly copiesPeriods: number;
  readonly clients: ClientSummary;
  readonly options: SwarmOptions;
  /** The first property that did not hold, and when (milliseconds). */
  readonly violation: (Finding & { readonly at: number }) | undefined;
  /** The last events before the end, or before the violation; with a window, all of it. */
  readonly lines: readonly string[];
}

/** What the clients of a run did, and what their history proves. */
export interface ClientSummary {
  readonly operations: number;
  readonly walks: number;
  /** The part of the operations that was answered, 0..1. */
  readonly shareKnown: number;
  /** Epochs forced, and rings begun beside another: the history is judged strictly up to the first. */
  readonly forced: number;
  /** Operations that were judged strictly. */
  readonly judged: number;
  /** 'unknown': too few outcomes are known, or the search was given up for a key; the run proves nothing. */
  readonly verdict: 'linearizable' | 'violated' | 'unknown';
}

/**
 * Within this many stabilisation periods after the last fault the ring is ideal: the bound that the docs
 * state.
 */
export const CALM_PERIODS_MAX = 100;
/** Within this many more, every entry stands with those that should keep it, and nowhere else. */
export const COPIES_PERIODS_MAX = 400;
/** Where fewer outcomes are known, a history can be explained by almost anything. */
export const SHARE_KNOWN_MIN = 0.8;
/** How long the calm ring is watched for what it sends. */
const WATCHED_MS = 3_000;
const PROFILE: Profile = PROFILES.local;
/** A store that has failed is tried again within this time (saver.ts), and takes it then. */
const DISK_RETRY_MS = 2 * PROFILE.probeMinMs;

export interface SwarmSettings {
  /** Every event between these times is kept for a reader; default: the last ones. */
  readonly window?: TraceWindow;
  /** What is judged: 'ring' leaves out arcs and their copies, and what clients saw. Default 'all'. */
  readonly judged?: 'ring' | 'all';
}

/** Runs one seed for that many simulated minutes of faults, and the calm behind them. */
export function runSwarm(seed: number, minutes: number, settings: SwarmSettings = {}): SwarmResult {
  return new Swarm(drawSwarmOptions(seed), settings).run(minutes * 60_000);
}

class Swarm {
  readonly #options: SwarmOptions;
  readonly #judged: 'ring' | 'all';
  readonly #world: World;
  readonly #actions: SwarmActions;
  readonly #clients: Clients;
  readonly #history = new History();
  readonly #random: Random;
  #violation: SwarmResult['violation'];
  #verdict: ClientSummary['verdict'] = 'unknown';
  #calmPeriods = 0;
  #copiesPeriods = 0;
  #held: ReturnType<typeof heldVersions> = new Map();

  constructor(options: SwarmOptions, { window, judged = 'all' }: SwarmSettings) {
    const { seed, k, replicas, delayMs, loss, duplication, reordering, spikes, spikeMs } = options;
    this.#options = options;
    this.#judged = judged;
    this.#random = new Random(seed + 1);
    const network = { delayMs, loss, duplication, reordering, spikes, spikeMs };
    const { onQuorumLost, durable, disk } = options;
    const disks = durable ? { disks: { ...disk } } : {};
    const world = new World({
      ...disks,
      seed,
      k,
      replicas,
      onQuorumLost,
      profile: PROFILE,
      network,
      traced: true,
      // In every second world nobody corrects clocks that are off: versions have to stand that too.
      ...(seed % 2 === 0 ? { clockSkewMaxMs: Infinity } : {}),
    });
    this.#world = world;
    if (window !== undefined) world.trace.window = window;
    world.onInput = (node) => {
      const problem = listProblem(node, k, CORE_LIMITS.successors);
      if (problem !== undefined) this.#violate({ property: 'OrderedSuccessorLists', detail: problem });
    };
    world.onEvent = (node, event) => {
      if (event.type === 'degraded') this.#history.force(world.now);
      if (event.type === 'self' && event.member) this.#entered(node);
    };
    this.#actions = new SwarmActions(world, options, this.#random);
    const workload = new Workload(new Random(seed + 2));
    this.#clients = new Clients(world, new Random(seed + 3), workload, this.#history, options.sessions);
  }

  run(safetyMs: number): SwarmResult {
    const world = this.#world;
    this.#actions.begin();
    this.#clients.start();
    while (world.now < safetyMs && this.#violation === undefined) {
      const pause = -this.#options.actionMs * Math.log(1 - this.#random.float());
      world.runUntil(() => this.#violation !== undefined, pause);
      this.#actions.act(drawAction(this.#random, this.#options.weights));
      this.#clients.burst();
    }
    this.#clients.stop();
    const phases = [
      () => this.#calm(),
      () => this.#copies(),
      () => this.#answer(),
      () => this.#settled(),
      () => this.#quiet(),
    ];
    for (const phase of phases) if (this.#violation === undefined) phase();
    this.#judge();
    return this.#result();
  }

  /** Whoever joins without having found anybody begins a ring: clients of either are not judged. */
  #entered(node: WorldNode): void {
    const begins = node.machine.neighbourhood.successors.length === 0;
    if (!begins || this.#world.members().length <= 1) return;
    this.#world.note(`${node.name} begins a ring of its own`);
    this.#history.force(this.#world.now);
  }

  #result(): SwarmResult {
    const { hash, events, lines } = this.#world.trace;
    const { operations, walks, shareKnown, forced, strict } = this.#history;
    return {
      seed: this.#options.seed,
      ok: this.#violation === undefined,
      hash,
      events,
      calmPeriods: this.#calmPeriods,
      copiesPeriods: this.#copiesPeriods,
      clients: {
        operations: operations.length,
        walks: walks.length,
        shareKnown,
        forced,
        judged: strict.length,
        verdict: this.#verdict,
      },
      options: this.#options,
      violation: this.#violation,
      lines,
    };
  }

  /** The faults end; every node that runs and may be a member asks to be one, as its user would. */
  #calm(): void {
    const world = this.#world;
    this.#actions.calm();
    this.#held = heldVersions(world);
    // What the network has held up is still on its way, and holds up what was sent behind it.
    if (this.#options.spikes > 0) world.run(this.#options.spikeMs);
    // So have disks: what could not be written is written again.
    if (this.#options.durable) world.run(2 * this.#options.disk.stallMs + DISK_RETRY_MS);
    const judgesAll = this.#judged === 'all';
    const { periods, problem } = this.#within(CALM_PERIODS_MAX, () => {
      this.#actions.rejoin();
      return this.#actions.membersMissing() ?? ringProblem(world, CORE_LIMITS.successors, judgesAll);
    });
    this.#calmPeriods = periods;
    if (problem !== undefined) this.#violate({ property: 'IdealAfterCalm', detail: problem });
  }

  /** Every entry finds its way to the members that should keep it, and to nobody else. */
  #copies(): void {
    const { k, replicas } = this.#options;
    if (this.#judged === 'ring') return;
    const { periods, problem } = this.#within(COPIES_PERIODS_MAX, () =>
      copiesProblem(this.#world, k, replicas),
    );
    this.#copiesPeriods = periods;
    if (problem !== undefined) this.#violate({ property: 'CopiesAgree', detail: problem });
  }

  #within(
    periodsMax: number,
    look: () => string | undefined,
  ): { periods: number; problem: string | undefined } {
    const world = this.#world;
    const start = world.now;
    let problem: string | undefined = 'not looked at';
    for (let i = 0; i < periodsMax && problem !== undefined && this.#violation === undefined; i++) {
      world.run(PROFILE.stabiliseMs);
      problem = look();
    }
    return { periods: Math.round((world.now - start) / PROFILE.stabiliseMs), problem };
  }

  /** Everything can be written and read through every node, and what was written last is read. */
  #answer(): void {
    if (this.#judged === 'ring') return;
    for (const node of this.#world.running()) {
      const detail = this.#actions.roundTrip(node);
      if (detail !== undefined) return this.#violate({ property: 'AnswersAfterCalm', detail });
    }
    const reads = this.#clients.readAll();
    const silent = reads.find(({ output }) => output === undefined);
    if (silent !== undefined)
      return this.#violate({ property: 'AnswersAfterCalm', detail: describeOperation(silent) });
    this.#newest(reads);
  }

  #newest(reads: readonly ClientOperation[]): void {
    const finding = newestWins(this.#history, this.#held, reads);
    if (finding !== undefined) this.#violate(finding);
  }

  /** Nothing waits for ever: whatever was asked of a process that ran on has been answered. */
  #settled(): void {
    const detail = this.#actions.unsettled() ?? this.#clients.unsettled();
    if (detail !== undefined) this.#violate({ property: 'EverythingSettles', detail });
  }

  /** Left alone, the ring holds little beside its entries, and says little. */
  #quiet(): void {
    // Two that cannot agree on an arc go on trying.
    if (this.#judged === 'ring') return;
    const before = this.#world.delivered;
    this.#world.run(WATCHED_MS);
    const messages = this.#world.delivered - before;
    const detail =
      boundsProblem(this.#world) ?? messageRateProblem(this.#world, messages, WATCHED_MS / 1_000);
    if (detail !== undefined) this.#violate({ property: 'BoundedAtRest', detail });
  }

  /** What the clients saw: first what can be said in one sentence, then what needs a search. */
  #judge(): void {
    if (this.#judged === 'ring') return;
    const history = this.#history;
    for (const check of [countsOnce, nothingLost, readsGoForward, walksAreWhole]) {
      const finding = check(history);
      if (finding !== undefined) this.#violate(finding);
    }
    const { finding, undecided } = linearizable(history);
    if (finding !== undefined) this.#violate(finding);
    const proves = history.shareKnown >= SHARE_KNOWN_MIN && undecided === 0;
    this.#verdict = finding !== undefined ? 'violated' : proves ? 'linearizable' : 'unknown';
  }

  #violate(finding: Finding): void {
    this.#violation ??= { at: this.#world.now, ...finding };
  }
}
