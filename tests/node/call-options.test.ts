// What every call may be told.
import { describe, expect, it } from 'vitest';
import { Deadline, parseCall } from '../../src/node/call-options.ts';

const DEFAULTS = { consistency: 'quorum', timeoutMs: 10_000 } as const;

describe('parseCall', () => {
  it("fills in the socket's defaults", () => {
    expect(parseCall(undefined, DEFAULTS)).toEqual({ ...DEFAULTS, signal: undefined });
    expect(parseCall({ timeoutMs: undefined }, DEFAULTS)).toEqual({ ...DEFAULTS, signal: undefined });
  });

  it('takes what is given', () => {
    const { signal } = new AbortController();
    expect(parseCall({ consistency: 'one', timeoutMs: 0.5, signal }, DEFAULTS)).toEqual({
      consistency: 'one',
      timeoutMs: 0.5,
      signal,
    });
  });

  it.each<[string, unknown]>([
    ['a number for options', 5],
    ['null for options', null],
    ['an unknown name', { timeout: 5 }],
    ['a name of another call', { ttlMs: 5 }],
    ['an unknown consistency', { consistency: 'most' }],
    ['null for a consistency', { consistency: null }],
    ['a time-out as text', { timeoutMs: '5' }],
    ['a signal that is none', { signal: {} }],
    ['null for a signal', { signal: null }],
  ])('refuses %s as a type', (_name, options) => {
    expect(() => parseCall(options, DEFAULTS)).toThrow(TypeError);
  });

  it.each([0, -1, Number.NaN, Infinity, 2 ** 31])('refuses a time-out of %d ms', (timeoutMs) => {
    expect(() => parseCall({ timeoutMs }, DEFAULTS)).toThrow(RangeError);
  });

  it('throws the reason of a signal that is aborted already', () => {
    const reason = new Error('enough');
    expect(() => parseCall({ signal: AbortSignal.abort(reason) }, DEFAULTS)).toThrow(reason);
  });
});

describe('a signal', () => {
  it('ends any number of calls without a warning of Node', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    try {
      const { signal } = new AbortController();
      parseCall({ signal }, DEFAULTS);
      for (let i = 0; i < 20; i++) signal.addEventListener('abort', () => {});
      // Warnings are told in a later turn.
      await new Promise((resolve) => setImmediate(resolve));
      expect(warnings).toEqual([]);
    } finally {
      process.off('warning', note);
    }
  });
});

describe('Deadline', () => {
  it('leaves whole milliseconds, so that sentences can name them', () => {
    const deadline = new Deadline(parseCall({ timeoutMs: 60_000 }, DEFAULTS));
    const { timeoutMs } = deadline.next('waiting');
    expect(timeoutMs).toBe(Math.round(timeoutMs));
  });

  it('gives later requests what is left of the time', () => {
    const deadline = new Deadline(parseCall({ timeoutMs: 60_000 }, DEFAULTS));
    const { timeoutMs } = deadline.next('the test');
    expect(timeoutMs).toBeGreaterThan(0);
    expect(timeoutMs).toBeLessThanOrEqual(60_000);
  });

  it('says what was not done once the time is over', () => {
    const deadline = new Deadline({ ...DEFAULTS, timeoutMs: -1, signal: undefined });
    expect(() => deadline.next('popItem')).toThrow(
      expect.objectContaining({ code: 'ERR_TIMEOUT', message: expect.stringContaining('popItem') as string }),
    );
  });
});
