// Copies that a segment counts as complete, and that lack an acknowledged write.
import { describe, expect, it } from 'vitest';
import type { Configuration, Voter } from '../../src/core/configuration.ts';
import type { Contact } from '../../src/core/contact.ts';
import { History } from '../../src/core/history.ts';
import type { Reply, Request } from '../../src/core/message.ts';
import { Segment } from '../../src/core/segment.ts';
import type { SegmentView } from '../../src/core/segment.ts';
import { MemoryStore } from '../../src/core/store.ts';
import { EngineDriver } from '../support/engine-driver.ts';
import { memberAt } from '../support/members.ts';
import { configurationOf, entryOf, exchangeParts } from '../support/segment-scene.ts';

const ARC = { from: 200, to: 0 };
const INSTALLED = { type: 'installed', whole: true } as const;
const VOTED: Reply = { type: 'voted', votes: [{ arc: ARC, vote: { type: 'unknown' } }] };
const STORED = { type: 'replicated', outcome: 'stored' } as const;

class Scene {
  readonly driver = new EngineDriver();
  readonly store = new MemoryStore();
  readonly history = new History(100);
  readonly segment: Segment;
  readonly decided: { next: Configuration; holders: readonly string[] }[] = [];
  readonly view: { voters: readonly Voter[] | undefined; wanted: Contact[]; lost: Set<string> };
  readonly acknowledged: string[] = [];

  constructor(configuration: Configuration, before: (store: MemoryStore) => void = () => {}) {
    const { engine } = this.driver;
    before(this.store);
    const nothing = (): void => {};
    const others = configuration.members
      .map(({ contact }) => contact)
      .filter(({ id }) => id !== engine.self.id);
    const view = { voters: configuration.members, wanted: others, lost: new Set<string>() };
    this.view = view;
    const segmentView: SegmentView = {
      exchange: (contact, arc) => exchangeParts(this, contact, arc),
      voters: () => view.voters,
      wanted: () => view.wanted.filter(({ id }) => !view.lost.has(id)),
      isFull: () => true,
      isLost: ({ id }) => view.lost.has(id),
      contradicted: nothing,
      ready: (next, holders) => this.decided.push({ next, holders }),
      cannotDecide: nothing,
      progressed: nothing,
    };
    this.segment = new Segment(engine, segmentView, ARC, configuration, 0);
    this.segment.refresh();
    this.driver.poll();
  }

  write(key: string): void {
    const entry = entryOf(key, '1');
    this.store.put(210, entry);
    const deadline = this.driver.engine.now + 60_000;
    this.segment.rounds.add({
      position: 210,
      entry,
      need: 'quorum',
      deadline,
      done: (outcome) => {
        if (outcome === 'agreed') this.acknowledged.push(key);
      },
    });
    this.driver.poll();
  }

  /** What a member with these entries would answer to a comparison. */
  summary(held: MemoryStore, birth = 1): Reply {
    return { type: 'summary', birth, clock: '', parts: [held.summary(ARC)], past: this.history.summary(ARC) };
  }

  /** Answers everything that compares as a member would that holds this, until nothing is asked. */
  play(to: string, held: MemoryStore, birth = 1): void {
    const kinds: readonly Request['type'][] = [
      'prepare',
      'install',
      'summarise',
      'digest',
      'pull',
      'copy',
      'fetch',
    ];
    for (;;) {
      const sent = this.driver.open.find((one) => one.to === to && kinds.includes(one.body.type));
      if (sent === undefined) return;
      this.driver.answer(to, sent.body.type, replyOf(sent.body, held, birth, this.history));
    }
  }
}

function replyOf(body: Request, held: MemoryStore, birth: number, history: History): Reply {
  switch (body.type) {
    case 'prepare':
      return VOTED;
    case 'install':
      return INSTALLED;
    case 'summarise':
      return {
        type: 'summary',
        birth,
        clock: '',
        parts: Array.from({ length: body.parts }, () => held.summary(ARC)),
        past: history.summary(ARC),
      };
    case 'digest':
      return {
        type: 'digest-is',
        items: [...held.walk(ARC)].map(({ entry: { key, version } }) => ({ key, version })),
        more: false,
      };
    case 'copy':
      for (const entry of body.entries) held.put(210, entry);
      return { type: 'copied', stored: true };
    default:
      throw new Error(body.type);
  }
}

