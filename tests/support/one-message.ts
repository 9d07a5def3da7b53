// One message: short scenes of a ring in which a single message is lost, comes late, or comes twice. Each
// scene is run once to count its messages, and once more for each of them. It owns the scenes and the
// judgement of how they end; which messages are tried is the caller's affair.
import type { Message, Operation } from '../../src/core/message.ts';
import { PROFILES } from '../../src/core/profile.ts';
import { copiesProblem } from '../../src/sim/checks/copies-agree.ts';
import { World, type WorldNode } from '../../src/sim/world.ts';
import { addAt, joinAt, K, keysIn } from './placed.ts';
import { get, isIdeal, operate, reach, set } from './rings.ts';

export interface Fault {
  /** Which of the messages, in the order in which they come. */
  readonly index: number;
  /** 'again': it comes in time, and once more late. */
  readonly kind: 'lost' | 'late' | 'again';
}

export interface Ending {
  /** How many messages there were to choose from. */
  readonly messages: number;
  /** The type of the one that was chosen. */
  readonly chosen: string | undefined;
  /** What is wrong in the end; undefined where nothing is. */
  readonly problem: string | undefined;
}

/** Of what goes between clients, owners and holders of copies; the ring's own are left out. */
const TYPES: ReadonlySet<string> = new Set(
  (
    'operate operated replicate replicated copy copied offer offered prepare voted accept install ' +
    'installed inspect inspected summarise summary digest digest-is fetch fetched pull pull-past ' +
    'pulled void voided collect collected'
  ).split(' '),
);
const LATE_MS = 1_500;
const STEP_MS = 20;
const TOGETHER_MS = 90_000;
const SET = { type: 'set', ttlMs: 0, ifAbsent: false, ifVersion: '' } as const;
const INCREMENT: Operation = { type: 'increment', by: 1 };

export const SCENES: Readonly<Record<string, (scene: Scene) => void>> = {
  'the owner dies': (scene) => {
    scene.write(10);
    scene.world.crash(scene.x);
    scene.write(10);
  },
  'the owner restarts': (scene) => {
    scene.write(5);
    scene.world.crash(scene.x);
    scene.write(10);
    scene.restart(scene.x);
    scene.write(10);
  },
  'a copy comes back empty': (scene) => {
    scene.write(5);
    scene.world.crash(scene.y);
    scene.write(5);
    scene.restart(scene.y, true);
    scene.write(10);
  },
  'one joins': (scene) => {
    scene.write(5);
    scene.join(addAt(scene.world, 46));
    scene.write(20);
  },
  'the owner leaves': (scene) => {
    scene.write(5);
    scene.world.command(scene.x, { type: 'leave' }, 30_000);
    scene.write(20);
  },
  'two owners die one after the other': (scene) => {
    scene.write(5);
    scene.world.crash(scene.x);
    scene.write(20);
    scene.world.run(1_500);
    scene.world.crash(scene.y);
    scene.write(10);
  },
  'a majority dies, and comes back': (scene) => {
    scene.write(5);
    for (const node of [scene.x, scene.z]) scene.world.crash(node);
    scene.world.run(2_000);
    scene.write(5);
    for (const node of [scene.z, scene.x]) scene.restart(node);
    scene.write(10);
  },
  'both sides of a cut go on': (scene) => {
    const { world, first, x, y, z, u, client } = scene;
    scene.write(5);
    world.partition([first, x, z, client], [y, u]);
    scene.write(10);
    world.run(3_000);
    scene.writeAt(u);
    scene.write(5);
    world.heal();
    scene.write(10);
  },
};

interface Asked {
  /** What is written; undefined for an increment. */
  readonly value: string | undefined;
  readonly at: number;
  /** When it was acknowledged. */
  doneAt: number;
}

/** The counter and the register are x's; y and z hold copies. */
export class Scene {
  readonly world: World;
  readonly first: WorldNode;
  readonly x: WorldNode;
  readonly y: WorldNode;
  readonly z: WorldNode;
  readonly u: WorldNode;
  readonly client: WorldNode;
  readonly counter: string;
  readonly register: string;
  readonly deleted: string;
  readonly otherSide: string;
  readonly #fault: Fault | undefined;
  #counts = false;
  #messages = 0;
  #chosen: string | undefined;
  readonly #asked = new Map<number, Asked>();

  constructor(seed: number, onQuorumLost: 'heal' | 'refuse', fault: Fault | undefined) {
    const profile = { ...PROFILES.local, tombstoneMs: 2_000 };
    this.world = new World({ seed, k: K, profile, onQuorumLost, disks: {} });
    this.#fault = fault;
    const first = joinAt(this.world, 0);
    this.first = first;
    [this.x, this.y, this.z, this.u] = [50, 100, 150, 200].map((at) => joinAt(this.world, at, first)) as [
      WorldNode,
      WorldNode,
      WorldNode,
      WorldNode,
    ];
    this.client = this.world.add();
    this.world.connect(this.client, first);
    reach(this.world, () => isIdeal(this.world), 30_000);
    this.world.run(2_000);
    [this.counter, this.register, this.deleted, this.otherSide] = keysIn(5, 45, 4) as [
      string,
      string,
      string,
      string,
    ];
    for (const key of [this.register, this.deleted]) set(this.world, this.client, key, '0');
    set(this.world, this.client, this.counter, '0');
    operate(this.world, this.client, this.deleted, { type: 'delete', ifVersion: '' });
    for (const node of this.world.nodes) this.#watch(node);
    this.world.onSettle = (node, command, outcome) => {
      const asked = node === this.client ? this.#asked.get(command) : undefined;
      if (asked !== undefined && outcome.ok) asked.doneAt = this.world.now;
    };
    this.#counts = true;
  }

