// The machine of a node in this process: from what its user has configured and what it remembers of former
// lives.
import { randomInt } from 'node:crypto';
import { Machine } from '../core/machine.ts';
import { sha256 } from './identity.ts';
import type { SocketConfig } from './options.ts';
import type { NodeMemory } from './node-memory.ts';

export function makeMachine(config: SocketConfig, memory: NodeMemory): Machine {
  const { k, replicas, profile, limits, onQuorumLost, clockSkewMaxMs } = config;
  return new Machine({
    k,
    onQuorumLost,
    hash: sha256,
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
