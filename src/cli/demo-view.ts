// What the demo shows, as lines: the welcome, the picture of the running ring, and one line for logs. Pure
// functions.
import type { Latency, TrafficReport } from './demo-traffic.ts';
import { DRAWN_MEMBERS_MAX, type DrawnMember, drawMembers, drawRing, type Painter } from './ring-drawing.ts';

export interface DemoFacts {
  readonly nodes: number;
  readonly k: number;
  readonly encryption: string;
  /** From the start of the process until every member served. */
  readonly startMs: number;
  /** Where a client connects. */
  readonly address: string;
}

export interface Frame {
  readonly k: number;
  readonly members: readonly DrawnMember[];
  readonly traffic: TrafficReport;
  readonly upSeconds: number;
  readonly width: number;
  readonly height: number;
  readonly paint: Painter;
}

// Lines of figures below the drawing, with a blank one above.
const FIGURE_LINES = 4;
const CIRCLE_LINES_MIN = 9;
const CIRCLE_LINES_MAX = 19;

/** The first lines of the demo: how long the start took, and two commands to paste. */
export function drawWelcome(facts: DemoFacts): string[] {
  const members = facts.nodes === 1 ? '1 member' : `${facts.nodes} members`;
  return [
    `A ring of ${members} is up, ${(facts.startMs / 1000).toFixed(2)} s after the start` +
      ` (${facts.encryption}, k = ${facts.k}).`,
    'Paste these into another terminal, in the same folder:',
    '',
    `  npx chord get greeting --connect ${facts.address}`,
    `  npx chord ring --connect ${facts.address}`,
    '',
    'Ctrl-C ends it.',
    '',
  ];
}

/**
 * The picture of one moment, at most `height` lines: the ring, the figures, and the table where there is
 * room.
 */
export function drawFrame(frame: Frame): string[] {
  const { k, members, width, paint } = frame;
  const figures = drawFigures(frame);
  const table = members.length <= DRAWN_MEMBERS_MAX ? ['', ...drawMembers(members, k, paint)] : [];
  const room = frame.height - figures.length;
  const withTable = room - table.length >= CIRCLE_LINES_MIN + 4;
  const lines = Math.min(CIRCLE_LINES_MAX, withTable ? room - table.length : room);
  const entries = members.reduce((sum, member) => sum + member.entries, 0);
  const centre = [`${members.length} members`, `${entries} entries`, `up ${Math.floor(frame.upSeconds)} s`];
  const circle =
    lines >= CIRCLE_LINES_MIN && members.length <= DRAWN_MEMBERS_MAX
      ? drawRing(members, { k, width, height: lines, centre, paint })
      : [];
  return [...circle, ...figures, ...(withTable ? table : [])];
}

/** The same moment as a single line, for output that is no terminal. */
export function drawLogLine(frame: Pick<Frame, 'members' | 'traffic' | 'upSeconds'>): string {
  const { members, traffic, upSeconds } = frame;
  const entries = members.reduce((sum, member) => sum + member.entries, 0);
  const parts = [
    `${Math.round(upSeconds)} s`,
    `${members.length} members`,
    `${entries} entries`,
    figuresOf(traffic),
    lookupOf(traffic),
  ];
  return parts.join('  ');
}

function drawFigures(frame: Frame): string[] {
  const { traffic, width } = frame;
  const lines = ['', figuresOf(traffic), lookupOf(traffic)];
  if (traffic.lastError !== undefined) lines.push(`last error: ${traffic.lastError}`);
  return lines.slice(0, FIGURE_LINES).map((line) => line.slice(0, width));
}

function figuresOf({ opsPerSecond, reads, writes, errors }: TrafficReport): string {
  const rate = `${Math.round(opsPerSecond)} ops/s`;
  return `${rate}  get ${latencyText(reads)}  set ${latencyText(writes)}  ${errors} errors`;
}

function latencyText({ p50, p99 }: Latency): string {
  return Number.isNaN(p50) ? '-' : `${p50.toFixed(1)} ms (99 % in ${p99.toFixed(1)})`;
}

function lookupOf({ lastLookup }: TrafficReport): string {
  if (lastLookup === undefined) return 'last lookup: -';
  const { key, from, hops, requests, ms } = lastLookup;
  const way = [`@${from}`, ...hops.map((position) => `@${position}`)].join(' → ');
  return `last lookup: ${key}  ${way}  ${requests} request${requests === 1 ? '' : 's'}, ${ms.toFixed(1)} ms`;
}