  /** So many increments and writes, one after the other, whether they are answered or not. */
  write(count: number): void {
    for (let i = 0; i < count; i++) {
      const value = String(this.#asked.size);
      this.#ask(this.counter, INCREMENT, undefined);
      const bytes = new TextEncoder().encode(value);
      this.#ask(this.register, { ...SET, value: bytes }, value);
      this.world.run(STEP_MS);
    }
  }

  /** One write elsewhere, whatever comes of it. */
  writeAt(node: WorldNode): void {
    const operation = { ...SET, value: new TextEncoder().encode('written') };
    const command = { type: 'operate', key: this.otherSide, operation, consistency: 'quorum' } as const;
    this.world.command(node, command, 5_000);
    this.world.run(100);
  }

  restart(node: WorldNode, erased = false): void {
    this.world.restart(node, node.machine.self.salt, erased);
    this.#watch(node);
    this.join(node, false);
  }

  join(node: WorldNode, isNew = true): void {
    if (isNew) this.#watch(node);
    this.world.connect(node, this.first);
    this.world.runUntil(() => node.machine.known().length > 0, 1_000);
    this.world.command(node, { type: 'join' }, 30_000);
  }

  end(): Ending {
    const { world } = this;
    const answered = (): boolean => [...this.#asked.keys()].every((one) => this.client.outcomes.has(one));
    world.runUntil(answered, 30_000);
    this.#counts = false;
    const isWhole = (): boolean => isIdeal(world) && copiesProblem(world, K, 3) === undefined;
    const whole = world.runUntil(isWhole, TOGETHER_MS);
    const problem = whole
      ? this.#judge()
      : `not whole: ${copiesProblem(world, K, 3) ?? 'the ring is not ideal'}`;
    return { messages: this.#messages, chosen: this.#chosen, problem };
  }

  #judge(): string | undefined {
    const { world, first } = this;
    const asked = [...this.#asked.values()];
    const increments = asked.filter(({ value }) => value === undefined);
    const acknowledged = increments.filter(({ doneAt }) => doneAt < Infinity);
    const counter = Number(get(world, first, this.counter));
    if (counter > increments.length) return `${counter} increments of ${increments.length}`;
    if (get(world, first, this.deleted) !== undefined) return 'what was deleted is back';
    if (world.nodes.some(({ events }) => events.some(({ type }) => type === 'degraded'))) return undefined;
    if (counter < acknowledged.length) return `${counter} increments of ${acknowledged.length} acknowledged`;
    const read = get(world, first, this.register);
    const of = asked.find(({ value }) => value === read);
    const after = asked.find(
      (one) => one.value !== undefined && one.doneAt < Infinity && one.at > (of?.doneAt ?? 0),
    );
    return after === undefined ? undefined : `${read} is read, and ${after.value} was acknowledged after it`;
  }

  #ask(key: string, operation: Operation, value: string | undefined): void {
    const command = { type: 'operate', key, operation, consistency: 'quorum' } as const;
    const asked: Asked = { value, at: this.world.now, doneAt: Infinity };
    this.#asked.set(this.world.command(this.client, command, 10_000), asked);
  }

  #watch(node: WorldNode): void {
    const { machine } = node;
    const handle = machine.handleMessage.bind(machine);
    machine.handleMessage = (now, from, message) => {
      if (!this.#isChosen(message)) return handle(now, from, message);
      const kind = this.#fault?.kind;
      if (kind === 'again') handle(now, from, message);
      if (kind === 'lost') return;
      this.world.after(LATE_MS, () => {
        if (node.machine !== machine || node.state === 'dead') return;
        handle(this.world.now, from, message);
        // Has what follows from it carried out.
        this.world.setClock(node, node.skewMs);
      });
    };
  }

  #isChosen({ body }: Message): boolean {
    if (!this.#counts || !TYPES.has(body.type)) return false;
    this.#messages += 1;
    if (this.#messages - 1 !== this.#fault?.index) return false;
    this.#chosen = body.type;
    return true;
  }
}

/** Plays a scene, without a fault or with one. */
export function play(
  name: string,
  seed: number,
  { onQuorumLost, fault }: { onQuorumLost: 'heal' | 'refuse'; fault?: Fault },
): Ending {
  const scene = new Scene(seed, onQuorumLost, fault);
  SCENES[name]?.(scene);
  return scene.end();
}
