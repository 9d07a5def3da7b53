// When a silent member is held to be dead: not on our word alone.
import { describe, expect, it } from 'vitest';
import type { Contact } from '../../src/core/contact.ts';
import { FailureDetector } from '../../src/core/failure-detector.ts';
import { PROFILES } from '../../src/core/profile.ts';
import { World } from '../../src/sim/world.ts';
import { EngineDriver } from '../support/engine-driver.ts';
import { memberAt } from '../support/members.ts';
import { at, isIdeal, joinedRing } from '../support/rings.ts';

const { evictAfterMs, requestMaxMs } = PROFILES.local;
const ALIVE = { type: 'checked', alive: true } as const;
const GONE = { type: 'checked', alive: false } as const;
const PONG = { type: 'pong', wallMs: 0 } as const;

/** A member with these neighbours, one of which it suspects. */
class Scene {
  readonly driver = new EngineDriver();
  readonly detector: FailureDetector;
  readonly dead: string[] = [];
  readonly suspected: string[] = [];

  constructor(neighbours: readonly number[]) {
    let contacts = neighbours.map((position) => memberAt(position));
    this.detector = new FailureDetector(this.driver.engine, {
      contactOf: (id: string): Contact | undefined => contacts.find((contact) => contact.id === id),
      neighbours: () => contacts,
      suspected: ({ id }) => {
        this.suspected.push(id);
      },
      dead: ({ id }) => {
        this.dead.push(id);
        contacts = contacts.filter((contact) => contact.id !== id);
      },
    });
  }

  suspect(id: string): void {
    this.detector.suspect(id);
    this.driver.poll();
  }

  get asked(): string[] {
    return this.driver.open.map(({ to, body }) => `${body.type} ${to}`);
  }
}

describe('a suspect', () => {
  it('is pinged, and a neighbour is asked to ping it too', () => {
    const scene = new Scene([10, 20, 30]);
    scene.suspect('m10');
    expect(scene.asked).toEqual(['ping m10', 'check m20']);
    expect(scene.driver.openOf('check')[0]?.body.suspect).toEqual(memberAt(10));
  });

  it('is asked only once at a time, and not at all if its life does not matter here', () => {
    const scene = new Scene([10, 20]);
    scene.suspect('m10');
    scene.suspect('m10');
    scene.suspect('stranger');
    expect(scene.asked).toEqual(['ping m10', 'check m20']);
  });

  it('is suspected as soon as any request to it was not answered', () => {
    const scene = new Scene([10, 20]);
    scene.driver.engine.call(memberAt(10), { type: 'describe' }, () => {});
    scene.driver.poll();
    scene.driver.advance(requestMaxMs);
    expect(scene.asked).toContain('check m20');
  });

  it('that answers is no suspect any more, whatever the neighbour says', () => {
    const scene = new Scene([10, 20]);
    scene.suspect('m10');
    scene.driver.answer('m10', 'ping', PONG);
    scene.driver.answer('m20', 'check', GONE);
    scene.driver.advance(10 * evictAfterMs);
    expect([scene.dead, scene.asked]).toEqual([[], []]);
  });

  it('that cannot be dialled is dead at once if the neighbour cannot reach it either', () => {
    const scene = new Scene([10, 20]);
    scene.suspect('m10');
    scene.driver.refuse('m10');
    expect(scene.dead).toEqual([]);
    scene.driver.answer('m20', 'check', GONE);
    expect(scene.dead).toEqual(['m10']);
  });

  it('that a neighbour reaches is kept, however long the pair between us is broken', () => {
    const scene = new Scene([10, 20]);
    scene.suspect('m10');
    for (let round = 0; round < 10; round++) {
      if (scene.driver.openOf('ping').length > 0) scene.driver.refuse('m10');
      if (scene.driver.openOf('check').length > 0) scene.driver.answer('m20', 'check', ALIVE);
      scene.driver.advance(evictAfterMs);
    }
    expect(scene.dead).toEqual([]);
  });

  it('that is silent to both is dead after evictAfterMs, not before', () => {
    const scene = new Scene([10, 20]);
    scene.suspect('m10');
    scene.driver.answer('m20', 'check', GONE);
    scene.driver.advance(evictAfterMs - 1);
    expect(scene.dead).toEqual([]);
    for (let waited = 0; waited < 2 * requestMaxMs; waited += 100) {
      if (scene.driver.openOf('check').length > 0) scene.driver.answer('m20', 'check', GONE);
      scene.driver.advance(100);
    }
    expect(scene.dead).toEqual(['m10']);
  });

  it('is tried several times where nobody else can be asked', () => {
    const scene = new Scene([10]);
    scene.suspect('m10');
    expect(scene.asked).toEqual(['ping m10']);
    for (let round = 0; round < 3; round++) {
      expect(scene.dead).toEqual([]);
      scene.driver.refuse('m10');
      scene.driver.advance(evictAfterMs / 4);
    }
    expect(scene.dead).toEqual(['m10']);
  });

  it('is looked at through another neighbour each time, but never through another suspect', () => {
    const scene = new Scene([10, 20, 30, 40]);
    scene.suspect('m40');
    scene.suspect('m10');
    const asked = new Set<string>();
    for (let round = 0; round < 4; round++) {
      for (const { to, body } of scene.driver.openOf('check')) {
        if (body.suspect.id === 'm10') asked.add(to);
        scene.driver.answer(to, 'check', ALIVE);
      }
      scene.driver.refuse('m10');
      scene.driver.advance(evictAfterMs);
    }
    expect(asked).toEqual(new Set(['m20', 'm30']));
  });

  it('is not held to be dead because the neighbour is silent as well', () => {
    const scene = new Scene([10, 20]);
    scene.suspect('m10');
    scene.driver.refuse('m10');
    scene.driver.refuse('m20');
    expect(scene.dead).toEqual([]);
  });
});

