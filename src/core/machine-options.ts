// MachineOptions: what a machine is made with, and the engine made of it.
import type { Contact } from './contact.ts';
import { withSalt } from './contact.ts';
import { Engine } from './engine.ts';
import type { KeyPositions } from './key-positions.ts';
import type { CoreLimits } from './limits.ts';
import type { Hash } from './position.ts';
import type { Profile } from './profile.ts';

export interface MachineOptions {
  readonly k: number;
  readonly hash: Hash;
  /** Shared by machines that have `hash` and `k` in common; its own by default. */
  readonly keyPositions?: KeyPositions | undefined;
  /** Of its own random generator; every node needs another one. */
  readonly seed: number;
  readonly publicKey: Uint8Array;
  readonly id: string;
  readonly incarnation: number;
  /** Of the position before a restart: the node goes there again where it is free. */
  readonly preferredSalt?: number | undefined;
  /** Copies of each entry, the owner's included. */
  readonly replicas: number;
  readonly profile: Profile;
  readonly limits: CoreLimits;
  /** Whether an arc goes on without a majority of its set, once that has been away for evictAfterMs. */
  readonly onQuorumLost?: 'heal' | 'refuse';
  /** The incarnation in which this node's memory began; without a durable store, the present one. */
  readonly birth?: number;
  /** Whether `save` effects are carried out. */
  readonly durable?: boolean;
  /** How far this node's wall clock may be from those of the other members before theirs is used. */
  readonly clockSkewMaxMs?: number | undefined;
}

/** What the node can tell of its own state without asking anybody. */
export interface MachineHealth {
  readonly member: boolean;
  readonly serving: boolean;
  readonly fingersComplete: boolean;
  /** Arcs of ours that have fewer copies than they should. */
  readonly underReplicated: number;
  readonly entries: number;
  readonly storeBytes: number;
  /** Epoch minus monotonic milliseconds: by the clock of this node, or by the ring's where that is off. */
  readonly wallOffsetMs: number;
}

/** At no address yet; where it stands on the ring is chosen when it joins. */
export function engineOf(options: MachineOptions): Engine {
  const {
    k,
    hash,
    seed,
    publicKey,
    id,
    incarnation,
    profile,
    limits,
    durable = false,
    clockSkewMaxMs,
    keyPositions,
  } = options;
  const nowhere: Contact = { id, publicKey, salt: 0, position: 0, incarnation, host: '', port: 0 };
  const self = withSalt(nowhere, 0, hash, k);
  const engine = new Engine({ k, hash, seed, self, profile, limits, durable, clockSkewMaxMs, keyPositions });
  engine.birth = options.birth ?? incarnation;
  return engine;
}
