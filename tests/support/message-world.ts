// Rings of simulated nodes that send each other messages: what each of them has heard, in order, and what
// crossed the network for it.
import type { Packet } from '../../src/core/cast.ts';
import type { Command } from '../../src/core/command.ts';
import type { Outcome } from '../../src/core/effect.ts';
import type { WorldOptions, WorldNode } from '../../src/sim/world.ts';
import { World } from '../../src/sim/world.ts';
import { at, isIdeal, joinedRing } from './rings.ts';

/** Members first, then clients, each connected to a member of its own. */
export interface MessageRing {
  readonly world: World;
  readonly members: WorldNode[];
  readonly clients: WorldNode[];
}

/** A settled ring; every client has its home. */
export function messageRing(
  members: number,
  clients: number,
  options: Partial<WorldOptions> = {},
): MessageRing {
  const world = new World({ seed: 1, k: 32, ...options });
  const ring = joinedRing(world, members);
  if (!world.runUntil(() => isIdeal(world, true), 60_000)) throw new Error('the ring did not settle');
  const added = Array.from({ length: clients }, (_, i) => {
    const client = world.add();
    world.connect(client, at(ring, (i * 7) % members));
    return client;
  });
  world.run(2_000);
  return { world, members: ring, clients: added };
}

/** Starts a send without running the world. */
export function send(world: World, node: WorldNode, ...packets: Packet[]): number {
  return world.command(node, { type: 'send', packets });
}

export function whisper(world: World, node: WorldNode, to: WorldNode, ...packets: Packet[]): Outcome {
  const command: Command = { type: 'whisper', target: to.machine.self.id, packets };
  return world.settle(node, command);
}

/** Everything that nodes hear from now on, by node. Emptied nodes keep no events. */
export class Ears {
  readonly #heard = new Map<WorldNode, string[]>();
  readonly #world: World;
  /** Gaps that were reported. */
  gaps = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** 'sender: first packet' of each message, in order. */
  of(node: WorldNode): readonly string[] {
    const heard = this.#heard.get(node) ?? [];
    this.#heard.set(node, heard);
    for (const event of node.events.splice(0)) {
      if (event.type === 'gap') this.gaps += event.count;
      if (event.type !== 'message') continue;
      const { sender, packets } = event.message;
      heard.push(`${sender.slice(0, 8)}: ${String(packets[0])}`);
    }
    return heard;
  }

  /** Takes events out of all nodes before they keep too many. */
  listen(): void {
    for (const node of this.#world.nodes) this.of(node);
  }
}

/** Counts what crosses the network from now on. */
export class Traffic {
  readonly counts: Map<string, number> = new Map();
  /** Steps from the sender, by node. */
  readonly depths: Map<WorldNode, number> = new Map();

  constructor(world: World) {
    world.onMessage = (from, to, { body }) => {
      this.counts.set(body.type, this.of(body.type) + 1);
      if (body.type === 'cast' && !this.depths.has(to)) {
        this.depths.set(to, (this.depths.get(from) ?? 0) + 1);
      }
    };
  }

  of(type: string): number {
    return this.counts.get(type) ?? 0;
  }
}
