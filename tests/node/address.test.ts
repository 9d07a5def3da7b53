// Addresses as users write them, and the address to announce.
import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { parseAddress, showAddress } from '../../src/node/address.ts';
import { isWildcard, lanAddress } from '../../src/node/lan-address.ts';

function at(address: string, internal: boolean, family: 'IPv4' | 'IPv6' = 'IPv4'): NetworkInterfaceInfo {
  const info = { address, internal, netmask: '', mac: '', cidr: null };
  return family === 'IPv4' ? { ...info, family } : { ...info, family, scopeid: 0 };
}

describe('parseAddress', () => {
  it.each([
    [['10.0.0.1', 4444], { host: '10.0.0.1', port: 4444 }],
    [['10.0.0.1:4444'], { host: '10.0.0.1', port: 4444 }],
    [['ring.example:1'], { host: 'ring.example', port: 1 }],
    [['[::1]:4444'], { host: '::1', port: 4444 }],
    [['::1', 4444], { host: '::1', port: 4444 }],
    [['[::1]', 4444], { host: '::1', port: 4444 }],
  ])('reads %j', (given, expected) => {
    expect(parseAddress(...(given as [string, number?]))).toEqual(expected);
  });

  it.each([[['10.0.0.1']], [['::1:4444']], [['a:b']], [[':5']], [['']], [[5]], [['a', '5']], [[undefined]]])(
    'refuses %j as a type',
    (given) => {
      expect(() => parseAddress(...(given as [unknown, unknown?]))).toThrow(TypeError);
    },
  );

  it.each([[['a', 0]], [['a', 65_536]], [['a:0']], [['a:70000']], [['a', 1.5]]])(
    'refuses the port of %j',
    (given) => {
      expect(() => parseAddress(...(given as [unknown, unknown?]))).toThrow(RangeError);
    },
  );

  it('is undone by showAddress', () => {
    for (const text of ['10.0.0.1:4444', '[::1]:4444']) expect(showAddress(parseAddress(text))).toBe(text);
  });
});

describe('lanAddress', () => {
  it('is the first IPv4 address that is not internal', () => {
    const interfaces = {
      lo: [at('127.0.0.1', true)],
      eth0: [at('fe80::1', false, 'IPv6'), at('192.168.1.7', false)],
      eth1: [at('10.0.0.7', false)],
    };
    expect(['0.0.0.0', '::'].map((host) => lanAddress(host, interfaces))).toEqual([
      '192.168.1.7',
      '192.168.1.7',
    ]);
  });

  it('is the loopback address on a machine without a network', () => {
    for (const host of ['0.0.0.0', '::']) {
      expect(lanAddress(host, { lo: [at('127.0.0.1', true), at('::1', true, 'IPv6')] })).toBe('127.0.0.1');
      expect(lanAddress(host, {})).toBe('127.0.0.1');
    }
  });

  describe('where all addresses are IPv6', () => {
    const interfaces = {
      lo: [at('127.0.0.1', true), at('::1', true, 'IPv6')],
      eth0: [at('fe80::1', false, 'IPv6'), at('FEBF::1', false, 'IPv6'), at('2001:db8::7', false, 'IPv6')],
      eth1: [at('fd00::7', false, 'IPv6')],
    };

    it('is the first that is valid beyond its link', () => {
      expect(lanAddress('::', interfaces)).toBe('2001:db8::7');
      expect(lanAddress('::', { eth1: interfaces.eth1 })).toBe('fd00::7');
      expect(lanAddress('::', { eth0: [at('fe80::1', false, 'IPv6')] })).toBe('127.0.0.1');
    });

    it('is the loopback address for 0.0.0.0, which listens on IPv4 only', () => {
      expect(lanAddress('0.0.0.0', interfaces)).toBe('127.0.0.1');
    });
  });

  it('stands in for wildcards only', () => {
    expect(['0.0.0.0', '::', '127.0.0.1', 'localhost'].map(isWildcard)).toEqual([true, true, false, false]);
  });
});
