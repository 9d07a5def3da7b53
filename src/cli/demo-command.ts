// The command demo: a ring in this process with sample data and traffic, drawn live on a terminal, told in
// plain lines elsewhere. The ring, the traffic and the drawing have files of their own.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { type DemoOptions, type DemoRing, startDemoRing, stopDemoRing } from './demo-ring.ts';
import { DemoTraffic } from './demo-traffic.ts';
import { type DemoFacts, drawFrame, drawLogLine, drawWelcome, type Frame } from './demo-view.ts';
import { CommandFailure } from './failure.ts';
import { type Encryption, flag, parseK, parsePositive, type ProfileName } from './flags.ts';
import { writeBytes, writeJson, writeLine } from './output.ts';
import { painter } from './ring-commands.ts';
import { exitWithin, StopSignal } from './stop-signal.ts';

// Often enough to look alive, and a log that can still be read.
const FRAME_MS = 500;
const LOG_MS = 5_000;
// One process with more members than this is a benchmark, not a demonstration.
const NODES_MAX = 128;
const END_MS = 4_500;
const DRAWING_COLUMNS_MAX = 100;
// Room for the circle and the table where no terminal sets a limit.
const LOG_LINES = 40;
// Below this a picture says nothing; a lower terminal scrolls instead.
const PICTURE_LINES_MIN = 13;
// Clears the terminal and goes to its first line.
const CLEAR = '\u001B[2J\u001B[H';

interface DemoFlags {
  readonly nodes: number;
  readonly k: number;
  readonly encryption: Encryption;
  readonly profile: ProfileName;
  readonly json?: boolean;
}

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('a live ring in this process, with sample data and traffic')
    .addOption(flag('--nodes <n>', `members, 1 to ${NODES_MAX}`).argParser(parsePositive).default(8))
    .addOption(flag('--k <bits>', 'the ring has 2^k positions').argParser(parseK).default(8))
    .addOption(flag('--encryption <kind>', 'SSL or Plaintext').choices(['SSL', 'Plaintext']).default('SSL'))
    .addOption(flag('--profile <name>', 'timings').choices(['local', 'lan', 'wan']).default('local'))
    .addOption(flag('--json', 'machine-readable output: a line when ready, then one every 5 s'))
    .action(runDemo);
}

async function runDemo(flags: DemoFlags): Promise<void> {
  const { nodes, k, encryption, profile } = flags;
  if (nodes > Math.min(NODES_MAX, 2 ** k)) {
    const reason =
      nodes > NODES_MAX
        ? `the demo runs at most ${NODES_MAX}`
        : `a ring with k = ${k} has ${2 ** k} positions`;
    throw new CommandFailure('ERR_USAGE', `${nodes} members are too many: ${reason}`, { exitCode: 2 });
  }
  const stop = new StopSignal();
  const options: DemoOptions = { nodes, k, encryption, profile };
  const ring = await startOrStop(options, stop);
  if (ring === undefined) return;
  const startMs = performance.now();
  const traffic = new DemoTraffic(ring.members);
  const over = new AbortController();
  const signal = AbortSignal.any([stop.signal, over.signal]);
  const running = traffic.run(signal);
  const facts: DemoFacts = { nodes, k, encryption, startMs, address: ring.address };
  const show = flags.json ? showJson : process.stdout.isTTY ? showLive : showLog;
  await Promise.race([show(new Scene(ring, traffic, facts), signal), stop.stopped()]);
  // Told to stop, or nobody reads any more what it shows.
  over.abort();
  exitWithin(END_MS, 1);
  // Ends the line on which the terminal has echoed ^C.
  if (process.stdout.isTTY) await writeLine('');
  await stopDemoRing(ring);
  await running;
}

/** Starts the ring; undefined when the user had enough before it stood. */
async function startOrStop(options: DemoOptions, stop: StopSignal): Promise<DemoRing | undefined> {
  const starting = startDemoRing(options);
  const ring = await Promise.race([starting, stop.stopped()]);
  if (ring !== undefined) return ring;
  exitWithin(END_MS, 1);
  await starting.then(stopDemoRing, () => undefined);
  return undefined;
}

/** What can be shown of the demo at any moment. */
class Scene {
  readonly #ring: DemoRing;
  readonly #traffic: DemoTraffic;
  readonly facts: DemoFacts;

  constructor(ring: DemoRing, traffic: DemoTraffic, facts: DemoFacts) {
    this.#ring = ring;
    this.#traffic = traffic;
    this.facts = facts;
  }

  /** Looks at the ring now; undefined where its members did not answer. */
  async frame(): Promise<Frame | undefined> {
    await this.#traffic.explainOne();
    const members = await this.#ring.members[0]?.ring().catch(() => undefined);
    if (members === undefined) return undefined;
    members.sort((a, b) => a.position - b.position);
    return {
      k: this.#ring.k,
      members,
      traffic: this.#traffic.report(),
      upSeconds: (performance.now() - this.facts.startMs) / 1000,
      width: Math.min(process.stdout.columns ?? 80, DRAWING_COLUMNS_MAX),
      height: process.stdout.rows ?? LOG_LINES,
      paint: painter,
    };
  }
}

/** Redraws in place, below the welcome, which stays still so that its commands can be copied. */
async function showLive(scene: Scene, signal: AbortSignal): Promise<void> {
  const welcome = drawWelcome(scene.facts);
  if (!(await writeLine(welcome.join('\n')))) return;
  let back = '';
  // A terminal that changes its width breaks lines anew, so that the old picture cannot be found again.
  process.stdout.on('resize', () => {
    back = `${CLEAR}${welcome.join('\n')}\n`;
  });
  while (!signal.aborted) {
    const frame = await scene.frame();
    if (frame !== undefined) {
      // The last line of the terminal holds the cursor.
      const room = frame.height - welcome.length - 1;
      const lines = drawFrame({ ...frame, height: Math.max(room, PICTURE_LINES_MIN) });
      if (!(await writeBytes(`${back}${lines.join('\n')}\n`))) return;
      back = `\u001B[${lines.length}A\u001B[J`;
    }
    await pause(FRAME_MS, signal);
  }
}

/** The ring drawn once, then a line from time to time. */
async function showLog(scene: Scene, signal: AbortSignal): Promise<void> {
  let isRead = await writeLine(drawWelcome(scene.facts).join('\n'));
  const first = await scene.frame();
  if (first !== undefined) isRead = await writeLine(drawFrame({ ...first, height: LOG_LINES }).join('\n'));
  while (isRead) {
    await pause(LOG_MS, signal);
    if (signal.aborted) return;
    const frame = await scene.frame();
    if (frame !== undefined) isRead = await writeLine(drawLogLine(frame));
  }
}

async function showJson(scene: Scene, signal: AbortSignal): Promise<void> {
  const { nodes, k, encryption, startMs, address } = scene.facts;
  let isRead = await writeJson({ event: 'ready', members: nodes, k, encryption, startMs, connect: address });
  while (isRead) {
    await pause(LOG_MS, signal);
    if (signal.aborted) return;
    const frame = await scene.frame();
    if (frame === undefined) continue;
    const { members, traffic, upSeconds } = frame;
    isRead = await writeJson({ event: 'traffic', upSeconds, members: members.length, ...traffic });
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
