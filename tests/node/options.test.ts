// Options: what a constructor takes, what it fills in, and what it refuses at once.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROFILES } from '../../src/core/profile.ts';
import { parseSocketConfig } from '../../src/node/options.ts';
import { chordProtocol, Protocol } from '../../src/node/protocol.ts';
import { DurableStore } from '../../src/storage/durable-store.ts';
import { MemoryStorage } from '../../src/storage/memory-storage.ts';
import { WIRE_LIMITS } from '../../src/wire/limits.ts';

const SSL = new Protocol('orders', 'SSL');
const PLAINTEXT = new Protocol('orders', 'Plaintext');

function parse(options?: unknown, addr: unknown = '127.0.0.1', port: unknown = 4444): unknown {
  return parseSocketConfig(addr, port, options, chordProtocol);
}

describe('defaults', () => {
  it('are those of the documented table', () => {
    expect(parse()).toMatchObject({
      host: '127.0.0.1',
      port: 4444,
      k: 32,
      protocol: chordProtocol,
      outAddr: undefined,
      secrets: [],
      replicas: 3,
      consistency: 'quorum',
      profile: PROFILES.lan,
      debugLevel: 0,
      logger: undefined,
    });
  });

  it('stand in for options that are given as undefined', () => {
    expect(parse({ k: undefined, secret: undefined, limits: undefined, protocol: undefined })).toEqual(
      parse(),
    );
  });

  it('of the limits are the documented sizes of key and value', () => {
    expect(parse()).toMatchObject({ limits: { keyBytes: 1_024, valueBytes: 1_048_576 } });
  });
});

describe('what is taken', () => {
  it.each([
    ['the smallest k', { k: 1 }, { k: 1 }],
    ['the largest k', { k: 48 }, { k: 48 }],
    ['a protocol', { protocol: SSL }, { protocol: SSL }],
    ["a protocol under the reference's name", { prot: PLAINTEXT }, { protocol: PLAINTEXT }],
    ['the same protocol under both names', { prot: SSL, protocol: SSL }, { protocol: SSL }],
    ['an out address', { outAddr: ['35.24.77.21', 44565] }, { outAddr: ['35.24.77.21', 44565] }],
    ['an IPv6 out address in brackets', { outAddr: ['[::1]', 1] }, { outAddr: ['::1', 1] }],
    ['a secret as text', { secret: 'é' }, { secrets: [Buffer.from('é')] }],
    [
      'secrets for a rotation',
      { secret: ['b', Uint8Array.of(97)] },
      { secrets: [Buffer.from('b'), Uint8Array.of(97)] },
    ],
    ['the one heal there is', { onQuorumLost: 'heal' }, { k: 32 }],
    ['a profile', { profile: 'wan' }, { profile: PROFILES.wan }],
    [
      'the largest value',
      { limits: { valueBytes: 64 * 1_048_576 } },
      { limits: { valueBytes: 64 * 1_048_576 } },
    ],
    ['every debug level', { debugLevel: 5 }, { debugLevel: 5 }],
  ])('%s', (_name, options, expected) => {
    expect(parse(options)).toMatchObject(expected);
  });

  it('a frame that is large enough for the largest value', () => {
    const { limits } = parseSocketConfig('a', 0, { limits: { valueBytes: 8_000_000 } }, chordProtocol);
    expect(limits.frameBytes).toBeGreaterThan(limits.valueBytes + limits.pageBytes + limits.keyBytes);
  });

  it('the largest of everything, which fits the largest frame that may be sent', () => {
    const { keyBytes, valueBytes, messageBytes, itemsMax, frameBytes } = WIRE_LIMITS;
    const most = { keyBytes, valueBytes, messageBytes, pageEntries: itemsMax, pageBytes: 16 * 1_048_576 };
    const { limits } = parseSocketConfig('a', 0, { limits: most }, chordProtocol);
    expect(limits.frameBytes).toBeLessThanOrEqual(frameBytes);
  });

  it('a directory, whole or with its sync policy, as a durable store that was not touched yet', () => {
    const { storage } = parseSocketConfig('a', 0, { storage: 'data' }, chordProtocol);
    expect(storage).toBeInstanceOf(DurableStore);
    expect((storage as DurableStore).directory).toBe(resolve('data'));
    const given = { directory: 'data', sync: 'interval', syncEveryMs: 100 };
    expect(parse({ storage: given })).toMatchObject({ storage: { directory: resolve('data') } });
    expect(existsSync('data')).toBe(false);
  });

  it('any object that meets the Store contract', () => {
    const storage = new MemoryStorage();
    expect(parseSocketConfig('a', 0, { storage }, chordProtocol).storage).toBe(storage);
  });

  it('port 0, for a free one', () => {
    expect(parse({}, '0.0.0.0', 0)).toMatchObject({ host: '0.0.0.0', port: 0 });
  });
});

