// CommandRing: two members as processes, and the commands of a test against them. It owns their folder and
// every process that a test starts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { buildProject, type Finished, type NodeProcess, Processes } from './processes.ts';

/** A ring for all tests of a file: it begins before the first, and ends behind the last. */
export function commandRing(): CommandRing {
  const ring = new CommandRing();
  beforeAll(() => ring.start(), 120_000);
  afterAll(() => ring.end());
  afterEach(() => ring.endProcesses());
  return ring;
}

class CommandRing {
  readonly #ring = new Processes();
  nodes: readonly NodeProcess[] = [];
  /** Those of the test that runs. */
  processes: Processes = new Processes();
  /** For files of tests; gone at the end. */
  folder = '';

  async start(): Promise<void> {
    buildProject();
    this.folder = mkdtempSync(join(tmpdir(), 'chord-commands-'));
    const first = await this.#ring.startNode(['--k', '8']);
    this.nodes = [first, await this.#ring.startNode(['--k', '8', '--connect', first.address])];
  }

  /** Behind each test. */
  async endProcesses(): Promise<void> {
    await this.processes.endAll();
    this.processes = new Processes();
  }

  async end(): Promise<void> {
    await this.#ring.endAll();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs a command against the ring. */
  readonly chord = async (args: readonly string[], input?: string | Uint8Array): Promise<Finished> => {
    const env = { CHORD_CONNECT: this.nodes[0]?.address ?? '', CHORD_PROFILE: 'local' };
    return this.processes.run(args, input === undefined ? { env } : { env, input });
  };
}
