// The warning of a socket that others than this machine can reach, and that asks nobody for a secret.
import { afterEach, describe, expect, it } from 'vitest';
import { LOG_LEVELS, type Logger } from '../../src/node/debug-log.ts';
import { exposureOf } from '../../src/node/exposure.ts';
import { ChordSocket, Protocol, type ChordOptions } from '../../src/index.ts';

let sockets: ChordSocket[] = [];

afterEach(async () => {
  await Promise.all(sockets.map((sock) => sock.close({ force: true })));
  sockets = [];
});

/** A socket, and the warnings that its logger hears. */
function open(host: string, options: ChordOptions = {}): { sock: ChordSocket; warnings: string[] } {
  const warnings: string[] = [];
  const methods = LOG_LEVELS.map((level) => {
    const hear = (_details: object, message: string): void => {
      if (level === 'warn') warnings.push(message);
    };
    return [level, hear];
  });
  const logger = Object.fromEntries(methods) as Logger;
  const sock = new ChordSocket(host, 0, { profile: 'local', logger, ...options });
  sockets.push(sock);
  return { sock, warnings };
}

describe('a node that listens', () => {
  it('beyond this machine without a secret warns of it, once', async () => {
    const { sock, warnings } = open('0.0.0.0');
    expect(warnings).toEqual([]);
    await sock.listen();
    await sock.listen();
    const where = `listens on 0.0.0.0:${sock.addr[1]} without a secret`;
    expect(warnings).toEqual([`${where}: everybody who reaches it may read, write and join`]);
  });

  it('warns as well where it is told to join', async () => {
    const { sock, warnings } = open('0.0.0.0');
    await sock.join();
    expect(warnings).toHaveLength(1);
  });

  it('with a secret, or on this machine only, warns of nothing', async () => {
    const [guarded, local] = [open('0.0.0.0', { secret: 'salmon' }), open('127.0.0.1')];
    await Promise.all([guarded.sock.listen(), local.sock.join()]);
    expect([guarded.warnings, local.warnings]).toEqual([[], []]);
  });

  it('fails to join as it fails to listen', async () => {
    const { sock } = open('127.0.0.1');
    await sock.listen();
    const second = new ChordSocket(...sock.addr);
    await expect(second.join()).rejects.toMatchObject({ code: 'ERR_ADDRESS_IN_USE' });
    await second.close();
    await expect(second.join()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });
});

describe('exposureOf', () => {
  const config = { secrets: [], protocol: new Protocol('chord', 'SSL'), transport: undefined };

  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost', 'a.localhost', 'LOCALHOST'])(
    'takes %s for this machine',
    (host) => {
      expect(exposureOf(config, { host, port: 1 })).toBeUndefined();
    },
  );

  it.each(['0.0.0.0', '::', '10.0.0.1', 'fe80::1', '128.0.0.1', 'host.example', '127.example', 'xlocalhost'])(
    'takes %s for an address that others may reach',
    (host) => {
      expect(exposureOf(config, { host, port: 1 })).toContain('without a secret');
    },
  );

  it('says that plaintext has more readers', () => {
    const plain = { ...config, protocol: new Protocol('chord', 'Plaintext') };
    expect(exposureOf(plain, { host: '::', port: 1 })).toMatch(/^listens on \[::\]:1 .* is on the way/);
  });
});
