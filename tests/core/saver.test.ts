// Saver: one batch a turn, and who waits is told once all before it is stored, or could not be.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Effect } from '../../src/core/effect.ts';
import type { SavedRecord } from '../../src/core/saved.ts';
import { Saver } from '../../src/core/saver.ts';

const RETRY_MS = 100;

class Scene {
  readonly saver: Saver;
  /** Batches under way: token and keys. */
  readonly batches: { token: number; keys: string[] }[] = [];
  readonly told: string[] = [];
  #deferred: (() => void)[] = [];
  #timers: (() => void)[] = [];

  constructor(durable = true) {
    this.saver = new Saver(durable, RETRY_MS, {
      effect: (effect) => this.#effect(effect),
      defer: (action) => this.#deferred.push(action),
      after: (_, action) => this.#timers.push(action),
    });
  }

  save(key: string): void {
    this.saver.save({ type: 'forgotten', position: 0, key });
  }

  wait(name: string): void {
    this.saver.whenSaved((saved) => this.told.push(`${name} ${saved ? 'saved' : 'unsaved'}`));
  }

  endTurn(): void {
    for (const action of this.#deferred.splice(0)) action();
  }

  /** Everything that is due runs. */
  wake(): void {
    for (const action of this.#timers.splice(0)) action();
  }

  end(well: boolean): void {
    const batch = this.batches.shift();
    if (batch === undefined) return;
    if (well) this.saver.handleSaved(batch.token);
    else this.saver.handleSaveFailed(batch.token, 'disk full');
  }

  #effect(effect: Effect): void {
    if (effect.type !== 'save') throw new Error(effect.type);
    this.batches.push({ token: effect.token, keys: effect.records.map(keyOf) });
  }
}

function keyOf(record: SavedRecord): string {
  return record.type === 'forgotten' ? record.key : record.type;
}

describe('a saver', () => {
  it('that is not durable writes nothing, and nobody waits', () => {
    const scene = new Scene(false);
    scene.save('a');
    scene.wait('one');
    scene.endTurn();
    expect([scene.batches, scene.told]).toEqual([[], ['one saved']]);
  });

  it('writes what one turn brought in one batch', () => {
    const scene = new Scene();
    scene.save('a');
    scene.save('b');
    expect(scene.batches).toEqual([]);
    scene.endTurn();
    scene.save('c');
    scene.endTurn();
    expect(scene.batches.map(({ keys }) => keys)).toEqual([['a', 'b'], ['c']]);
  });

  it('tells who waits once all that came before is stored', () => {
    const scene = new Scene();
    scene.wait('nothing');
    scene.save('a');
    scene.wait('a');
    scene.endTurn();
    scene.wait('also a');
    scene.save('b');
    scene.wait('b');
    scene.endTurn();
    expect(scene.told).toEqual(['nothing saved']);
    scene.end(true);
    expect(scene.told).toEqual(['nothing saved', 'a saved', 'also a saved']);
    scene.end(true);
    expect(scene.told.at(-1)).toBe('b saved');
    scene.wait('later');
    expect(scene.told.at(-1)).toBe('later saved');
  });

  it('that cannot store tells who waits, says why, and tries again until it can', () => {
    const scene = new Scene();
    scene.save('a');
    scene.wait('a');
    scene.endTurn();
    scene.end(false);
    expect([scene.told, scene.saver.failure]).toEqual([['a unsaved'], 'disk full']);
    scene.wait('meanwhile');
    expect(scene.told.at(-1)).toBe('meanwhile unsaved');
    scene.wake();
    expect(scene.batches.map(({ keys }) => keys)).toEqual([['a']]);
    scene.end(false);
    scene.wake();
    scene.wait('again');
    scene.end(true);
    expect([scene.told.at(-1), scene.saver.failure]).toEqual(['again saved', undefined]);
    scene.wake();
    expect(scene.batches).toEqual([]);
  });

  it('takes what could not be stored into the next batch, in front', () => {
    const scene = new Scene();
    scene.save('a');
    scene.endTurn();
    scene.end(false);
    scene.save('b');
    scene.endTurn();
    expect(scene.batches.map(({ keys }) => keys)).toEqual([['a', 'b']]);
  });

  it('is not healed by a later batch while an earlier one is not stored', () => {
    const scene = new Scene();
    scene.save('a');
    scene.endTurn();
    scene.save('b');
    scene.endTurn();
    scene.end(false);
    scene.end(true);
    scene.wait('both');
    expect(scene.told).toEqual(['both unsaved']);
  });

  it('hears an unknown token without effect', () => {
    const scene = new Scene();
    scene.saver.handleSaved(7);
    scene.saver.handleSaveFailed(7, 'disk full');
    expect(scene.saver.failure).toBeUndefined();
  });

  it('never tells anybody that all is saved while something is not, or is covered by something older', () => {
    const step = fc.constantFrom('save', 'wait', 'endTurn', 'well', 'badly', 'wake');
    const property = fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const scene = new Scene();
      const onDisk = new Set<string>();
      let last = -1;
      let saved = 0;
      for (const action of steps) {
        const batch = scene.batches[0];
        if (action === 'save') scene.save(`${saved++}`);
        else if (action === 'wait') {
          const before = saved;
          scene.saver.whenSaved((well) => {
            if (!well) return;
            for (let i = 0; i < before; i++) expect(onDisk.has(`${i}`), `record ${i}`).toBe(true);
            expect(last).toBeGreaterThanOrEqual(before - 1);
          });
        } else if (action === 'endTurn') scene.endTurn();
        else if (action === 'wake') scene.wake();
        else {
          if (action === 'well') {
            for (const key of batch?.keys ?? []) onDisk.add(key);
            last = Number(batch?.keys.at(-1) ?? last);
          }
          scene.end(action === 'well');
        }
      }
    });
    fc.assert(property, { seed: 20_261_122, numRuns: 3_000 });
  });

  it('has everything written in the order in which it was saved, once the disk works again', () => {
    const step = fc.constantFrom('save', 'endTurn', 'well', 'badly', 'wake');
    const property = fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const scene = new Scene();
      let [last, saved] = [-1, 0];
      const end = (well: boolean): void => {
        if (well) last = Number(scene.batches[0]?.keys.at(-1) ?? last);
        scene.end(well);
      };
      for (const action of steps) {
        if (action === 'save') scene.save(`${saved++}`);
        else if (action === 'endTurn') scene.endTurn();
        else if (action === 'wake') scene.wake();
        else end(action === 'well');
      }
      for (let i = 0; i < 10; i++) {
        scene.endTurn();
        while (scene.batches.length > 0) end(true);
        scene.wake();
      }
      expect([last, scene.saver.failure]).toEqual([saved - 1, undefined]);
    });
    fc.assert(property, { seed: 20_261_122, numRuns: 3_000 });
  });
});
