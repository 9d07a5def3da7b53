// Steady: one run of a ring that nothing serious happens to. Swarm runs ask what survives the worst; here
// less happens, and more is asked: members come while no message is lost, a process stands still for a
// moment, one pair of members cannot speak, and one leaves. It owns these worlds; what an ideal ring is, is
// in ring-check.ts.
import { fromKey } from '../core/bytes.ts';
import type { OperateResult } from '../core/command.ts';
import type { Contact } from '../core/contact.ts';
import { CORE_LIMITS } from '../core/limits.ts';
import type { Message } from '../core/message.ts';
import { advance, distance, keyPosition, ringSize } from '../core/position.ts';
import { PROFILES } from '../core/profile.ts';
import { Random } from '../core/random.ts';
import { simulationHash } from './hash.ts';
import { ringProblem } from './ring-check.ts';
import type { WorldNode } from './world.ts';
import { World } from './world.ts';

export interface SteadyViolation {
  /** Milliseconds. */
  readonly at: number;
  readonly property: string;
  readonly detail: string;
}

const PROFILE = PROFILES.local;
/** Stabilisations until a ring that only grew, or that one has left, is ideal; swarm runs need 35. */
const SETTLE_PERIODS = 100;
/** However long a connection takes, it is there before the join: nobody starts a ring of its own. */
const CONNECT_MS = 10_000;
/** Every finger is looked up at least twice in that time, however slow the refresh has become. */
const FINGERS_MS = 60_000;
/** Requests of one lookup while the heir of a dead owner takes over: pauses of 20 ms to 320 ms for 5 s. */
const REQUESTS_MAX = 80;
const KEYS_TRIED = 10_000;

/** Runs one seed; undefined where everything held. */
export function runSteady(seed: number): SteadyViolation | undefined {
  return new Steady(seed).run();
}

class Steady {
  readonly #random: Random;
  readonly #world: World;
  readonly #k: number;
  #violation: SteadyViolation | undefined;
  /** Of each member, how far behind it its predecessor stood last. */
  readonly #gaps = new Map<WorldNode, number>();
  /** The question that each member waits for the answer to; the answers that it owes. */
  readonly #waiting = new Map<WorldNode, number>();
  readonly #owed = new Set<string>();
  /** The member that let a joiner in, and those that it listed then. */
  readonly #admitted = new Map<WorldNode, readonly Contact[]>();

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#k = this.#random.float() < 0.3 ? 4 : 32;
    const network = { delayMs: 0.2 + this.#random.float() * 3 };
    this.#world = new World({ seed, k: this.#k, profile: PROFILE, network, traced: false });
  }

  run(): SteadyViolation | undefined {
    this.#grow();
    this.#fingers();
    this.#ask();
    this.#bear();
    this.#part();
    this.#lose();
    return this.#violation;
  }

  /** Members join one upon the other; nothing is lost, nobody dies. */
  #grow(): void {
    const world = this.#world;
    const count = 4 + this.#random.below(7);
    world.onInput = (node) => {
      this.#onePlaceEach();
      this.#predecessorsCloseIn(node);
    };
    world.onMessage = (from, to, message) => {
      this.#readOnlyAtRest(from, to, message);
      this.#noteAdmission(from, to, message);
    };
    world.onEvent = (node, event) => {
      if (event.type === 'self' && event.member) this.#entersUpToDate(node);
    };
    for (let i = 0; i < count; i++) {
      const node = world.add();
      const first = world.nodes[0];
      if (first !== undefined && first !== node) world.connect(node, first);
      if (first !== node) world.runUntil(() => node.machine.known().length > 0, CONNECT_MS);
      world.run(i === 1 ? 200 : this.#random.float() * 20);
      world.command(node, { type: 'join' });
    }
    this.#settle('IdealAfterJoins', count);
    world.onInput = undefined;
    world.onMessage = undefined;
    world.onEvent = undefined;
  }

