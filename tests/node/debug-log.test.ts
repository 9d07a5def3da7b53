// The log: what reaches a logger, what is printed, and at which level.
import { describe, expect, it } from 'vitest';
import { ChordSocket } from '../../src/index.ts';
import { DebugLog, LOG_LEVELS, type Logger } from '../../src/node/debug-log.ts';

function printed(debugLevel: number): string[] {
  const lines: string[] = [];
  const log = new DebugLog({
    logger: undefined,
    debugLevel,
    port: () => 4444,
    print: (line) => lines.push(line),
  });
  for (const level of LOG_LEVELS) log.write(level, `a ${level}`);
  return lines;
}

describe('debugLevel', () => {
  it('prints nothing at 0 and everything at 5, each level one kind more', () => {
    expect([0, 1, 2, 3, 4, 5].map((level) => printed(level).length)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('begins each line with the port', () => {
    expect(printed(1)).toEqual(['4444 a error']);
  });

  it('shows details behind the message, errors by their sentence', () => {
    const lines: string[] = [];
    const log = new DebugLog({
      logger: undefined,
      debugLevel: 5,
      port: () => 1,
      print: (line) => lines.push(line),
    });
    log.write('warn', 'refused', { error: new Error('no'), n: 1 });
    expect(lines).toEqual(['1 refused {"error":"no","n":1}']);
  });
});

it('a logger hears every level, with its details, whatever is printed', () => {
  const heard: unknown[] = [];
  const hear =
    (level: string) =>
    (details: object, message: string): void => {
      heard.push([level, details, message]);
    };
  const logger = Object.fromEntries(LOG_LEVELS.map((level) => [level, hear(level)])) as unknown as Logger;
  const log = new DebugLog({ logger, debugLevel: 0, port: () => 1 });
  log.write('trace', 'received ping', { from: 'x' });
  expect(heard).toEqual([['trace', { from: 'x' }, 'received ping']]);
  expect(log.hears('trace')).toBe(true);
});

it('a logger that throws loses its line, and nothing else', async () => {
  const log = new DebugLog({ logger: broken(), debugLevel: 0, port: () => 1 });
  expect(() => log.write('error', 'lost')).not.toThrow();
  const member = new ChordSocket('127.0.0.1', 0, { profile: 'local', logger: broken() });
  const client = new ChordSocket('127.0.0.1', 0, { profile: 'local', logger: broken() });
  try {
    await member.join();
    await client.connect(...member.outAddr);
    await client.set('a', '1');
    expect(await member.has('a')).toBe(true);
  } finally {
    await Promise.all([client.close(), member.close()]);
  }
});

function broken(): Logger {
  const fail = (): never => {
    throw new Error('no space left on device');
  };
  return { error: fail, warn: fail, info: fail, debug: fail, trace: fail };
}