describe('a copy that is counted', () => {
  it('has the write that it refused while it was compared', () => {
    const scene = new Scene(configurationOf([0, 1, 2]));
    const [one, two] = [new MemoryStore(), new MemoryStore()];
    scene.play('m2', two);
    // m1 is compared: its answer is on its way. It has promised the epoch to somebody who dies.
    scene.driver.answer('m1', 'install', INSTALLED);
    const before = scene.summary(one);
    scene.driver.answer('m1', 'summarise', before);
    expect(scene.segment.complete).toBe(true);

    // The same, with a write in between: it is on {m0, m2}.
    const other = new Scene(configurationOf([0, 1, 2]), (store) => store.put(250, entryOf('x', '1')));
    other.play('m2', two);
    other.driver.answer('m1', 'install', INSTALLED);
    other.driver.answer('m1', 'summarise', other.summary(one));
    expect(other.driver.openOf('copy').map(({ to }) => to)).toEqual(['m1']);
    other.write('w');
    other.driver.answer('m2', 'replicate', STORED);
    expect(other.acknowledged).toEqual(['w']);
    other.driver.answer('m1', 'replicate', { type: 'replicated', outcome: 'refused' });
    other.play('m1', one);
    // The owner has the next epoch decided by {m0, m2}, which frees m1 of its promise.
    const next = { ...configurationOf([0, 1, 2]), epoch: 2 };
    other.view.voters = next.members;
    other.segment.update(next, 0);
    other.driver.poll();
    other.play('m1', one);
    other.driver.advance(2_000);
    expect({ complete: other.segment.complete, holds: one.versionOf('w') !== undefined }).not.toEqual({
      complete: true,
      holds: false,
    });
  });

  it('has the write that was made while it seemed to be lost, before it was a member of the set', () => {
    // m1, m2, m3, m4 are to follow m9: three of {m0, m1, m2, m3, m4} have to hold everything first.
    const scene = new Scene(configurationOf([0, 9]));
    const [nine, one] = [new MemoryStore(), new MemoryStore()];
    scene.play('m9', nine);
    scene.view.wanted = [1, 2, 3, 4].map((position) => memberAt(position));
    scene.view.voters = [0, 1, 2, 3, 4].map((position) => ({ contact: memberAt(position), birth: 1 }));
    scene.segment.refresh();
    scene.driver.poll();
    scene.play('m1', one);
    expect(scene.decided).toEqual([]);
    // The others take their time. m1 is silent for evictAfterMs, and heard again, without a refresh.
    scene.view.lost.add('m1');
    scene.write('w');
    scene.driver.answer('m9', 'replicate', STORED);
    expect(scene.acknowledged).toEqual(['w']);
    scene.view.lost.delete('m1');
    const two = new MemoryStore();
    scene.play('m2', two);
    scene.driver.poll();
    while (scene.driver.open.some(({ body }) => body.type === 'copy')) {
      const sent = scene.driver.open.find(({ body }) => body.type === 'copy')!;
      if (sent.to === 'm1' && sent.body.type === 'copy')
        for (const entry of sent.body.entries) one.put(210, entry);
      scene.driver.answer(sent.to, 'copy', { type: 'copied', stored: true });
    }
    const counted = scene.decided.flatMap(({ holders }) => holders);
    expect(counted.includes('m1') && one.versionOf('w') === undefined).toBe(false);
  });

  it('is compared in the life in which it is counted', () => {
    const scene = new Scene(configurationOf([0, 1, 2]), (store) => store.put(205, entryOf('x', '1')));
    scene.play('m1', new MemoryStore(), 1);
    expect(scene.store.count(ARC)).toBe(1);
    // m1 restarts without memory, which another exchange finds out before the ring tells of it.
    const members = scene.segment.configuration.members.map((voter) =>
      voter.contact.id === 'm1' ? { ...voter, birth: 2 } : voter,
    );
    scene.view.voters = members;
    scene.segment.refresh();
    scene.driver.poll();
    // m2 has not been compared yet: of {m0, m1 in its new life, m2} only m0 holds x.
    expect(scene.decided).toEqual([]);
  });
});

