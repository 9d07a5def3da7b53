// The log of casts against what it promises: once, in order, complete or reported, and bounded.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cast } from '../../src/core/cast.ts';
import { packetBytes } from '../../src/core/cast.ts';
import { CastLog } from '../../src/core/cast-log.ts';
import { Engine } from '../../src/core/engine.ts';
import type { CoreLimits } from '../../src/core/limits.ts';
import { CORE_LIMITS } from '../../src/core/limits.ts';
import { PROFILES } from '../../src/core/profile.ts';
import { simulationHash } from '../../src/sim/hash.ts';
import { memberAt } from '../support/members.ts';

const WINDOW_MS = CORE_LIMITS.messageWindowMs;

class LogDriver {
  readonly engine: Engine;
  readonly log: CastLog;
  /** Texts that were delivered, and 'gap n' for n that were not. */
  readonly told: string[] = [];

  constructor(limits: Partial<CoreLimits> = {}) {
    this.engine = new Engine({
      k: 8,
      hash: simulationHash,
      seed: 1,
      self: memberAt(0),
      profile: PROFILES.local,
      limits: { ...CORE_LIMITS, ...limits },
    });
    this.engine.now = 1_000;
    this.log = new CastLog(this.engine);
    this.log.tuned = true;
  }

  receive(sequence: number, rest: Partial<Cast> = {}): boolean {
    const cast: Cast = {
      sender: 'a',
      incarnation: 1,
      sequence,
      floor: 1,
      sentAt: 0,
      ageMs: 0,
      packets: [`${sequence}`],
      ...rest,
    };
    const isNew = this.log.receive(cast, 'b');
    this.poll();
    return isNew;
  }

  advance(ms: number): void {
    const end = this.engine.now + ms;
    for (let next = this.engine.nextTimeout(); next <= end; next = this.engine.nextTimeout()) {
      this.engine.now = next;
      this.engine.runTimers();
      this.poll();
    }
    this.engine.now = end;
  }

  poll(): void {
    for (let effect = this.engine.poll(); effect !== undefined; effect = this.engine.poll()) {
      if (effect.type !== 'event') continue;
      if (effect.event.type === 'message') this.told.push(String(effect.event.message.packets[0]));
      if (effect.event.type === 'gap') this.told.push(`gap ${effect.event.count}`);
    }
  }
}

describe('what is received', () => {
  it('is delivered once and in order, in whatever order and however often it comes', () => {
    const sequences = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 40 });
    fc.assert(
      fc.property(sequences, (arrivals) => {
        const driver = new LogDriver();
        const seen = new Set<number>();
        for (const sequence of arrivals) {
          expect(driver.receive(sequence)).toBe(!seen.has(sequence));
          seen.add(sequence);
          let next = 1;
          while (seen.has(next)) next += 1;
          expect(driver.told).toEqual(Array.from({ length: next - 1 }, (_, i) => `${i + 1}`));
        }
      }),
    );
  });

  it('goes on behind a gap that stays, and says how many are lost', () => {
    const driver = new LogDriver();
    for (const sequence of [1, 4, 5, 7]) driver.receive(sequence);
    driver.advance(WINDOW_MS - 1);
    expect(driver.told).toEqual(['1']);
    driver.advance(WINDOW_MS * 2);
    expect(driver.told).toEqual(['1', 'gap 2', '4', '5', 'gap 1', '7']);
    expect(driver.receive(6)).toBe(false);
  });

  it('that others have and nobody gives is reported as well', () => {
    const driver = new LogDriver();
    driver.receive(1);
    const stream = { sender: 'a', incarnation: 1, floor: 1, next: 4, end: 4, ageMs: 0 };
    expect(driver.log.compare(stream)).toBe(true);
    expect(driver.log.missing('a', 1, 4, 9)).toEqual([2, 3]);
    driver.advance(WINDOW_MS + 1);
    expect(driver.told).toEqual(['1', 'gap 2']);
  });

  it('is owed from its floor on to who was there, and from the first on to who came later', () => {
    const resident = new LogDriver();
    resident.receive(9, { floor: 8 });
    expect(resident.log.missing('a', 1, 9, 9)).toEqual([8]);
    const newcomer = new LogDriver();
    newcomer.log.tuned = false;
    newcomer.receive(9, { floor: 8 });
    expect(newcomer.told).toEqual(['9']);
  });

  it('of another life of the sender is another stream', () => {
    const driver = new LogDriver();
    driver.receive(1);
    expect(driver.receive(1, { incarnation: 2 })).toBe(true);
  });

  it('is not new when it is older than the window and its stream is forgotten', () => {
    const driver = new LogDriver();
    driver.receive(1);
    driver.advance(WINDOW_MS * 2 + 1);
    driver.log.purge();
    expect(driver.log.isEmpty).toBe(true);
    expect(driver.receive(1, { ageMs: WINDOW_MS + 1 })).toBe(false);
  });

  it('of this node itself is never new', () => {
    const driver = new LogDriver();
    expect(driver.receive(1, { sender: driver.engine.self.id })).toBe(false);
  });
});

describe('the window', () => {
  it('gives up the oldest casts when there are too many bytes, delivering what waited', () => {
    const driver = new LogDriver({ messageWindowBytes: 5_000 });
    for (let sequence = 2; sequence < 40; sequence++) driver.receive(sequence);
    expect(driver.told.slice(0, 3)).toEqual(['gap 1', '2', '3']);
    driver.receive(1);
    expect(driver.told).toHaveLength(39);
    const kept = Array.from({ length: 40 }, (_, i) => driver.log.kept('a', 1, i)).filter(Boolean);
    expect(kept.length).toBeLessThan(20);
  });

  it('forgets casts with time, and later what it knew of their sender', () => {
    const driver = new LogDriver();
    driver.receive(1);
    driver.advance(WINDOW_MS + 1);
    driver.log.purge();
    expect(driver.log.kept('a', 1, 1)).toBeUndefined();
    expect(driver.log.streams(9)).toEqual([]);
    expect(driver.receive(1)).toBe(false);
  });

  it('knows a bounded number of senders, those heard last', () => {
    const driver = new LogDriver({ messageSenders: 3 });
    for (let i = 0; i < 9; i++) driver.receive(1, { sender: `s${i}` });
    expect(driver.log.streams(99).map(({ sender }) => sender)).toEqual(['s8', 's7', 's6']);
  });

  it('does not grow with a sequence out of all bounds', () => {
    const driver = new LogDriver();
    driver.receive(1);
    driver.receive(2 ** 50);
    expect(driver.log.missing('a', 1, 2 ** 50, 256)).toHaveLength(256);
    driver.advance(WINDOW_MS + 1);
    expect(driver.told).toEqual(['1', `gap ${2 ** 50 - 2}`, `${2 ** 50}`]);
  });
});

describe('the size of packets', () => {
  it('is that of their UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(packetBytes([text])).toBe(new TextEncoder().encode(text).length);
      }),
    );
    expect(packetBytes(['\ud800a', new Uint8Array(3)])).toBe(7);
  });
});