  #settle(property: string, count: number): void {
    const world = this.#world;
    let problem: string | undefined = 'not looked at';
    for (let i = 0; i < SETTLE_PERIODS && problem !== undefined && this.#violation === undefined; i++) {
      world.run(PROFILE.stabiliseMs);
      const missing = count - world.members().length;
      problem = missing === 0 ? ringProblem(world, CORE_LIMITS.successors) : `${missing} are no members`;
    }
    if (problem !== undefined) this.#violate(property, problem);
  }

  /** No two members stand on one position: whoever comes second is not admitted. */
  #onePlaceEach(): void {
    const members = this.#world.members();
    const positions = members.map(({ machine }) => machine.self.position);
    if (new Set(positions).size < members.length)
      this.#violate('OnePlaceEach', `members stand on ${positions.join(' ')}`);
  }

  /** While nobody dies, a predecessor gives way only to a nearer one. */
  #predecessorsCloseIn(node: WorldNode): void {
    const { self, neighbourhood, member } = node.machine;
    const { predecessor } = neighbourhood;
    if (!member || predecessor === undefined) return;
    const gap = distance(predecessor.position, self.position, ringSize(this.#k));
    if (gap > (this.#gaps.get(node) ?? Infinity))
      this.#violate('PredecessorsCloseIn', `${node.name} goes back to ${predecessor.position}`);
    this.#gaps.set(node, gap);
  }

  /**
   * Who waits for an answer that may change its state is not read by others (Zave, TSE 2017, section III-B).
   * Only the questions of maintenance carry a digest, so only they are known to be such.
   */
  #readOnlyAtRest(from: WorldNode, to: WorldNode, { direction, number, body }: Message): void {
    if (body.type === 'neighbourhood') {
      if (body.known !== 0) this.#waiting.set(from, number);
      if (this.#waiting.has(to)) this.#owed.add(`${to.name} ${from.name} ${number}`);
    }
    if (direction !== 'reply' || body.type !== 'neighbourhood-is') return;
    if (this.#waiting.get(to) === number) this.#waiting.delete(to);
    const owed = this.#owed.delete(`${from.name} ${to.name} ${number}`);
    if (owed && (body.state === 'full' || body.state === 'same'))
      this.#violate('ReadOnlyAtRest', `${from.name} waited and was read by ${to.name}`);
  }

  /** The member behind a joiner says whom it lists. */
  #noteAdmission(from: WorldNode, to: WorldNode, { direction, body }: Message): void {
    if (direction !== 'reply' || body.type !== 'notified' || to.machine.member) return;
    if (body.outcome === 'adopted' || body.outcome === 'known')
      this.#admitted.set(to, [from.machine.self, ...body.successors]);
  }

  /** Whoever enters skips nobody whom the member behind it listed when it let it in. */
  #entersUpToDate(node: WorldNode): void {
    const { self, neighbourhood } = node.machine;
    const named = (this.#admitted.get(node) ?? []).filter(({ id }) => id !== self.id);
    const listed = neighbourhood.successors.map(({ id }) => id);
    const skipped = named.slice(0, CORE_LIMITS.successors).filter(({ id }) => !listed.includes(id));
    if (skipped.length > 0)
      this.#violate(
        'EntersUpToDate',
        `${node.name} skips ${skipped.map(({ position }) => position).join(' ')}`,
      );
  }

  /** Every finger is the first member at or behind its start. */
  #fingers(): void {
    if (this.#violation !== undefined) return;
    const complete = (): boolean =>
      this.#world.members().every(({ machine }) => machine.health().fingersComplete);
    this.#world.runUntil(complete, FINGERS_MS);
    if (!complete()) return this.#violate('FingersComplete', `not within ${FINGERS_MS} ms`);
    for (const node of this.#world.members()) {
      const fingers = new Set(node.machine.tables()?.fingers.map(({ id }) => id));
      for (let i = 0; i < this.#k; i++) {
        const { self } = node.machine;
        const owner = this.#ownerOf(advance(self.position, 2 ** i, ringSize(this.#k)));
        if (owner !== undefined && owner.id !== self.id && !fingers.has(owner.id))
          return this.#violate(
            'RightFingers',
            `${node.name} does not know its finger ${i}, ${owner.position}`,
          );
      }
    }
  }

  #ownerOf(position: number): Contact | undefined {
    const offset = (contact: Contact): number => distance(position, contact.position, ringSize(this.#k));
    const contacts = this.#world.members().map(({ machine }) => machine.self);
    return contacts.toSorted((a, b) => offset(a) - offset(b))[0];
  }

  /** Whose list names everybody knows every owner, and asks nobody else. */
  #ask(): void {
    const members = this.#world.members();
    if (this.#violation !== undefined || members.length > CORE_LIMITS.successors + 1) return;
    for (const node of members) {
      const operation = { type: 'get' } as const;
      const key = `key of ${node.name}`;
      const outcome = this.#world.settle(node, { type: 'operate', key, operation, consistency: 'quorum' });
      if (!outcome.ok) return this.#violate('EveryoneIsAnswered', outcome.failure.message);
      const { requests, retries } = (outcome.value as OperateResult).cost;
      if (requests > 1 || retries > 0)
        return this.#violate('OneRequest', `${node.name} took ${requests}, and ${retries} again`);
    }
  }

  /** A process stands still for less than the profile's patience; then two members cannot speak. */
  #bear(): void {
    if (this.#violation !== undefined) return;
    const world = this.#world;
    const members = world.members();
    const node = this.#random.pick(members);
    const successor = members.find(
      ({ machine }) => machine.self.id === node?.machine.neighbourhood.successors[0]?.id,
    );
    if (node === undefined || successor === undefined) return;
    const before = this.#lists();
    const same = (property: string): void => {
      if (this.#lists() !== before) this.#violate(property, `about ${node.name}`);
    };
    world.onInput = () => same('PausedIsNotDead');
    world.pause(node);
    world.run(PROFILE.evictAfterMs * 0.6);
    world.resume(node);
    world.run(PROFILE.evictAfterMs);
    world.onInput = () => same('SeenByOthersIsNotDead');
    world.partition([node], [successor]);
    world.run(PROFILE.evictAfterMs * 3);
    world.onInput = undefined;
    world.heal();
    world.run(PROFILE.evictAfterMs);
  }

  #lists(): string {
    return this.#world.nodes
      .map(({ machine: { neighbourhood } }) =>
        [neighbourhood.predecessor, ...neighbourhood.successors].map((contact) => contact?.position).join(),
      )
      .join(' ');
  }

  /** Whoever leaves says so: the others are a ring again before they could have found out by themselves. */
  #part(): void {
    if (this.#violation !== undefined) return;
    const members = this.#world.members();
    const leaver = this.#random.pick(members);
    if (leaver === undefined) return;
    this.#world.command(leaver, { type: 'leave' });
    this.#settle('IdealAfterLeave', members.length - 1);
  }

  /** One dies, and what it owned is asked for at once: whoever asks goes on, but not as fast as it can. */
  #lose(): void {
    const world = this.#world;
    const members = world.members();
    const dead = this.#random.pick(members);
    const asker = members.find((node) => node !== dead);
    if (this.#violation !== undefined || dead === undefined || asker === undefined) return;
    const key = this.#keyOf(dead);
    if (key === undefined) return;
    world.crash(dead);
    let requests = 0;
    world.onMessage = (from, _to, { direction, body }) => {
      const asks = body.type === 'find' || body.type === 'locate' || body.type === 'tables';
      if (from === asker && direction === 'request' && asks) requests += 1;
    };
    world.settle(asker, { type: 'explain', key });
    world.onMessage = undefined;
    if (requests > REQUESTS_MAX) this.#violate('FewRequests', `${asker.name} sent ${requests} for one key`);
  }

  /** A key that the member owns; undefined where its arc is too narrow to find one. */
  #keyOf({ machine }: WorldNode): string | undefined {
    for (let i = 0; i < KEYS_TRIED; i++) {
      const position = keyPosition(simulationHash, fromKey(`key ${i}`), this.#k);
      if (this.#ownerOf(position)?.id === machine.self.id) return `key ${i}`;
    }
    return undefined;
  }

  #violate(property: string, detail: string): void {
    this.#violation ??= { at: this.#world.now, property, detail };
  }
}
