// Streams of messages through simulated networks that lose members, and their judge: whoever stays, or has
// joined, gets every message of those that stay, once and in order. For the tests and `npm run broadcasts`.
import type { WorldNode } from '../../src/sim/world.ts';
import { Ears, messageRing, send } from './message-world.ts';
import { at } from './rings.ts';

export interface StreamResult {
  readonly sent: number;
  /** What nodes heard, all together. */
  readonly heard: number;
  /** What was not as promised; empty where all is well. */
  readonly problems: readonly string[];
}

const MEMBERS = 40;
const CLIENTS = 4;
const SENDS = 1_000;
/** By then what was lost on the way has been made up for. */
const REPAIR_MS = 30_000;

/** 1,000 messages of everybody, while 10 % of the members die at moments of their own. */
export function runLosses(seed: number): StreamResult {
  const { world, members, clients } = messageRing(MEMBERS, CLIENTS, { seed });
  const nodes = [...members, ...clients];
  const ears = new Ears(world);
  const sent = new Map<WorldNode, string[]>(nodes.map((node) => [node, []]));
  const victims = new Set<WorldNode>();
  while (victims.size < MEMBERS / 10) victims.add(at(members, world.random.below(MEMBERS)));
  const deaths = new Map<number, WorldNode>();
  for (const victim of victims) {
    let moment = world.random.below(SENDS);
    while (deaths.has(moment)) moment = world.random.below(SENDS);
    deaths.set(moment, victim);
  }
  for (let i = 0; i < SENDS; i++) {
    const victim = deaths.get(i);
    if (victim !== undefined) world.crash(victim);
    const sender = world.random.pick(world.running())!;
    send(world, sender, `${i}`);
    sent.get(sender)?.push(`${sender.machine.self.id.slice(0, 8)}: ${i}`);
    world.run(world.random.float() * 10);
    ears.listen();
  }
  const survivors = world.running();
  const due = survivors.reduce((sum, sender) => sum + (sent.get(sender)?.length ?? 0), 0);
  const owed = (node: WorldNode): number => due - (sent.get(node)?.length ?? 0);
  const missing = (node: WorldNode): number => {
    const heard = bySender(ears.of(node));
    const got = survivors
      .filter((sender) => sender !== node)
      .map((sender) => heard.get(nameOf(sender)) ?? []);
    return owed(node) - got.reduce((sum, lines) => sum + lines.length, 0);
  };
  world.run(500);
  for (let waited = 0; waited < REPAIR_MS && survivors.some((node) => missing(node) !== 0); waited += 500) {
    world.run(500);
  }
  const problems: string[] = [];
  for (const node of survivors) {
    const heard = bySender(ears.of(node));
    for (const sender of survivors.filter((other) => other !== node)) {
      const [got, expected] = [heard.get(nameOf(sender)) ?? [], sent.get(sender) ?? []];
      if (got.join() === expected.join()) continue;
      problems.push(
        `${node.name} heard ${got.length} of ${expected.length} of ${sender.name}: ${got.join(' ')}`,
      );
    }
  }
  if (ears.gaps > 0) problems.push(`${ears.gaps} messages were reported as lost`);
  return { sent: SENDS, heard: heardBy(ears, survivors), problems };
}

const CHURN_SENDS = 200;

/** 200 messages of one member, while members and clients come, leave and die. */
export function runChurn(seed: number): StreamResult {
  const { world, members } = messageRing(8, 1, { seed });
  const ears = new Ears(world);
  const sender = at(members, 0);
  /** From which message on each node is owed all of them. */
  const since = new Map<WorldNode, number>(world.nodes.map((node) => [node, 0]));
  const joins = new Map<WorldNode, number>();
  const another = (): WorldNode => world.random.pick(world.members().filter((node) => node !== sender))!;
  for (let i = 0; i < CHURN_SENDS; i++) {
    if (i % 12 === 3) {
      const node = world.add();
      world.connect(node, another());
      world.after(30, () => joins.set(node, world.command(node, { type: 'join' })));
    }
    if (i % 50 === 7) world.crash(another());
    if (i % 50 === 32) world.command(another(), { type: 'leave' });
    for (const [node, command] of joins) {
      if (node.outcomes.get(command)?.ok === true && !since.has(node)) since.set(node, i);
    }
    send(world, sender, `${i}`);
    world.run(world.random.float() * 40);
    ears.listen();
  }
  world.run(REPAIR_MS / 2);
  const problems: string[] = [];
  for (const [node, first] of since) {
    if (node === sender || node.state !== 'running') continue;
    const got = ears.of(node).map((line) => Number(line.split(' ')[1]));
    const owed = Array.from({ length: CHURN_SENDS - first }, (_, i) => first + i);
    // What came in before it had joined came once as well.
    const once = [...new Set(got)].toSorted((a, b) => a - b);
    if (got.join() !== once.join()) problems.push(`${node.name} heard ${got.join(' ')}`);
    if (got.slice(-owed.length).join() !== owed.join()) {
      problems.push(`${node.name} is owed all from ${first} on, and heard ${got.join(' ')}`);
    }
  }
  if (ears.gaps > 0) problems.push(`${ears.gaps} messages were reported as lost`);
  return { sent: CHURN_SENDS, heard: heardBy(ears, world.running()), problems };
}

function bySender(lines: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const line of lines) {
    const sender = line.slice(0, line.indexOf(':'));
    const heard = found.get(sender);
    if (heard === undefined) found.set(sender, [line]);
    else heard.push(line);
  }
  return found;
}

function heardBy(ears: Ears, nodes: readonly WorldNode[]): number {
  return nodes.reduce((sum, node) => sum + ears.of(node).length, 0);
}

function nameOf(node: WorldNode): string {
  return node.machine.self.id.slice(0, 8);
}
