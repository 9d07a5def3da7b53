// A segment that the member at position 0 owns, whose copies are played by the test.
import type { Configuration } from '../../src/core/configuration.ts';
import type { Contact } from '../../src/core/contact.ts';
import type { Entry } from '../../src/core/entry.ts';
import type { ExchangeParts } from '../../src/core/exchange.ts';
import { History } from '../../src/core/history.ts';
import type { Arc } from '../../src/core/position.ts';
import { Segment } from '../../src/core/segment.ts';
import { MemoryStore } from '../../src/core/store.ts';
import { EngineDriver } from './engine-driver.ts';
import { memberAt } from './members.ts';

const ARC: Arc = { from: 200, to: 0 };

/** For an exchange that tells nobody of anything. */
export function exchangeParts(
  { driver, store, history }: { driver: EngineDriver; store: MemoryStore; history: History },
  contact: Contact,
  arc: Arc,
): ExchangeParts {
  const nothing = (): void => {};
  const told = { took: nothing, observe: nothing, born: nothing, overtaken: nothing };
  return { engine: driver.engine, store, history, contact, arc, ...told };
}

export class SegmentScene {
  readonly driver: EngineDriver;
  readonly store: MemoryStore = new MemoryStore();
  readonly history: History = new History(100);
  readonly segment: Segment;

  constructor(configuration: Configuration, durable = false) {
    this.driver = new EngineDriver({}, durable);
    const { engine } = this.driver;
    const { members } = configuration;
    const nothing = (): void => {};
    this.segment = new Segment(
      engine,
      {
        exchange: (contact, arc) => exchangeParts(this, contact, arc),
        voters: () => members,
        wanted: () => members.map(({ contact }) => contact).filter(({ id }) => id !== engine.self.id),
        isFull: () => true,
        isLost: () => false,
        contradicted: nothing,
        ready: nothing,
        cannotDecide: nothing,
        progressed: nothing,
      },
      ARC,
      configuration,
      0,
    );
    this.segment.refresh();
    this.driver.poll();
  }

  /** An entry is written to all copies. */
  readonly write = (): void => {
    const deadline = this.driver.engine.now + 60_000;
    const entry = entryOf('a', '1');
    this.segment.rounds.add({ position: 210, entry, need: 'quorum', deadline, done: () => {} });
    this.driver.poll();
  };
}

export function configurationOf(positions: readonly number[]): Configuration {
  const members = positions.map((position) => ({ contact: memberAt(position), birth: 1 }));
  return { lineage: 'lineage', epoch: 1, members, ancestors: [] };
}

export function entryOf(key: string, version: string, rest: Partial<Entry> = {}): Entry {
  return { key, value: new Uint8Array(1), version, expiresAt: 0, operation: '', previous: '', ...rest };
}
