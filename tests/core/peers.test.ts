// What is remembered of other nodes: the time-out of a request as RFC 6298 has it, suspicion, and the bound.
import { describe, expect, it } from 'vitest';
import { Peers } from '../../src/core/peers.ts';

const MIN_MS = 10;
const MAX_MS = 1_000;
const NOW = 5_000;

function peersOf(max = 100): Peers {
  return new Peers(max, MIN_MS, MAX_MS);
}

describe('the time-out of a request', () => {
  it('is the longest one before the first answer (RFC 6298, 2.1)', () => {
    const peers = peersOf();
    expect(peers.timeoutMs('a')).toBe(MAX_MS);
    peers.connected('a');
    expect(peers.timeoutMs('a')).toBe(MAX_MS);
  });

  it('is three round trips after the first answer: R + 4 * R/2 (RFC 6298, 2.2)', () => {
    const peers = peersOf();
    peers.answered('a', 100);
    expect(peers.timeoutMs('a')).toBe(300);
  });

  it('follows the mean by 1/8 and the variation by 1/4 (RFC 6298, 2.3)', () => {
    const peers = peersOf();
    peers.answered('a', 100);
    peers.answered('a', 60);
    // Variation 3/4 * 50 + 1/4 * |100 - 60|, from the mean before this answer; mean 7/8 * 100 + 1/8 * 60.
    expect(peers.timeoutMs('a')).toBeCloseTo(95 + 4 * 47.5);
    peers.answered('a', 200);
    // Variation 3/4 * 47.5 + 1/4 * |95 - 200|; mean 7/8 * 95 + 1/8 * 200.
    expect(peers.timeoutMs('a')).toBeCloseTo(108.125 + 4 * 61.875);
  });

  it('comes down to the mean while round trips stay the same, but not below the least one', () => {
    const peers = peersOf();
    for (let i = 0; i < 100; i++) peers.answered('a', 50);
    expect(peers.timeoutMs('a')).toBeCloseTo(50);
    for (let i = 0; i < 100; i++) peers.answered('a', 1);
    expect(peers.timeoutMs('a')).toBe(MIN_MS);
  });

  it('never exceeds the longest one', () => {
    const peers = peersOf();
    peers.answered('a', 900);
    expect(peers.timeoutMs('a')).toBe(MAX_MS);
  });

  it('is measured for each peer apart, and also where an answer takes no time at all', () => {
    const peers = peersOf();
    peers.answered('a', 0);
    peers.answered('b', 100);
    expect(peers.timeoutMs('a')).toBe(MIN_MS);
    expect(peers.timeoutMs('b')).toBe(300);
  });
});

describe('the pause before a hedge', () => {
  it('is half of the longest time-out before the first answer, then two round trips', () => {
    const peers = peersOf();
    expect(peers.hedgeMs('a')).toBe(MAX_MS / 2);
    peers.answered('a', 100);
    expect(peers.hedgeMs('a')).toBe(200);
  });

  it('is never below half of the least time-out', () => {
    const peers = peersOf();
    peers.answered('a', 0.1);
    expect(peers.hedgeMs('a')).toBe(MIN_MS / 2);
  });
});

describe('suspicion', () => {
  it('begins with silence and ends with an answer, any message, or a connection', () => {
    const ends: ((peers: Peers) => void)[] = [
      (peers) => peers.answered('a', 1),
      (peers) => peers.heard('a'),
      (peers) => peers.connected('a'),
    ];
    for (const end of ends) {
      const peers = peersOf();
      expect(peers.isSuspected('a')).toBe(false);
      peers.silent('a', NOW);
      expect(peers.isSuspected('a')).toBe(true);
      end(peers);
      expect(peers.isSuspected('a')).toBe(false);
    }
  });

  it('stays when the connection is lost', () => {
    const peers = peersOf();
    peers.connected('a');
    peers.silent('a', NOW);
    peers.disconnected('a');
    expect(peers.isSuspected('a')).toBe(true);
  });
});

describe('silence', () => {
  it('lasts from the first suspicion since the peer was heard last', () => {
    const peers = peersOf();
    peers.answered('a', 1);
    expect(peers.isSilentFor('a', 0, NOW + 500)).toBe(false);
    peers.silent('a', NOW + 500);
    expect(peers.isSilentFor('a', 1, NOW + 500)).toBe(false);
    peers.silent('a', NOW + 900);
    expect(peers.isSilentFor('a', 500, NOW + 1_000)).toBe(true);
    expect(peers.isSilentFor('a', 501, NOW + 1_000)).toBe(false);
    peers.heard('a');
    expect(peers.isSilentFor('a', 0, NOW + 1_000)).toBe(false);
  });

  it('of a peer that was never heard lasts from its first suspicion', () => {
    const peers = peersOf();
    expect(peers.isSilentFor('a', 0, NOW)).toBe(false);
    peers.silent('a', NOW);
    peers.silent('a', NOW + 300);
    expect(peers.isSilentFor('a', 300, NOW + 300)).toBe(true);
    expect(peers.isSilentFor('a', 301, NOW + 300)).toBe(false);
  });

  it('ends with a connection, and begins anew behind it', () => {
    const peers = peersOf();
    peers.silent('a', NOW);
    peers.connected('a');
    peers.silent('a', NOW + 150);
    expect(peers.isSilentFor('a', 50, NOW + 200)).toBe(true);
    expect(peers.isSilentFor('a', 51, NOW + 200)).toBe(false);
  });
});

describe('the memory of peers', () => {
  it('knows who is connected', () => {
    const peers = peersOf();
    peers.connected('a');
    peers.connected('b');
    peers.disconnected('a');
    peers.disconnected('nobody');
    expect(peers.connectedIds()).toEqual(['b']);
    expect(['a', 'b', 'c'].map((id) => peers.isConnected(id))).toEqual([false, true, false]);
  });

  it('forgets first who was dealt with least recently', () => {
    const peers = peersOf(2);
    peers.answered('a', 100);
    peers.answered('b', 100);
    peers.answered('a', 100);
    peers.answered('c', 100);
    expect(['a', 'b', 'c'].map((id) => peers.timeoutMs(id) < MAX_MS)).toEqual([true, false, true]);
  });

  it('never forgets who is connected', () => {
    const peers = peersOf(2);
    peers.connected('a');
    for (let i = 0; i < 10; i++) peers.answered(`stranger ${i}`, 1);
    expect(peers.isConnected('a')).toBe(true);
    expect(peers.timeoutMs('stranger 8')).toBe(MAX_MS);
    expect(peers.timeoutMs('stranger 9')).toBe(MIN_MS);
  });
});
