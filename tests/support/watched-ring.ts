// WatchedRing: a settled ring with a client whose watches have their turns while the ring runs.
import type { CoreLimits } from '../../src/core/limits.ts';
import type { Watch } from '../../src/node/watch.ts';
import type { WorldNode } from '../../src/sim/world.ts';
import { World } from '../../src/sim/world.ts';
import { at, isIdeal, joinedRing } from './rings.ts';
import { SimRunner } from './sim-runner.ts';

export const MEMBERS = 6;

export class WatchedRing {
  readonly world: World;
  readonly members: WorldNode[];
  readonly client: WorldNode;
  readonly runner: SimRunner;
  /** Requests of each kind that arrived. */
  readonly requests: string[] = [];
  readonly #turns = { due: false };

  constructor(limits: Partial<CoreLimits> = {}) {
    const world = new World({ seed: 1, k: 32, limits });
    this.world = world;
    this.members = joinedRing(world, MEMBERS);
    if (!world.runUntil(() => isIdeal(world, true), 60_000)) throw new Error('the ring did not settle');
    this.client = world.add();
    world.connect(this.client, at(this.members, 0));
    this.runner = new SimRunner(world, this.client, 32, this.#turns);
    world.onSettle = (node, number, outcome) => {
      if (node === this.client) this.runner.settled(number, outcome);
    };
    world.onMessage = (_from, _to, { body }) => {
      this.requests.push(body.type === 'changed' && body.entries.length > 0 ? 'told' : body.type);
    };
    world.run(1_000);
  }

  async run(ms: number, done: () => boolean = () => false): Promise<void> {
    const end = this.world.now + ms;
    while (this.world.now < end && !done()) {
      await new Promise((resolve) => setImmediate(resolve));
      this.world.runUntil(() => this.#turns.due || done(), end - this.world.now);
      this.#turns.due = false;
    }
  }

  async ready(watch: Watch): Promise<void> {
    let isReady = false;
    void watch.ready.then(() => (isReady = true));
    await this.run(10_000, () => isReady);
    if (!isReady) throw new Error('the watch was not ready in time');
  }

  /** Timers of all members: what they wait for on somebody's behalf is among them. */
  get timers(): number {
    return this.members.reduce((sum, { machine }) => sum + machine.timers, 0);
  }
}
