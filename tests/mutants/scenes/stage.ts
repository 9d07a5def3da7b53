// Stage: what all scenes share. A scene is a short world that goes straight for one promise of the
// dictionary: a ring, a client, one thing that goes wrong at the worst moment, and a question. It owns the
// ring and the words for asking; what goes wrong is in the scenes.
import type { Command, OperateResult } from '../../../src/core/command.ts';
import type { Outcome } from '../../../src/core/effect.ts';
import type { Operation } from '../../../src/core/message.ts';
import { distance, keyPosition, ringSize } from '../../../src/core/position.ts';
import { fromKey } from '../../../src/core/bytes.ts';
import { Random } from '../../../src/core/random.ts';
import { simulationHash } from '../../../src/sim/hash.ts';
import type { WorldNode, WorldOptions } from '../../../src/sim/world.ts';
import { World } from '../../../src/sim/world.ts';
import { joinedRing } from '../../support/rings.ts';

/** What a trial hands back where something does not hold. */
export interface Finding {
  readonly property: string;
  readonly detail: string;
}

/** One short world; undefined where everything held. */
export type Scene = (seed: number) => Finding | undefined;

const K = 32;
const KEYS_TRIED = 10_000;
const CONNECT_MS = 1_000;

/** Nobody goes on without a majority, unless the scene says so: nothing acknowledged may be lost. */
export class Stage {
  readonly world: World;
  readonly random: Random;
  /** The members of the ring, as they joined. */
  readonly nodes: readonly WorldNode[];
  /** Never joins; two of them, because each remembers whom it asked. */
  readonly client: WorldNode;
  readonly other: WorldNode;

  constructor(seed: number, members: number, options: Partial<WorldOptions> = {}) {
    this.random = new Random(seed);
    const network = { delayMs: 0.5 + this.random.float() * 4 };
    this.world = new World({ seed, k: K, network, onQuorumLost: 'refuse', ...options });
    this.nodes = joinedRing(this.world, members);
    this.client = this.#client();
    this.other = this.#client();
    this.world.run(3_000);
  }

  /** The members that hold copies of the key, its owner first, by the places where they stand. */
  holders(key: string, count = 3): WorldNode[] {
    const position = this.positionOf(key);
    const offset = (node: WorldNode): number => distance(position, node.machine.self.position, ringSize(K));
    return this.world
      .members()
      .toSorted((a, b) => offset(a) - offset(b))
      .slice(0, count);
  }

  positionOf(key: string): number {
    return keyPosition(simulationHash, fromKey(key), K);
  }

  /** A key that the member owns. */
  keyOf(node: WorldNode): string {
    for (let i = 0; i < KEYS_TRIED; i++) if (this.holders(`key ${i}`, 1)[0] === node) return `key ${i}`;
    throw new Error(`no key of ${KEYS_TRIED} belongs to ${node.name}`);
  }

  others(...nodes: readonly WorldNode[]): WorldNode[] {
    return this.world.nodes.filter((node) => !nodes.includes(node));
  }

  operate(node: WorldNode, key: string, operation: Operation, timeoutMs = 10_000): Outcome {
    return this.world.settle(node, operationOn(key, operation), timeoutMs);
  }

  /** Whether it was acknowledged. */
  set(node: WorldNode, key: string, value: string, timeoutMs = 10_000): boolean {
    return this.operate(node, key, setTo(value), timeoutMs).ok;
  }

  /** The text that is read, 'nothing', or why there is no answer. */
  get(node: WorldNode, key: string, timeoutMs = 10_000): string {
    return textOf(this.operate(node, key, { type: 'get' }, timeoutMs));
  }

  /** Starts again with what its disk holds, goes back to where it stood, and joins. */
  comeBack(node: WorldNode, through: WorldNode, erased = false): void {
    this.world.restart(node, node.machine.self.salt, erased);
    this.world.connect(node, through);
    // At once: as a client it would soon be told to forget what it holds.
    this.world.runUntil(() => node.machine.known().length > 0, CONNECT_MS);
    this.world.command(node, { type: 'join' });
  }

  #client(): WorldNode {
    const node = this.world.add();
    const first = this.nodes[0];
    if (first !== undefined) this.world.connect(node, first);
    return node;
  }
}

export function operationOn(key: string, operation: Operation): Command {
  return { type: 'operate', key, operation, consistency: 'quorum' };
}

export function setTo(value: string, ttlMs = 0): Operation {
  return { type: 'set', value: new TextEncoder().encode(value), ttlMs, ifAbsent: false, ifVersion: '' };
}

export function textOf(outcome: Outcome): string {
  if (!outcome.ok) return outcome.failure.code;
  const { result } = outcome.value as OperateResult;
  return result.type === 'value' ? new TextDecoder().decode(result.value) : 'nothing';
}

/** Whether a read says something, and that is none of what it may say. */
export function isWrong(read: string, ...allowed: readonly string[]): boolean {
  const silent = read.startsWith('ERR_') || read === 'UNSETTLED';
  return !silent && !allowed.includes(read);
}
