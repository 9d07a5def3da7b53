// A stream of messages through 16 real processes, of which some are killed on the way: those that stay get
// every message of those that stay, once and in order.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildProject } from '../support/processes.ts';

const SCRIPT = fileURLToPath(new URL('../support/message-node.mjs', import.meta.url));
const PROCESSES = 16;
const KILLED = 2;
/** In all, 1,000 are sent. */
const SENDS = 1_000;
/** About 20 s on two busy cores, most of it for sixteen processes to start. */
const LIMIT_MS = 240_000;

interface Line {
  readonly ready?: string;
  readonly id?: string;
  readonly sent?: number;
  readonly complete?: boolean;
}

/** A process and what it has said. */
class Speaker {
  readonly child: ChildProcess;
  readonly lines: Line[] = [];
  address = '';
  id = '';

  constructor(contact?: string) {
    const args = contact === undefined ? [SCRIPT] : [SCRIPT, contact];
    this.child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdin?.on('error', () => undefined);
    createInterface({ input: this.child.stdout! }).on('line', (text) => {
      this.lines.push(JSON.parse(text) as Line);
      this.child.emit('said');
    });
  }

  async ready(): Promise<void> {
    const line = await this.until((said) => said.ready !== undefined);
    this.address = line.ready ?? '';
    this.id = line.id ?? '';
  }

  tell(command: object): void {
    this.child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  /** The first line like that, now or later. */
  async until(fits: (line: Line) => boolean): Promise<Line> {
    for (;;) {
      const line = this.lines.find(fits);
      if (line !== undefined) return line;
      await once(this.child, 'said');
    }
  }
}

const speakers: Speaker[] = [];

beforeAll(() => buildProject(), 120_000);

afterAll(async () => {
  for (const { child } of speakers) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }
});

it(
  'gets every message of the survivors to the survivors, through 16 processes of which 2 are killed',
  async () => {
    const first = new Speaker();
    speakers.push(first);
    await first.ready();
    while (speakers.length < PROCESSES) speakers.push(new Speaker(first.address));
    await Promise.all(speakers.map((speaker) => speaker.ready()));

    const victims = speakers.slice(3, 3 + KILLED);
    const survivors = speakers.filter((speaker) => !victims.includes(speaker));
    const share = Math.ceil(SENDS / PROCESSES);
    for (const speaker of speakers) speaker.tell({ send: share });
    // In the middle of it, one after the other.
    for (const [i, victim] of victims.entries()) {
      const witness = survivors[i]!;
      witness.tell({ expect: { [victim.id]: 10 } });
      await witness.until((line) => line.complete === true);
      victim.child.kill('SIGKILL');
      witness.lines.length = 0;
    }
    await Promise.all(survivors.map((speaker) => speaker.until((line) => line.sent === share)));

    for (const speaker of survivors) {
      const others = survivors.filter((other) => other !== speaker);
      speaker.tell({ expect: Object.fromEntries(others.map(({ id }) => [id, share])) });
    }
    await Promise.all(survivors.map((speaker) => speaker.until((line) => line.complete === true)));
    const unexpected = survivors.flatMap(({ lines }) => lines).filter((line) => 'wrong' in line);
    expect(unexpected).toEqual([]);
  },
  LIMIT_MS,
);
