// An owner at position 0 with the copies it answers for; all other members are played by the test.
import { type Entry, VersionClock } from '../../src/core/entry.ts';
import { History } from '../../src/core/history.ts';
import type { Contact } from '../../src/core/contact.ts';
import type { Configuration } from '../../src/core/configuration.ts';
import type { Reply } from '../../src/core/message.ts';
import { Owner } from '../../src/core/owner.ts';
import type { Arc } from '../../src/core/position.ts';
import { Replica } from '../../src/core/replica.ts';
import type { RoutingTable } from '../../src/core/routing-table.ts';
import { MemoryStore } from '../../src/core/store.ts';
import { Voters } from '../../src/core/voters.ts';
import { EngineDriver } from './engine-driver.ts';
import { memberAt } from './members.ts';
import { exchangeParts } from './segment-scene.ts';

export const ARC: Arc = { from: 200, to: 0 };
const SAME = { count: 0, low: 0, high: 0 };
export const EMPTY: Reply = { type: 'summary', birth: 1, clock: '', parts: [SAME], past: SAME };

export class OwnerScene {
  readonly driver: EngineDriver;
  readonly store: MemoryStore = new MemoryStore();
  readonly history: History = new History(100);
  readonly owner: Owner;
  readonly replica: Replica;
  successors: Contact[] = [];
  /** Taken for dead by the ring. */
  readonly buried: Set<string> = new Set<string>();
  arc: Arc = ARC;
  counted: (arc: Arc) => void = () => {};

  constructor(durable = false, heals = false) {
    this.driver = new EngineDriver({}, durable);
    const { engine } = this.driver;
    const { store, history } = this;
    const nothing = (): void => {};
    const table = {
      successors: [],
      isBuried: ({ id }: Contact) => this.buried.has(id),
    } as unknown as RoutingTable;
    const voters = new Voters(engine, 3, table);
    this.owner = new Owner(
      { engine, voters, heals },
      {
        arc: () => this.arc,
        neighbours: () => ({ successors: this.successors, predecessor: undefined }),
        exchange: (contact, arc) => ({
          ...exchangeParts(this, contact, arc),
          born: (of, birth) => voters.born(of, birth),
        }),
        changed: nothing,
      },
    );
    voters.onBirth = () => this.owner.reconcileSoon();
    const { owner } = this;
    const clock = new VersionClock(engine.self.id);
    this.replica = new Replica({
      engine,
      store,
      history,
      owner,
      clock,
      isDue: () => false,
      took: nothing,
      counted: (arc) => this.counted(arc),
    });
  }

  /** The members behind change. */
  follow(...positions: number[]): void {
    this.successors = positions.map((position) => memberAt(position));
    this.owner.reconcile();
    this.driver.poll();
  }

  /** Answers every open request of a kind by whom. */
  answerAll(type: 'inspect' | 'install' | 'summarise', by?: string): void {
    for (const { to } of this.driver.openOf(type)) {
      if (by !== undefined && to !== by) continue;
      if (type === 'inspect') this.driver.answer(to, type, { type: 'inspected', birth: 1, known: [] });
      if (type === 'install') this.driver.answer(to, type, { type: 'installed', whole: true });
      if (type === 'summarise') this.driver.answer(to, type, EMPTY);
    }
  }

  /** Runs on, with well-behaved peers, until something holds. */
  until(done: () => boolean): void {
    for (let i = 0; i < 500 && !done(); i++) {
      for (const type of ['inspect', 'install', 'summarise'] as const) {
        if (!done()) this.answerAll(type);
      }
      if (!done()) this.driver.advance(1);
      if (!done()) this.driver.saved(true);
    }
    if (!done()) throw new Error('it never came to that');
  }

  get configuration(): Configuration | undefined {
    return this.owner.segmentAt(210)?.configuration;
  }

  get members(): string {
    return this.configuration?.members.map(({ contact }) => contact.id).join(' ') ?? '';
  }

  /** A quorum read is put to the copies; how it ended. */
  read(entry?: Entry): { outcome: string } {
    const result = { outcome: '' };
    const deadline = this.driver.engine.now + 60_000;
    this.owner.segmentAt(210)?.rounds.add({
      position: 210,
      entry,
      need: 'quorum',
      deadline,
      done: (outcome) => (result.outcome = outcome),
    });
    this.driver.poll();
    return result;
  }

  reply(run: (respond: (reply: Reply) => void) => void): () => Reply | undefined {
    let got: Reply | undefined;
    run((reply) => (got = reply));
    this.driver.poll();
    return () => got;
  }
}
