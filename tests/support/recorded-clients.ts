// RecordedClients: programs on real sockets that do conditional operations and increments, one at a time
// each, and write down what they asked and saw, for the checks of the simulator. It owns the translation
// between sockets and histories; what is asked is the simulator's workload.
import { Random } from '../../src/core/random.ts';
import { ChordError, type ChordSocket } from '../../src/index.ts';
import { countsOnce } from '../../src/sim/checks/counts-once.ts';
import type { Finding } from '../../src/sim/checks/finding.ts';
import { linearizable } from '../../src/sim/checks/linearizable.ts';
import { nothingLost } from '../../src/sim/checks/nothing-lost.ts';
import { readsGoForward } from '../../src/sim/checks/reads-go-forward.ts';
import { type Ending, History, versionOf } from '../../src/sim/history.ts';
import { type RegisterInput, type RegisterOutput, sortedJson } from '../../src/sim/register.ts';
import { type Intent, Workload } from '../../src/sim/workload.ts';

/** A counter that all programs count up by one, all the time. */
const TOTAL = 'counter of all';

export interface RecordedResult {
  readonly operations: number;
  /** The part of the outcomes that is known, 0..1. */
  readonly shareKnown: number;
  /** Epochs that were forced: the history is judged strictly up to the first. */
  readonly forced: number;
  /** What does not hold; empty where the history is linearizable and nothing was lost or counted twice. */
  readonly findings: readonly Finding[];
  /** Keys whose search was given up. */
  readonly undecided: number;
  /** The counter of all: what was acknowledged, what may have happened beside it, and what it is. */
  readonly total: { readonly acknowledged: number; readonly unknown: number; readonly value: number };
}

/** The part of the operations that counts TOTAL up. */
const TOTAL_PART = 0.1;
const OPERATION_MS = 2_000;
const READ_MS = 15_000;
/** Keys of the workload last 40 s: in that many times the real time, so that no history grows too long. */
const SPEED = 40;
/** A program whose operation failed waits so long: what it was asked of is not served now. */
const RETRY_MS = 20;

export class RecordedClients {
  readonly history: History = new History();
  readonly #clients: readonly ChordSocket[];
  readonly #random: Random;
  readonly #workload: Workload;
  readonly #start = performance.now();
  #stopping = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(clients: readonly ChordSocket[], seed: number) {
    this.#clients = clients;
    this.#random = new Random(seed);
    this.#workload = new Workload(new Random(seed + 1));
  }

  start(): void {
    this.#running = Promise.all(this.#clients.map((client, i) => this.#program(client, `program${i}`)));
  }

  /** Resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  /** An epoch was forced: less is promised from now on. */
  force(): void {
    this.history.force(this.#now());
  }

  /** Reads every key through the client, and judges all that was seen. */
  async judge(client: ChordSocket): Promise<RecordedResult> {
    for (const key of [...this.#workload.keys, TOTAL]) {
      await this.#operate(client, 'reader', { key, input: { type: 'get' } }, READ_MS);
    }
    const { history } = this;
    const checks = [countsOnce, nothingLost, readsGoForward];
    const findings = checks.flatMap((check) => check(history) ?? []);
    const { finding, undecided } = linearizable(history);
    if (finding !== undefined) findings.push(finding);
    const { shareKnown, forced, operations } = history;
    return {
      operations: operations.length,
      shareKnown,
      forced,
      findings,
      undecided,
      total: this.#total(),
    };
  }

  #total(): RecordedResult['total'] {
    const operations = this.history.operations.filter(({ key }) => key === TOTAL);
    const increments = operations.filter(({ input }) => input.type === 'increment');
    const acknowledged = increments.filter(({ output }) => output !== undefined).length;
    const last = operations.at(-1)?.output;
    const value = last?.type === 'value' ? Number(last.value) : Number.NaN;
    return { acknowledged, unknown: increments.length - acknowledged, value };
  }

  async #program(client: ChordSocket, name: string): Promise<void> {
    const seen = new Map<string, string>();
    while (!this.#stopping) {
      const intent = this.#intent(seen);
      const ending = await this.#operate(client, name, intent);
      if ('failure' in ending) {
        await new Promise((resolve) => {
          setTimeout(resolve, RETRY_MS);
        });
        continue;
      }
      const version = versionOf(ending.output);
      if (version !== undefined) seen.set(intent.key, version);
      if (intent.counts !== true) continue;
      const number = ending.output.type === 'value' ? Number(ending.output.value) : 0;
      const condition = version === undefined ? { ifAbsent: true } : { ifVersion: version };
      const input: RegisterInput = { type: 'set', value: String(number + 1), ...condition };
      await this.#operate(client, name, { key: intent.key, input });
    }
  }

  #intent(seen: ReadonlyMap<string, string>): Intent {
    if (this.#random.float() < TOTAL_PART) return { key: TOTAL, input: { type: 'increment', by: 1 } };
    return this.#workload.next(this.#now() * SPEED, seen);
  }

  async #operate(
    client: ChordSocket,
    name: string,
    { key, input }: Intent,
    timeoutMs = OPERATION_MS,
  ): Promise<Ending> {
    const call = this.history.begin({ client: name, node: name, key, input, invokedAt: this.#now() });
    const ending = await endingOf(key, input, () => carryOut(client, key, input, timeoutMs));
    this.history.end(call, this.#now(), ending);
    return ending;
  }

  #now(): number {
    return performance.now() - this.#start;
  }
}

async function carryOut(
  client: ChordSocket,
  key: string,
  input: RegisterInput,
  timeoutMs: number,
): Promise<RegisterOutput> {
  switch (input.type) {
    case 'get': {
      const entry = await client.getEntry(key, { timeoutMs });
      if (entry === undefined) return { type: 'none' };
      return { type: 'value', value: textOf(entry.value), version: entry.version };
    }
    case 'set': {
      const { value, ifAbsent, ifVersion } = input;
      const { version } = await client.set(key, value, { ifAbsent, ifVersion, timeoutMs });
      return { type: 'stored', version };
    }
    case 'delete':
      return {
        type: 'deleted',
        existed: await client.delete(key, { ifVersion: input.ifVersion, timeoutMs }),
      };
    case 'increment':
      return { type: 'number', value: await client.increment(key, input.by, { timeoutMs }) };
    default: {
      const delta = JSON.parse(input.delta) as Record<string, unknown>;
      const merged = (await client.applyDelta(key, delta, { timeoutMs })) as Record<string, unknown>;
      return { type: 'merged', value: sortedJson(merged) };
    }
  }
}

async function endingOf(
  key: string,
  input: RegisterInput,
  act: () => Promise<RegisterOutput>,
): Promise<Ending> {
  try {
    return { output: await act() };
  } catch (error) {
    if (!(error instanceof ChordError)) throw new Error(`${input.type} "${key}"`, { cause: error });
    const { code, version } = error;
    if (code === 'ERR_NOT_A_NUMBER') return { output: { type: 'not-a-number' } };
    if (code === 'ERR_NOT_JSON') return { output: { type: 'not-json' } };
    if (code !== 'ERR_CONFLICT') return { failure: code };
    return { output: version === undefined ? { type: 'conflict' } : { type: 'conflict', version } };
  }
}

/** As the model writes it: JSON objects with their members by name. */
function textOf(value: Uint8Array): string {
  const text = Buffer.from(value).toString();
  return text.startsWith('{') ? sortedJson(JSON.parse(text) as Record<string, unknown>) : text;
}
