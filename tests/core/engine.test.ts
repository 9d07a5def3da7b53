// The engine: every request ends once, with the answer of the peer that was asked, or without one.
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../src/core/engine.ts';
import { PROFILES } from '../../src/core/profile.ts';
import { EngineDriver } from '../support/engine-driver.ts';
import { memberAt } from '../support/members.ts';

const { requestMinMs, requestMaxMs } = PROFILES.local;
const PONG = { type: 'pong', wallMs: 0 } as const;

/** An engine that has sent a ping to m10 and one to m20; what became of them, and who was silent. */
class Scene {
  readonly driver = new EngineDriver();
  readonly ended: string[] = [];
  readonly silent: string[] = [];
  readonly numbers: number[];

  constructor() {
    const { engine } = this.driver;
    engine.onSilence = (id) => this.silent.push(id);
    this.numbers = [10, 20].map((position) => {
      const done = ({ type, ms }: Answer): number => this.ended.push(`m${position} ${type} ${ms}`);
      return engine.call(memberAt(position), { type: 'ping' }, done);
    });
    this.driver.poll();
  }

  reply(from: string, number: number | undefined): void {
    this.driver.engine.handleReply(from, number ?? -1, PONG);
  }
}

describe('a request', () => {
  it('ends with the reply of the peer that was asked, and the time it took', () => {
    const scene = new Scene();
    scene.driver.advance(5);
    scene.reply('m10', scene.numbers[0]);
    expect(scene.ended).toEqual(['m10 reply 5']);
  });

  it('ends once: neither a second reply nor the time-out is heard after the first', () => {
    const scene = new Scene();
    for (const times of [1, 2]) scene.reply('m10', scene.numbers[0] ?? times);
    scene.driver.refuse('m10');
    scene.driver.advance(10 * requestMaxMs);
    expect(scene.ended.filter((end) => end.startsWith('m10'))).toEqual(['m10 reply 0']);
  });

  it('is not ended by another peer, nor by a number that was never sent', () => {
    const scene = new Scene();
    scene.reply('m20', scene.numbers[0]);
    scene.reply('stranger', scene.numbers[0]);
    scene.reply('m10', 1_000);
    expect(scene.ended).toEqual([]);
  });

  it('ends in silence after the longest time-out where the peer is new, and a late reply is nothing', () => {
    const scene = new Scene();
    scene.driver.advance(requestMaxMs - 1);
    expect(scene.ended).toEqual([]);
    scene.driver.advance(1);
    scene.reply('m10', scene.numbers[0]);
    expect(scene.ended).toEqual([`m10 silence ${requestMaxMs}`, `m20 silence ${requestMaxMs}`]);
    expect(scene.silent).toEqual(['m10', 'm20']);
    expect(scene.driver.engine.peers.isSuspected('m10')).toBe(true);
  });

  it('ends sooner where the peer is known to be quick', () => {
    const scene = new Scene();
    scene.reply('m10', scene.numbers[0]);
    scene.driver.engine.call('m10', { type: 'ping' }, ({ type, ms }) => scene.ended.push(`${type} ${ms}`));
    scene.driver.advance(requestMinMs);
    expect(scene.ended).toEqual(['m10 reply 0', `silence ${requestMinMs}`]);
  });

  it('ends at once where the peer cannot be reached, and no other does', () => {
    const scene = new Scene();
    scene.driver.refuse('m20');
    expect(scene.ended).toEqual(['m20 unreachable 0']);
    expect(scene.silent).toEqual(['m20']);
  });

  it('that is abandoned ends without a word, and nobody is suspected for it', () => {
    const scene = new Scene();
    scene.driver.engine.abandon(scene.numbers[0] ?? -1);
    scene.driver.engine.abandon(1_000);
    scene.reply('m10', scene.numbers[0]);
    scene.driver.advance(10 * requestMaxMs);
    expect(scene.ended).toEqual([`m20 silence ${requestMaxMs}`]);
    expect(scene.silent).toEqual(['m20']);
  });
});

describe('deferred work', () => {
  it('runs once, before the last effect of the turn has been polled, and so does what it defers', () => {
    const { engine } = new EngineDriver();
    const ran: string[] = [];
    engine.defer(() => {
      ran.push('first');
      engine.reply('m10', 1, PONG);
      engine.defer(() => ran.push('second'));
    });
    expect(ran).toEqual([]);
    expect(engine.poll()).toMatchObject({ type: 'send', to: 'm10' });
    expect(engine.poll()).toBeUndefined();
    expect(engine.poll()).toBeUndefined();
    expect(ran).toEqual(['first', 'second']);
  });
});
