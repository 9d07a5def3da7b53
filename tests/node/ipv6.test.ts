// Rings over IPv6 on this machine: addresses in brackets, and one socket that listens for both families.
import { afterEach, describe, expect, it } from 'vitest';
import { ChordSocket } from '../../src/index.ts';
import { canListen } from '../support/can-listen.ts';

const hasIpv6 = await canListen({ host: '::1', port: 0 });
let sockets: ChordSocket[] = [];

afterEach(async () => {
  await Promise.all(sockets.map((sock) => sock.close({ force: true })));
  sockets = [];
});

function open(host: string): ChordSocket {
  const sock = new ChordSocket(host, 0, { k: 8, profile: 'local' });
  sockets.push(sock);
  return sock;
}

describe.skipIf(!hasIpv6)('over IPv6, where this host has a loopback address of it,', () => {
  it('a ring on ::1 is a ring', async () => {
    const first = open('::1');
    await first.join();
    const others = [open('::1'), open('::1')];
    for (const sock of others) {
      await sock.connect(`[::1]:${first.addr[1]}`);
      await sock.join();
    }
    await first.ready({ members: 3 });
    await first.set('color', 'blue');
    for (const sock of others) expect(String(await sock.get('color'))).toBe('blue');
    const hosts = (await first.ring()).map(({ addr: [host] }) => host);
    expect(hosts).toEqual(['::1', '::1', '::1']);
  });

  it('a member on :: is reached over IPv4 and IPv6', async () => {
    const member = open('::');
    await member.join();
    await member.set('color', 'blue');
    const [, port] = member.addr;
    for (const address of [`127.0.0.1:${port}`, `[::1]:${port}`]) {
      const client = open('127.0.0.1');
      const peer = await client.connect(address);
      expect([peer.id, String(await client.get('color'))]).toEqual([member.id, 'blue']);
    }
  });
});