describe('what is refused as a wrong type', () => {
  it.each<[string, unknown]>([
    ['options that are no object', 5],
    ['null for options', null],
    ['a list for options', []],
    ['an unknown option', { kay: 2 }],
    ['k as text', { k: '2' }],
    ['k as null', { k: null }],
    ['a protocol that is none', { protocol: { subnet: 'chord', encryption: 'SSL' } }],
    ['two different protocols', { protocol: SSL, prot: PLAINTEXT }],
    ['an out address as text', { outAddr: '1.2.3.4:5' }],
    ['an out address without a host', { outAddr: ['', 5] }],
    ['an out address that nobody can dial', { outAddr: ['0.0.0.0', 5] }],
    ['the IPv6 one of these', { outAddr: ['[::]', 5] }],
    ['an out port as text', { outAddr: ['1.2.3.4', '5'] }],
    ['a secret that is a number', { secret: 7 }],
    ['a secret in plaintext', { secret: 's', protocol: PLAINTEXT }],
    ['replicas as text', { replicas: '3' }],
    ['an unknown consistency', { consistency: 'two' }],
    ['an unknown answer to a lost quorum', { onQuorumLost: 'pray' }],
    ['null for a protocol', { protocol: null }],
    ["null under the reference's name for it", { prot: null }],
    ['null for both', { protocol: null, prot: null }],
    ['null for an answer to a lost quorum', { onQuorumLost: null }],
    ['an unknown profile', { profile: 'moon' }],
    ['a profile that is a method of objects', { profile: 'toString' }],
    ['limits that are a number', { limits: 5 }],
    ['an unknown limit', { limits: { keys: 5 } }],
    ['a limit as text', { limits: { keyBytes: '5' } }],
    ['a logger without methods', { logger: {} }],
    ['a debug level as text', { debugLevel: '5' }],
    ['a transport that is none', { transport: 'tcp' }],
    ['a storage that is a number', { storage: 5 }],
    ['null as storage', { storage: null }],
    ['an empty directory', { storage: '' }],
    ['a directory that is a number', { storage: { directory: 5 } }],
    ['an unknown sync policy', { storage: { directory: 'd', sync: 'sometimes' } }],
    ['an interval for another policy', { storage: { directory: 'd', syncEveryMs: 100 } }],
    ['an unknown option of a directory', { storage: { directory: 'd', path: 'e' } }],
    ['an object that is no store', { storage: { open: () => {}, write: () => {} } }],
  ])('%s', (_name, options) => {
    expect(() => parse(options)).toThrow(TypeError);
  });

  it.each<[string, unknown, unknown]>([
    ['an address that is a number', 5, 4444],
    ['an empty address', '', 4444],
    ['a port as text', '127.0.0.1', '4444'],
    ['no port', '127.0.0.1', null],
  ])('%s', (_name, addr, port) => {
    expect(() => parse({}, addr, port)).toThrow(TypeError);
  });
});

describe('what is refused as out of range', () => {
  it.each<[string, unknown]>([
    ['k = 0', { k: 0 }],
    ['k = 49', { k: 49 }],
    ['k = 2.5', { k: 2.5 }],
    ['k = NaN', { k: Number.NaN }],
    ['no replicas', { replicas: 0 }],
    ['too many replicas', { replicas: 17 }],
    [
      'an interval of a minute and more',
      { storage: { directory: 'd', sync: 'interval', syncEveryMs: 60_001 } },
    ],
    ['an out port of 0', { outAddr: ['1.2.3.4', 0] }],
    ['an out port above 65535', { outAddr: ['1.2.3.4', 65_536] }],
    ['an empty secret', { secret: '' }],
    ['an empty list of secrets', { secret: [] }],
    ['a debug level of 6', { debugLevel: 6 }],
    ['values above 64 MiB', { limits: { valueBytes: 64 * 1_048_576 + 1 } }],
    ['a negative limit', { limits: { inFlight: -1 } }],
    ['a frame that is smaller than the largest value', { limits: { frameBytes: 1_048_576 } }],
  ])('%s', (_name, options) => {
    expect(() => parse(options)).toThrow(RangeError);
  });

  it.each([-1, 65_536, 1.5, Number.NaN])('port %d', (port) => {
    expect(() => parse({}, '127.0.0.1', port)).toThrow(RangeError);
  });
});

describe('onQuorumLost', () => {
  it('take both answers to a lost quorum, and heal by default', () => {
    expect(parse({})).toMatchObject({ onQuorumLost: 'heal' });
    expect(parse({ onQuorumLost: 'refuse' })).toMatchObject({ onQuorumLost: 'refuse' });
  });
});

describe('complaints', () => {
  it('name the option, what was expected and what was got', () => {
    expect(() => parse({ k: 0 })).toThrow('k must be an integer from 1 to 48, got 0');
    expect(() => parse({ kay: 2 })).toThrow(/'kay'.*k, protocol, prot/);
  });
});