describe('a member that is asked to check another', () => {
  it('pings it and says whether it answered', () => {
    const scene = new Scene([]);
    for (const number of [1, 2]) scene.detector.handleCheck('m10', number, memberAt(20));
    scene.driver.poll();
    scene.driver.answer('m20', 'ping', PONG);
    scene.driver.refuse('m20');
    expect(scene.driver.replies).toEqual([
      { to: 'm10', body: ALIVE },
      { to: 'm10', body: GONE },
    ]);
  });

  it('knows without a ping whether it is a member itself', () => {
    const scene = new Scene([]);
    scene.detector.handleCheck('m10', 1, memberAt(0));
    scene.driver.engine.member = false;
    scene.detector.handleCheck('m10', 2, memberAt(0));
    scene.driver.poll();
    expect(scene.driver.replies.map(({ body }) => body)).toEqual([ALIVE, GONE]);
  });
});

describe('in a ring of four', () => {
  const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);

  it('two neighbours that cannot reach each other keep each other, because a third reaches both', () => {
    for (const seed of SEEDS) {
      const world = new World({ seed, k: 16 });
      const nodes = joinedRing(world, 4);
      expect(
        world.runUntil(() => isIdeal(world), 5_000),
        `seed ${seed}`,
      ).toBe(true);
      const [first, other] = [at(nodes, 0), at(nodes, 1)];
      world.partition([first], [other]);
      const id = other.machine.self.id;
      // Every way of dropping it would be through the list, for however short a time.
      const lost = world.runUntil(
        () => !first.machine.neighbourhood.successors.some((contact) => contact.id === id),
        20 * evictAfterMs,
      );
      expect(lost, `seed ${seed}`).toBe(false);
      world.heal();
      expect(
        world.runUntil(() => isIdeal(world), 5_000),
        `seed ${seed}`,
      ).toBe(true);
    }
  });

  it('a crashed member is dropped by all within a few time-outs, and nobody else', () => {
    for (const seed of SEEDS) {
      const world = new World({ seed, k: 16 });
      const nodes = joinedRing(world, 4);
      expect(
        world.runUntil(() => isIdeal(world), 5_000),
        `seed ${seed}`,
      ).toBe(true);
      world.crash(at(nodes, seed % 4));
      expect(
        world.runUntil(() => isIdeal(world), 5 * evictAfterMs),
        `seed ${seed}`,
      ).toBe(true);
    }
  });
});
