// How flags are read: addresses, numbers, and the terms of a network that a client takes from a node.
import { Command, InvalidArgumentError } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { adapt } from '../../src/cli/connection.ts';
import {
  addRingFlags,
  formatAddress,
  formatPair,
  parseAddress,
  parseK,
  parsePositive,
  type RingFlags,
} from '../../src/cli/flags.ts';
import { parseEntries } from '../../src/cli/update-command.ts';

function parse(...args: string[]): RingFlags {
  const command = addRingFlags(new Command('x'), 'taken from the node').exitOverride();
  command.configureOutput({ writeErr: () => undefined });
  return command.parse(args, { from: 'user' }).opts<RingFlags>();
}

describe('flags', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('reads host and port, with brackets round IPv6', () => {
    expect(parseAddress('example.org:80')).toEqual({ host: 'example.org', port: 80 });
    expect(parseAddress('[::1]:4444')).toEqual({ host: '::1', port: 4444 });
    expect(formatAddress({ host: '::1', port: 4444 })).toBe('[::1]:4444');
    expect(formatPair(['::1', 4444])).toBe('[::1]:4444');
  });

  it.each(['', '4444', 'host', 'host:', ':4444', 'host:65536', '::1:4444', 'a b:1', 'host:-1'])(
    'refuses the address "%s"',
    (text) => {
      expect(() => parseAddress(text)).toThrow(InvalidArgumentError);
    },
  );

  it.each(['0', '49', '-1', '1.5', 'x', ''])('refuses k = "%s"', (text) => {
    expect(() => parseK(text)).toThrow(InvalidArgumentError);
  });

  it('refuses numbers that are not positive integers', () => {
    expect(parsePositive('10')).toBe(10);
    for (const text of ['0', '01', '1e3', '9'.repeat(16)])
      expect(() => parsePositive(text)).toThrow(/positive integer/);
  });

  it('collects repeated addresses and lists', () => {
    const { connect } = parse('--connect', 'a:1', '--connect', 'b:2,c:3');
    expect(connect?.map(formatAddress)).toEqual(['a:1', 'b:2', 'c:3']);
  });

  it('does not connect to port 0', () => {
    expect(() => parse('--connect', 'a:0')).toThrow(/Port 0/);
  });

  it('takes flags from the environment, and those of the command line before them', () => {
    vi.stubEnv('CHORD_CONNECT', 'a:1,b:2');
    vi.stubEnv('CHORD_K', '8');
    vi.stubEnv('CHORD_PROFILE', 'local');
    expect(parse('--k', '9')).toMatchObject({
      connect: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
      k: 9,
      profile: 'local',
    });
    expect(parse('--connect', 'c:3').connect).toEqual([{ host: 'c', port: 3 }]);
  });

  it.each(['', '0', 'false', 'no', 'False'])('takes CHORD_JSON=%s for not given', (value) => {
    vi.stubEnv('CHORD_JSON', value);
    expect(parse()).toEqual({});
    expect(parse('--json')).toEqual({ json: true });
  });

  it('takes any other value of CHORD_JSON for given', () => {
    vi.stubEnv('CHORD_JSON', '1');
    expect(parse()).toEqual({ json: true });
  });

  it('takes an empty variable for none', () => {
    for (const name of ['CONNECT', 'K', 'SUBNET', 'PROFILE']) vi.stubEnv(`CHORD_${name}`, '');
    expect(parse()).toEqual({});
  });

  it('refuses what the environment says wrongly', () => {
    vi.stubEnv('CHORD_K', 'many');
    expect(() => parse()).toThrow(/CHORD_K/);
  });
});

describe('adapt', () => {
  const tried = { subnet: 'chord', encryption: 'SSL', k: 32 } as const;
  const theirs = { subnet: 'chord2', encryption: 'SSL', k: 8 } as const;

  it('takes the terms of the node', () => {
    expect(adapt(tried, {}, theirs)).toEqual(theirs);
  });

  it('keeps what was given, and gives up where that leaves nothing to change', () => {
    expect(adapt(tried, { k: 32 }, theirs)).toEqual({ ...theirs, k: 32 });
    expect(adapt(tried, { k: 32, subnet: 'chord' }, theirs)).toBeUndefined();
  });

  it('never uses a secret in plaintext', () => {
    const plain = { ...tried, encryption: 'Plaintext' } as const;
    expect(adapt(tried, {}, plain)).toEqual(plain);
    expect(adapt(tried, { secretFile: 'secret' }, plain)).toBeUndefined();
  });

  it('gives up on what is no node', () => {
    expect(adapt(tried, {}, undefined)).toBeUndefined();
  });
});

describe('parseEntries', () => {
  it('takes strings as they are and other values as JSON text', () => {
    expect(parseEntries('{"a":"x","b":1,"c":null,"d":{"e":[true]}}', 'f')).toEqual([
      ['a', 'x'],
      ['b', '1'],
      ['c', 'null'],
      ['d', '{"e":[true]}'],
    ]);
  });

  it.each(['[]', '1', 'null', '"x"', '{', ''])('refuses %s, which is no object', (source) => {
    expect(() => parseEntries(source, 'f.json')).toThrow(/f\.json is no JSON object/);
  });
});
