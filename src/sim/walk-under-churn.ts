// Walks under churn: a ring is filled, and a client that came late walks over all entries, page by page,
// while members join and leave and other entries come and go. Did each key that lived throughout come exactly
// once, and no other key twice?
import { type ScanCursor, type ScanResult, WALK_START } from '../core/command.ts';
import { CORE_LIMITS } from '../core/limits.ts';
import type { Operation } from '../core/message.ts';
import { Random } from '../core/random.ts';
import { ringProblem } from './ring-check.ts';
import { World, type WorldNode } from './world.ts';

export interface WalkRunOptions {
  readonly seed: number;
  /** Entries that live throughout. */
  readonly entries: number;
  /** Entries of one page. */
  readonly pageEntries: number;
  /** Milliseconds that the reader takes for a page. */
  readonly pageMs: number;
}

export interface WalkRunResult {
  readonly seed: number;
  readonly pages: number;
  readonly joins: number;
  readonly leaves: number;
  /** Keys that lived throughout and did not come. */
  readonly missing: readonly string[];
  /** Keys that came more than once, whether or not they lived throughout. */
  readonly twice: readonly string[];
  /** Entries of the largest page: what the walker had to hold. */
  readonly largestPage: number;
}

const MEMBERS = 8;
/** The ring stays within these bounds: enough members that a leave loses nothing. */
const MEMBERS_MIN = 5;
const MEMBERS_MAX = 12;
/** Between two changes of the ring, on the average. */
const CHURN_MS = 600;
/** Writes under way while the ring is filled. */
const WRITES_AT_ONCE = 512;
/** Entries that come and go during the walk, for each page of it. */
const PASSING = 4;
const TIMEOUT_MS = 20_000;

export function runWalk(options: WalkRunOptions): WalkRunResult {
  return new WalkRun(options).run();
}

class WalkRun {
  readonly #options: WalkRunOptions;
  readonly #world: World;
  readonly #random: Random;
  readonly #lasting: string[];
  readonly #seen = new Map<string, number>();
  #joins = 0;
  #leaves = 0;
  #pages = 0;
  #largestPage = 0;
  #passing = 0;
  #over = false;

  constructor(options: WalkRunOptions) {
    const { seed, entries, pageEntries } = options;
    this.#options = options;
    this.#random = new Random(seed);
    this.#world = new World({ seed, k: 32, limits: { pageEntries } });
    this.#lasting = Array.from({ length: entries }, (_, i) => `lasting ${i}`);
  }

  run(): WalkRunResult {
    const world = this.#world;
    for (let i = 0; i < MEMBERS; i++) {
      const node = this.#newcomer();
      world.run(50);
      expectDone(world.settle(node, { type: 'join' }));
    }
    world.runUntil(() => ringProblem(world, CORE_LIMITS.successors) === undefined, 60_000);
    this.#fill();
    const walker = this.#newcomer();
    world.run(50);
    this.#churn();
    for (let cursor: ScanCursor | undefined = WALK_START; cursor !== undefined; ) {
      cursor = this.#page(walker, cursor);
      this.#pass(walker);
      world.run(this.#options.pageMs);
    }
    this.#over = true;
    const seen = this.#seen;
    return {
      seed: this.#options.seed,
      pages: this.#pages,
      joins: this.#joins,
      leaves: this.#leaves,
      missing: this.#lasting.filter((key) => !seen.has(key)),
      twice: [...seen].filter(([, times]) => times > 1).map(([key]) => key),
      largestPage: this.#largestPage,
    };
  }

  #fill(): void {
    const world = this.#world;
    let open = 0;
    world.onSettle = (): void => {
      open -= 1;
    };
    for (const [i, key] of this.#lasting.entries()) {
      const node = world.nodes[i % MEMBERS];
      open += 1;
      if (node !== undefined) this.#write(node, key, SET);
      if (open >= WRITES_AT_ONCE) world.runUntil(() => open < WRITES_AT_ONCE / 2, TIMEOUT_MS);
    }
    world.runUntil(() => open === 0, TIMEOUT_MS);
    world.onSettle = undefined;
    for (const node of world.nodes) node.outcomes.clear();
  }

  #write(node: WorldNode, key: string, operation: Operation): void {
    this.#world.command(node, { type: 'operate', key, operation, consistency: 'quorum' }, TIMEOUT_MS);
  }

  #page(walker: WorldNode, cursor: ScanCursor): ScanCursor | undefined {
    const command = { type: 'scan', cursor, prefix: '', withValues: false } as const;
    const page = expectDone(this.#world.settle(walker, command, TIMEOUT_MS)) as ScanResult;
    for (const { key } of page.entries) this.#seen.set(key, (this.#seen.get(key) ?? 0) + 1);
    this.#pages += 1;
    this.#largestPage = Math.max(this.#largestPage, page.entries.length);
    return page.next;
  }

  /** Entries that do not live throughout: some are set, and those of the page before are deleted. */
  #pass(node: WorldNode): void {
    for (let i = 0; i < PASSING; i++) {
      this.#passing += 1;
      this.#write(node, `passing ${this.#passing}`, SET);
      const older = this.#passing - PASSING;
      if (older > 0) this.#write(node, `passing ${older}`, { type: 'delete', ifVersion: '' });
    }
  }

  #churn(): void {
    const wait = (0.5 + this.#random.float()) * CHURN_MS;
    this.#world.after(wait, () => {
      if (this.#over) return;
      const members = this.#world.members();
      const joins = members.length <= MEMBERS_MIN || this.#random.below(2) === 0;
      if (joins && members.length < MEMBERS_MAX) this.#join();
      else this.#leave(members);
      this.#churn();
    });
  }

  #join(): void {
    const node = this.#newcomer();
    this.#joins += 1;
    this.#world.after(20, () => this.#world.command(node, { type: 'join' }, TIMEOUT_MS));
  }

  #leave(members: readonly WorldNode[]): void {
    const leaver = members[this.#random.below(members.length)];
    if (leaver === undefined) return;
    this.#leaves += 1;
    this.#world.command(leaver, { type: 'leave' }, TIMEOUT_MS);
  }

  #newcomer(): WorldNode {
    const members = this.#world.members();
    const node = this.#world.add();
    const contact = members[this.#random.below(Math.max(1, members.length))];
    if (contact !== undefined) this.#world.connect(node, contact);
    return node;
  }
}

const SET: Operation = {
  type: 'set',
  value: new Uint8Array(0),
  ttlMs: 0,
  ifAbsent: false,
  ifVersion: '',
};

function expectDone(outcome: ReturnType<World['settle']>): unknown {
  if (outcome.ok) return outcome.value;
  throw new Error(`${outcome.failure.code}: ${outcome.failure.message}`);
}
