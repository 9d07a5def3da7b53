// The machine of a node in this process: from what its user has configured and what it remembers of former
// lives.
import { randomInt } from 'node:crypto';
import { KeyPositions } from '../core/key-positions.ts';
import { Machine } from '../core/machine.ts';
import { sha256 } from './identity.ts';
import type { SocketConfig } from './options.ts';
import type { NodeMemory } from './node-memory.ts';

/** By k, for all nodes of this process. */
const shared = new Map<number, KeyPositions>();

export function makeMachine(config: SocketConfig, memory: NodeMemory): Machine {
  const { k, replicas, profile, limits, onQuorumLost, clockSkewMaxMs } = config;
  return new Machine({
    k,
    onQuorumLost,
    hash: sha256,
    keyPositions: keyPositions(k),
    seed: randomInt(2 ** 32),
    publicKey: memory.identity.publicKey,
    id: memory.identity.id,
    incarnation: memory.incarnation,
    birth: memory.birth,
    preferredSalt: memory.preferredSalt,
    durable: memory.isDurable,
    replicas,
    profile,
    limits,
    clockSkewMaxMs,
  });
}

/** Where keys belong on the rings of that k. */
export function keyPositions(k: number): KeyPositions {
  const known = shared.get(k) ?? new KeyPositions(sha256, k);
  shared.set(k, known);
  return known;
}
