// Scenario: carries out the commands of tests/scenarios/*.txt in a world of the simulator, and says what
// happened. It owns the commands and their output; the format of the files is in scenario-file.ts. Whatever
// must never be is said as a line that begins with WRONG, which the runner does not record.
import type { Command, OperateResult } from '../../src/core/command.ts';
import { CORE_LIMITS } from '../../src/core/limits.ts';
import type { Outcome } from '../../src/core/effect.ts';
import type { Message, Operation } from '../../src/core/message.ts';
import { PROFILES } from '../../src/core/profile.ts';
import { listProblem, ringProblem } from '../../src/sim/ring-check.ts';
import type { WorldNode } from '../../src/sim/world.ts';
import { World } from '../../src/sim/world.ts';
import { Places } from './scenario-places.ts';
import { RING_MESSAGES, messageInWords, neighbourhoodInWords, positions } from './scenario-words.ts';

export const WRONG = 'WRONG';
/** How long commands and `until` wait, in milliseconds of the world. */
const PATIENCE_MS = 30_000;

type Action = (words: readonly string[]) => void;

export class Scenario {
  #world = new World({ seed: 1, k: 8 });
  #places = new Places(8);
  #k = 8;
  #listMax = CORE_LIMITS.successors;
  #lines: string[] = [];
  /** Types of messages that are shown; undefined = all. */
  #traced: ReadonlySet<string> | undefined = new Set();
  #tracing = false;
  readonly #shown = new Map<WorldNode, string>();
  readonly #started = new Map<WorldNode, { readonly command: Command; readonly number: number }>();
  /** What `until A -> B type` waits for. */
  #awaited: string | undefined;
  readonly #actions: Readonly<Record<string, Action>> = {
    world: (words) => this.#begin(words),
    add: (words) => this.#add(words),
    connect: (words) => this.#connect(words),
    remember: (words) => this.#world.remember(this.#node(words[0]), this.#node(words[1])),
    join: (words) => this.#together(words, { type: 'join' }),
    leave: (words) => this.#together(words, { type: 'leave' }),
    start: ([type, ...nodes]) => this.#start(nodes, { type: type === 'leave' ? 'leave' : 'join' }),
    finish: (words) => this.#finish(this.#nodes(words)),
    run: ([duration]) => this.#world.run(milliseconds(duration)),
    until: (words) => this.#until(words),
    crash: (words) => this.#each(words, (node) => this.#world.crash(node)),
    restart: (words) => this.#each(words, (node) => this.#world.restart(node)),
    pause: (words) => this.#each(words, (node) => this.#world.pause(node)),
    resume: (words) => this.#each(words, (node) => this.#world.resume(node)),
    partition: (words) => this.#partition(words.join('')),
    cut: ([from, , to]) => this.#world.network.cut(this.#node(from).index, this.#node(to).index),
    heal: () => this.#world.heal(),
    set: ([node, key, ...value]) => this.#operate(node, key, setOf(value.join(' '))),
    get: ([node, key]) => this.#operate(node, key, { type: 'get' }),
    ring: () => this.#ring(),
    entries: () => this.#entries(),
    events: (words) => this.#each(words, (node) => this.#events(node)),
    trace: (words) => this.#trace(words),
  };

  /** The lines that the command led to. */
  run(command: string): string[] {
    const [name = '', ...words] = command.trim().split(/\s+/);
    const action = this.#actions[name];
    if (action === undefined) throw new Error(`no command '${name}'`);
    this.#lines = [];
    action(words);
    return this.#lines;
  }

  #say(line: string): void {
    this.#lines.push(line);
  }

  #begin(words: readonly string[]): void {
    const given = new Map(words.map((word) => word.split('=') as [string, string]));
    const number = (name: string, otherwise: number): number => Number(given.get(name) ?? otherwise);
    this.#k = number('k', 8);
    this.#listMax = number('successors', CORE_LIMITS.successors);
    this.#places = new Places(this.#k);
    this.#world = new World({
      seed: number('seed', 1),
      k: this.#k,
      replicas: number('replicas', 3),
      limits: { successors: this.#listMax },
      hash: this.#places.hash,
    });
    this.#world.onMessage = (from, to, message) => this.#arrived(from, to, message);
    this.#world.onInput = (node) => this.#stepped(node);
  }

  /** `add 3`, or `add 2 at 10 20|30`: of several places, one takes the best that is free. */
  #add([count, , ...places]: readonly string[]): void {
    for (let i = 0; i < Number(count); i++) {
      const wish = places[i];
      if (wish !== undefined)
        this.#places.wish(`node${this.#world.nodes.length}`, wish.split('|').map(Number));
      this.#world.add();
    }
  }

  #connect([from, to]: readonly string[]): void {
    const [a, b] = [this.#node(from), this.#node(to)];
    this.#world.connect(a, b);
    if (!this.#world.runUntil(() => a.connections.has(b), 1_000))
      this.#say(`${a.name} could not connect to ${b.name}`);
  }

  #together(words: readonly string[], command: Command): void {
    this.#start(words, command);
    this.#finish(this.#nodes(words));
  }

  #start(words: readonly string[], command: Command): void {
    for (const node of this.#nodes(words))
      this.#started.set(node, { command, number: this.#world.command(node, command) });
  }

  #finish(nodes: readonly WorldNode[]): void {
    const outcome = (node: WorldNode): Outcome | undefined =>
      node.outcomes.get(this.#started.get(node)?.number ?? 0);
    this.#world.runUntil(() => nodes.every((node) => outcome(node) !== undefined), PATIENCE_MS);
    for (const node of nodes) {
      const type = this.#started.get(node)?.command.type ?? 'nothing';
      const settled = outcome(node);
      if (settled === undefined) this.#say(`${WRONG}: ${node.name} did not end its ${type}`);
      else if (!settled.ok) this.#say(`${node.name} did not ${type}: ${settled.failure.code}`);
      else if (type === 'leave') this.#say(`${node.name} has left`);
      else this.#say(`${node.name} has joined at ${node.machine.self.position}`);
    }
  }

  #until(words: readonly string[]): void {
    const before = this.#world.now;
    if (words[0] === 'whole') {
      const whole = (): boolean => ringProblem(this.#world, this.#listMax) === undefined;
      if (this.#world.runUntil(whole, PATIENCE_MS)) {
        const periods = Math.ceil((this.#world.now - before) / PROFILES.local.stabiliseMs);
        return this.#say(
          `the ring is whole ${periods === 0 ? 'already' : `within ${counted(periods, 'period')}`}`,
        );
      }
      return this.#say(`${WRONG}: ${ringProblem(this.#world, this.#listMax) ?? ''}`);
    }
    const [from, , to, type] = words;
    this.#awaited = `${this.#node(from).name} ${this.#node(to).name} ${type}`;
    if (!this.#world.runUntil(() => this.#awaited === undefined, PATIENCE_MS))
      throw new Error(`no '${type}' from ${from} to ${to} in ${PATIENCE_MS} ms`);
  }

  /** `partition 0,1 | 2,3`. */
  #partition(groups: string): void {
    const [left = [], right = []] = groups.split('|').map((group) => this.#nodes(group.split(',')));
    this.#world.partition(left, right);
  }

  #operate(through: string | undefined, key = '', operation: Operation): void {
    const command: Command = { type: 'operate', key, operation, consistency: 'quorum' };
    const outcome = this.#world.settle(this.#node(through), command, 5_000);
    this.#say(resultInWords(outcome));
  }

  #ring(): void {
    const nodes = this.#world.nodes.filter((node) => node.state !== 'dead');
    const members = nodes.filter((node) => node.machine.member);
    const position = (node: WorldNode): number => node.machine.self.position;
    for (const node of members.toSorted((a, b) => position(a) - position(b))) {
      const notes = [...(node.machine.serving ? [] : ['not serving']), ...pauseOf(node)];
      this.#say([standing(node), ...notes].join(', '));
    }
    for (const node of nodes.filter((other) => !other.machine.member)) {
      const known = node.machine.known().toSorted((a, b) => a.position - b.position);
      this.#say([standing(node), `knows ${positions(known)}`, ...pauseOf(node)].join(', '));
    }
  }

  #entries(): void {
    for (const node of this.#world.nodes.filter((other) => other.state !== 'dead')) {
      const { entries, underReplicated } = node.machine.health();
      const missing = underReplicated === 0 ? '' : `, ${counted(underReplicated, 'arc')} with too few copies`;
      this.#say(`${node.name} keeps ${entries}${missing}`);
    }
  }

  #events(node: WorldNode): void {
    for (const event of node.events.splice(0)) {
      if (event.type === 'error') this.#say(`${node.name}: error ${event.failure.code}`);
      if (event.type === 'degraded') this.#say(`${node.name}: degraded: ${event.message}`);
    }
  }

  #trace(words: readonly string[]): void {
    this.#tracing = words[0] !== 'off';
    this.#traced = words[0] === 'on' ? undefined : new Set(words[0] === 'ring' ? RING_MESSAGES : words);
    for (const node of this.#world.nodes) this.#shown.set(node, standing(node));
  }

  #arrived(from: WorldNode, to: WorldNode, message: Message): void {
    const { type } = message.body;
    if (this.#awaited === `${from.name} ${to.name} ${type}`) this.#awaited = undefined;
    if (!this.#tracing || this.#traced?.has(type) === false) return;
    this.#note([`${from.name} -> ${to.name} ${messageInWords(message)}`, ...pauseOf(to)].join(', '));
  }

  /** Every input must leave a list that is right; where it changed something, a trace says so. */
  #stepped(node: WorldNode): void {
    const problem = listProblem(node, this.#k, this.#listMax);
    if (problem !== undefined) this.#say(`${WRONG}: ${problem}`);
    if (!this.#tracing) return;
    const now = standing(node);
    if (now === this.#shown.get(node)) return;
    this.#shown.set(node, now);
    this.#note(`  ${now}`);
  }

  #note(text: string): void {
    this.#say(`${String(Math.floor(this.#world.now)).padStart(6)} ms  ${text}`);
  }

  #each(words: readonly string[], action: (node: WorldNode) => void): void {
    for (const node of this.#nodes(words)) action(node);
  }

  #nodes(words: readonly string[]): WorldNode[] {
    return words.map((word) => this.#node(word));
  }

  #node(word: string | undefined): WorldNode {
    const node = this.#world.nodes[Number(word)];
    if (node === undefined) throw new Error(`there is no node '${word}'`);
    return node;
  }
}

function milliseconds(duration = ''): number {
  const parts = /^(\d+)(ms|s)$/.exec(duration);
  if (parts === null) throw new Error(`'${duration}' is no duration as 500ms or 5s`);
  return Number(parts[1]) * (parts[2] === 's' ? 1_000 : 1);
}

function setOf(text: string): Operation {
  return { type: 'set', value: new TextEncoder().encode(text), ttlMs: 0, ifAbsent: false, ifVersion: '' };
}

function resultInWords(outcome: Outcome): string {
  if (!outcome.ok) return outcome.failure.code;
  const { result } = outcome.value as OperateResult;
  if (result.type === 'value') return new TextDecoder().decode(result.value);
  return result.type === 'none' ? '(nothing)' : result.type;
}

function counted(count: number, noun: string): string {
  return count === 1 ? `${count} ${noun}` : `${count} ${noun}s`;
}

function standing({ name, machine }: WorldNode): string {
  if (!machine.member) return `${name} is a client`;
  return `${name} at ${machine.self.position}: ${neighbourhoodInWords(machine.neighbourhood)}`;
}

function pauseOf(node: WorldNode): string[] {
  return node.state === 'paused' ? ['paused'] : [];
}