describe('a source that is absorbed', () => {
  it('is given up when it is gone', () => {
    const scene = new Scene(configurationOf([0]));
    const gone = memberAt(7);
    scene.segment.absorb(gone, { lineage: 'other', epoch: 1 });
    scene.driver.poll();
    let asked = 0;
    scene.driver.advance(2_000);
    scene.view.lost.add('m7');
    for (let i = 0; i < 10_000; i++) {
      if (scene.driver.open.some(({ to }) => to === 'm7')) asked += 1;
      scene.driver.refuse('m7');
      scene.driver.advance(100);
    }
    // 1,000 seconds without a word.
    expect(asked).toBeLessThan(100);
  });

  it('promises its epoch away before it is read: what it acknowledged afterwards would be lost', () => {
    const scene = new Scene(configurationOf([0]));
    scene.segment.absorb(memberAt(7), { lineage: 'other', epoch: 1 });
    scene.driver.poll();
    const asked = (): string[] => scene.driver.open.map(({ body }) => body.type);
    expect(asked()).toEqual(['prepare']);
    // Not yet: it could not write its promise down.
    scene.driver.answer('m7', 'prepare', { type: 'failed', code: 'ERR_STORE', message: 'disk full' });
    expect(asked()).toEqual([]);
    scene.driver.advance(100);
    expect(asked()).toEqual(['prepare']);
    scene.driver.answer('m7', 'prepare', VOTED);
    expect(asked()).toEqual(['summarise']);
  });

  it('is read once for all parts that it offers in one sweep', () => {
    const scene = new Scene(configurationOf([0]));
    const left = memberAt(7);
    const base = { lineage: 'other', epoch: 1 };
    const offer = (): boolean => scene.segment.absorb(left, base);
    expect([offer(), offer()]).toEqual([false, false]);
    scene.driver.poll();
    scene.play('m7', new MemoryStore());
    expect([offer(), offer()]).toEqual([true, true]);
    // In a later sweep it is read again: it may have been given something meanwhile.
    scene.driver.advance(4 * scene.driver.engine.profile.sweepMs);
    expect(offer()).toBe(false);
  });

  it('has its entries brought to the copies also where it dies before all is read', () => {
    const scene = new Scene(configurationOf([0, 1, 2]));
    for (const id of ['m1', 'm2']) scene.play(id, new MemoryStore());
    expect(scene.segment.complete).toBe(true);
    scene.segment.absorb(memberAt(7), { lineage: 'other', epoch: 1 });
    scene.driver.poll();
    scene.driver.answer('m7', 'prepare', VOTED);
    const sums = [{ count: 2, low: 1, high: 1 }];
    scene.driver.answer('m7', 'summarise', {
      type: 'summary',
      birth: 1,
      clock: '',
      parts: sums,
      past: { count: 0, low: 0, high: 0 },
    });
    scene.driver.answer('m7', 'pull', { type: 'pulled', entries: [entryOf('a', '1')], more: true });
    expect(scene.store.versionOf('a')).toBe('1');
    scene.view.lost.add('m7');
    for (let i = 0; i < 1_000 && scene.segment.complete; i++) {
      scene.driver.refuse('m7');
      scene.driver.advance(100);
    }
    // Nobody but the owner holds the entry, and it counts its copies as complete.
    expect(scene.segment.complete).toBe(false);
  });

  it('is not let go while what another one told has not reached the copies', () => {
    const scene = new Scene(configurationOf([0, 1, 2]));
    for (const id of ['m1', 'm2']) scene.play(id, new MemoryStore());
    expect(scene.segment.complete).toBe(true);
    const base = { lineage: 'other', epoch: 1 };
    const positionOf = (key: string): number => scene.driver.engine.positionOf(key);
    const key = keyOf((one) => positionOf(one) > ARC.from);
    // m7 and m8 were a majority there: both hold an acknowledged write, and offer it at the same time.
    const [seven, eight] = [new MemoryStore(), new MemoryStore()];
    for (const store of [seven, eight]) store.put(positionOf(key), entryOf(key, '1'));
    for (const position of [7, 8]) scene.segment.absorb(memberAt(position), base);
    scene.driver.poll();
    for (const id of ['m7', 'm8']) scene.driver.answer(id, 'prepare', VOTED);
    // m7 is read first, and its last answer is slow; m8 tells nothing new.
    scene.driver.answer('m7', 'summarise', scene.summary(seven));
    scene.driver.answer('m7', 'pull', { type: 'pulled', entries: [entryOf(key, '1')], more: false });
    expect(scene.store.versionOf(key)).toBe('1');
    scene.driver.answer('m8', 'summarise', scene.summary(eight));
    scene.driver.poll();
    for (const id of ['m1', 'm2']) scene.play(id, new MemoryStore());
    expect(scene.segment.complete && scene.segment.absorb(memberAt(8), base)).toBe(false);
  });

  it('is let go in the end, however many there are', () => {
    const scene = new Scene(configurationOf([0]));
    const MEMBERS = 14;
    const open = new Set(Array.from({ length: 70 }, (_, i) => i));
    for (let sweep = 0; sweep < 20; sweep++) {
      for (const i of open) {
        // Each was left behind by several lineages, and offers one after the other.
        const contact = memberAt(100 + (i % MEMBERS));
        const isRead = scene.segment.absorb(contact, { lineage: `l${Math.floor(i / MEMBERS)}`, epoch: 1 });
        scene.driver.poll();
        scene.play(contact.id, new MemoryStore());
        if (isRead) open.delete(i);
        scene.driver.advance(1);
      }
      scene.driver.advance(scene.driver.engine.profile.sweepMs);
    }
    expect(open.size).toBe(0);
  });
});

function keyOf(isRight: (key: string) => boolean): string {
  for (let i = 0; ; i++) if (isRight(`key ${i}`)) return `key ${i}`;
}
