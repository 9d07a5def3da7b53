// WorldNode: a node of the simulated world, and the making of its machine. It owns what belongs to one
// process; what happens between them is in world.ts.
import type { MachineEvent, Outcome } from '../core/effect.ts';
import type { CoreLimits } from '../core/limits.ts';
import { CORE_LIMITS } from '../core/limits.ts';
import { Machine } from '../core/machine.ts';
import type { Hash } from '../core/position.ts';
import type { Profile } from '../core/profile.ts';
import { PROFILES } from '../core/profile.ts';
import type { Random } from '../core/random.ts';
import type { DiskFaults, SimDisk } from './disk.ts';
import { simulationHash } from './hash.ts';
import type { NetworkFaults } from './network.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly k: number;
  readonly replicas?: number;
  readonly profile?: Profile;
  readonly limits?: Partial<CoreLimits>;
  readonly hash?: Hash;
  /** What a set of copies does whose majority stays away; default 'heal'. */
  readonly onQuorumLost?: 'heal' | 'refuse';
  /** How far a node's clock may be from the others' before it goes by theirs; default 60,000. */
  readonly clockSkewMaxMs?: number;
  /** Whether nodes write down what they hold, and what their disks do. */
  readonly disks?: Partial<DiskFaults>;
  /** What the network does at the start; world.network.faults changes it later. */
  readonly network?: Partial<NetworkFaults>;
  /** The simulated sender's view of every message is noted; costs a third of the speed. */
  readonly traced?: boolean;
}

/** A node of the world: its machine, and whether its process runs. */
export interface WorldNode {
  readonly index: number;
  readonly name: string;
  readonly port: number;
  machine: Machine;
  state: 'running' | 'paused' | 'dead';
  /** Who it has a connection with. */
  readonly connections: Set<WorldNode>;
  readonly events: MachineEvent[];
  readonly outcomes: Map<number, Outcome>;
  /** How far its wall clock is ahead of the world's, milliseconds. */
  skewMs: number;
  /** What it has written down; undefined where nothing is. */
  readonly disk: SimDisk | undefined;
  /** The incarnation in which its memory began. */
  birth: number;
  /** What waits for a paused process. */
  readonly held: (() => void)[];
  /** When the world next tells its machine the time; Infinity = never. */
  wakesAt: number;
}

/** What a process knows of its former lives when it starts. */
export interface Life {
  readonly name: string;
  readonly incarnation: number;
  readonly preferredSalt?: number | undefined;
  readonly birth: number;
}

/** The machine that ships, as the node of that name. */
export function machineOf(options: WorldOptions, random: Random, life: Life): Machine {
  const { name, incarnation, preferredSalt, birth } = life;
  const publicKey = new Uint8Array(name.length);
  for (let i = 0; i < name.length; i++) publicKey[i] = name.charCodeAt(i);
  const { k, replicas = 3, profile = PROFILES.local, limits = {}, hash = simulationHash } = options;
  return new Machine({
    k,
    hash,
    seed: random.below(2 ** 32),
    publicKey,
    id: idOf(hash(publicKey)),
    incarnation,
    preferredSalt,
    birth,
    durable: options.disks !== undefined,
    onQuorumLost: options.onQuorumLost ?? 'heal',
    clockSkewMaxMs: options.clockSkewMaxMs,
    replicas,
    profile,
    limits: { ...CORE_LIMITS, ...limits },
  });
}

export function namesOf(nodes: readonly WorldNode[]): string {
  return nodes.map((node) => node.name).join(' ');
}

function idOf(digest: Uint8Array): string {
  let id = '';
  for (const byte of digest) id += byte.toString(16).padStart(2, '0');
  return id;
}
