// The commands ring, check and explain: what a ring looks like from one of its clients.
import type { Command } from 'commander';
import type { ChordSocket, Explanation, MemberView } from '../index.ts';
import { callOptions, withClient } from './connection.ts';
import { addRingFlags, flag, formatPair, parsePositive, type RingFlags } from './flags.ts';
import { type Colour, paint, writeJson, writeLine } from './output.ts';
import { withSpinner } from './progress.ts';
import { findProblems } from './ring-check.ts';
import { DRAWN_MEMBERS_MAX, drawMembers, drawRing, type Part } from './ring-drawing.ts';
import { drawTable } from './text-table.ts';

// Where standard output is no terminal, drawings are made for a page of this width.
const PAGE_COLUMNS = 80;

const COLOURS: Readonly<Record<Part, Colour>> = {
  arc: 'dim',
  member: 'green',
  absent: 'yellow',
  label: 'cyan',
  centre: 'bold',
  title: 'dim',
};

export function addInspection(program: Command): void {
  const ring = program
    .command('ring')
    .description('draw the ring and list its members')
    .addHelpText('after', '\nWith --json it is an array of the members, by position.');
  addRingFlags(ring, 'taken from the node').action(runRing);

  const check = program
    .command('check')
    .description('is the ring whole: order, neighbours, replicas')
    .addHelpText(
      'after',
      '\nPrints each problem found, key ranges with too few copies too; exit code 1 if there is any.\n' +
        'With --json it is {"whole":…,"members":…,"problems":[…],"underReplicated":[…]}; a range is\n' +
        '{"owner":…,"from":…,"to":…}, the positions behind `from` up to `to`.',
    );
  const expected = flag('--members <n>', 'how many members there should be; fewer are a problem');
  addRingFlags(check.addOption(expected.argParser(parsePositive)), 'taken from the node').action(runCheck);

  const explain = program
    .command('explain')
    .description('show the way to a key: hops, owner, replicas, cost')
    .argument('<key>', 'text, as UTF-8; it need not exist');
  addRingFlags(explain, 'taken from the node').action(runExplain);
}

async function runRing(flags: RingFlags): Promise<void> {
  await withClient(flags, async (client) => printRing(await walk(client, flags), client.k, flags));
}

/** Draws the ring and lists its members. */
export async function printRing(
  members: readonly MemberView[],
  k: number,
  flags: Pick<RingFlags, 'json'>,
): Promise<void> {
  if (flags.json) {
    await writeJson(members);
    return;
  }
  if (members.length <= DRAWN_MEMBERS_MAX) {
    const width = Math.min(process.stdout.columns ?? PAGE_COLUMNS, 100);
    const height = Math.min(23, Math.max(9, 2 * Math.ceil(members.length / 2) + 7));
    const entries = members.reduce((sum, member) => sum + member.entries, 0);
    const centre = [count(members.length, 'member'), `2^${k} positions`, count(entries, 'entry', 'entries')];
    await writeLine(drawRing(members, { k, width, height, centre, paint: painter }).join('\n'));
    await writeLine('');
  }
  await writeLine(drawMembers(members, k, painter).join('\n'));
}

interface CheckFlags extends RingFlags {
  readonly members?: number;
}

async function runCheck(flags: CheckFlags): Promise<void> {
  const members = await withClient(flags, (client) => walk(client, flags));
  if (!(await printCheck(members, flags))) process.exitCode = 1;
}

/** Says what is wrong with the ring; resolves to whether it is whole. */
export async function printCheck(
  members: readonly MemberView[],
  flags: Pick<CheckFlags, 'json' | 'members'>,
): Promise<boolean> {
  const problems = findProblems(members, flags.members);
  const whole = problems.length === 0;
  if (flags.json) {
    const underReplicated = members.flatMap(({ id, underReplicated: arcs }) =>
      arcs.map(({ from, to }) => ({ owner: id, from, to })),
    );
    await writeJson({ whole, members: members.length, problems, underReplicated });
    return whole;
  }
  for (const problem of problems) await writeLine(`${paint('red', '✗')} ${problem}`);
  const size = count(members.length, 'member');
  await writeLine(
    whole
      ? `${paint('green', '✓')} the ring is whole: ${size}, in order, neighbours agree, all copies in place`
      : `the ring is not whole: ${count(problems.length, 'problem')} with ${size}`,
  );
  return whole;
}

async function runExplain(key: string, flags: RingFlags): Promise<void> {
  const way = await withClient(flags, (client) => client.explain(key, callOptions(flags)));
  await printExplanation(key, way, flags);
}

/** Shows the way to a key. */
export async function printExplanation(
  key: string,
  way: Explanation,
  flags: Pick<RingFlags, 'json'>,
): Promise<void> {
  if (flags.json) {
    await writeJson({ key, ...way });
    return;
  }
  await writeLine(`${JSON.stringify(key)} is at position ${way.position}`);
  const columns = [
    { title: 'hop', align: 'right' },
    { title: 'position', align: 'right' },
    { title: 'id', align: 'left' },
    { title: 'address', align: 'left' },
    { title: 'ms', align: 'right' },
    { title: 'outcome', align: 'left' },
  ] as const;
  const rows = way.hops.map(({ peer, ms, outcome }, i) => [
    String(i + 1),
    String(peer.position),
    peer.id.slice(0, 10),
    formatPair(peer.addr),
    ms.toFixed(2),
    outcome,
  ]);
  await writeLine(drawTable(columns, rows, (title) => paint('dim', title)).join('\n'));
  await writeLine(`owner     ${peerText(way.owner)}`);
  await writeLine(`replicas  ${way.replicas.map(peerText).join(', ')}`);
  await writeLine(`cost      ${count(way.requests, 'request')}, ${way.ms.toFixed(2)} ms`);
}

/** Colours of a drawing on a terminal. */
export function painter(part: Part, text: string): string {
  return paint(COLOURS[part], text);
}

/** `1 member`, `2 members`. */
function count(number: number, one: string, many: string = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** The members, clockwise from position 0. */
async function walk(client: ChordSocket, flags: RingFlags): Promise<MemberView[]> {
  return byPosition(await withSpinner('walking the ring', () => client.ring(callOptions(flags))));
}

export function byPosition(members: readonly MemberView[]): MemberView[] {
  return members.toSorted((a, b) => a.position - b.position);
}

function peerText(peer: { readonly addr: readonly [string, number]; readonly position: number }): string {
  return `${formatPair(peer.addr)} (at ${peer.position})`;
}
