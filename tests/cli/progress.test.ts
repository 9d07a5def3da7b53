// The bar of long work on a terminal: it ends with the work, whatever that ends with. The terminal and what
// draws on it are stand-ins.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withBar } from '../../src/cli/progress.ts';

const drawn = vi.hoisted(() => ({
  start: vi.fn<() => void>(),
  advance: vi.fn<() => void>(),
  stop: vi.fn<() => void>(),
  error: vi.fn<() => void>(),
}));

vi.mock('@clack/prompts', () => ({ progress: () => drawn }));

const before = { stderr: process.stderr.isTTY, stdin: process.stdin.isTTY };

beforeEach(() => setTerminal(true, true));

afterEach(() => {
  setTerminal(before.stderr, before.stdin);
  vi.clearAllMocks();
});

function setTerminal(stderr: boolean, stdin: boolean): void {
  process.stderr.isTTY = stderr;
  process.stdin.isTTY = stdin;
}

describe('withBar', () => {
  it('ends the bar with what the work has come to', async () => {
    const listeners = process.listenerCount('exit');
    const result = await withBar(
      'counting',
      2,
      async (bar) => {
        bar.advance(1, 'one');
        return 2;
      },
      (count) => `counted ${count}`,
    );
    expect(result).toBe(2);
    expect(drawn.start).toHaveBeenCalledExactlyOnceWith('counting');
    expect(drawn.advance).toHaveBeenCalledExactlyOnceWith(1, 'one');
    expect(drawn.stop).toHaveBeenCalledExactlyOnceWith('counted 2');
    expect(drawn.error).not.toHaveBeenCalled();
    expect(process.listenerCount('exit')).toBe(listeners);
  });

  it('ends the bar when the work fails, and fails as the work does', async () => {
    const listeners = process.listenerCount('exit');
    const failure = new Error('no more');
    const failing = withBar(
      'counting',
      2,
      () => Promise.reject(failure),
      () => 'counted',
    );
    await expect(failing).rejects.toBe(failure);
    expect(drawn.error).toHaveBeenCalledExactlyOnceWith('counting');
    expect(drawn.stop).not.toHaveBeenCalled();
    expect(process.listenerCount('exit')).toBe(listeners);
  });

  it('draws nothing where there is no terminal', async () => {
    setTerminal(false, true);
    await withBar(
      'counting',
      2,
      async () => 2,
      () => 'counted',
    );
    expect(drawn.start).not.toHaveBeenCalled();
  });
});
