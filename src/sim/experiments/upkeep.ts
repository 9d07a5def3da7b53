// E7, the cost of staying together: bytes a member sends each second, idle and while members come and go.
// Every message is encoded by the real codec, handshakes included; what TCP and IP add is shown apart.
import type { Message, Tables } from '../../core/message.ts';
import { PROFILES } from '../../core/profile.ts';
import type { Profile } from '../../core/profile.ts';
import { Codec } from '../../wire/codec.ts';
import type { HandshakeMessage, Hello } from '../../wire/handshake-message.ts';
import { PROTOCOL_VERSION } from '../../wire/handshake-message.ts';
import { WIRE_LIMITS } from '../../wire/limits.ts';
import { simulationHash } from '../hash.ts';
import { Living, poisson } from './churn.ts';
import type { Cell, ExperimentOptions, ExperimentResult } from './experiment.ts';
import { chosen, round } from './experiment.ts';
import type { ExperimentNode, ExperimentWatch } from './experiment-world.ts';
import { ExperimentWorld } from './experiment-world.ts';
import { grow, GROWING } from './growth.ts';
import { Lookups } from './lookups.ts';
import { Pairs } from './pairs.ts';

const COLUMNS = [
  'N',
  'sessions',
  'seconds',
  'bytes/s a node',
  'of these handshakes',
  'a lookup',
  'with TCP/IP',
  'messages/s a node',
  'published',
  'lookups',
  'failed',
];
const K = 32;
const DELAY_MS = 50;
/** As on the wire: a compressed P-256 key, and an address of usual length. */
const KEY_BYTES = 33;
const HOST = '203.0.113.100';
/** IPv4 and TCP with timestamps; a packet a message, and a bare acknowledgement for every other. */
const PACKET_BYTES = 52;
const PACKETS_A_MESSAGE = 1.5;
/** Opening and closing a connection: three packets each. */
const PACKETS_A_CONNECTION = 6;
/** Many cheap lookups, so that one failing in a thousand can be told; what they send is counted apart. */
const LOOKUP_SECONDS = 60;
const FAILED_BAR = 0.001;
/** What is published was measured with about so many; with more, the figures are shown and not judged. */
const JUDGED_MAX = 1_024;
/** Kinds of messages that the notes name. */
const KINDS_SHOWN = 12;
const MINUTE = 60;

interface Case {
  readonly n: number;
  /** Mean session in seconds; Infinity = nobody comes or goes. */
  readonly session: number;
  readonly name: string;
  readonly seconds: number;
  readonly published: string;
  /** Bytes a second a node, packets included, that must not be exceeded. */
  readonly bar: number;
}

export function upkeep(options: ExperimentOptions): ExperimentResult {
  const rows: Cell[][] = [];
  const missed: string[] = [];
  const shares: string[] = [];
  for (const { one, name, seed } of chosen(cases(options), nameOf, options)) {
    options.progress(`${name} sessions`);
    const { row, bytes, failedPart, kinds } = run(one, seed);
    shares.push(`${name}: ${kinds}`);
    rows.push(row);
    if (bytes > one.bar && one.n <= JUDGED_MAX)
      missed.push(`${name}: ${round(bytes, 0)} bytes/s > ${one.bar}`);
    if (failedPart > FAILED_BAR) missed.push(`${name}: ${round(failedPart * 100)} % failed`);
  }
  return {
    title: 'E7 Cost of staying together (profile wan)',
    columns: COLUMNS,
    rows,
    passed: missed.length === 0,
    notes: [
      ...missed,
      ...shares,
      'bytes: frames with their 4-byte headers; the bar counts those',
      'lookups are not in them, nor the connections that they open: every node looks one key up in 60 s',
      `with TCP/IP: ${PACKET_BYTES} bytes a packet, 1.5 packets a message and 6 a connection`,
      'a process that dies breaks its connections; published: Bamboo (USENIX 2004), Li et al. (INFOCOM 2005)',
    ],
  };
}

function nameOf({ n, name }: Case): string {
  return `N = ${n}, ${name}`;
}

function cases({ quick, members }: ExperimentOptions): Case[] {
  const idle = { session: Infinity, name: 'idle', published: '', bar: Infinity };
  const hour = { session: 3_600, name: '1 h mean', published: 'about 40', bar: 40 };
  const short = { session: (1.4 * MINUTE) / Math.LN2, name: '1.4 min median', published: '< 900', bar: 900 };
  if (quick) {
    return [
      { n: 40, ...idle, seconds: 300 },
      { n: 40, ...hour, seconds: 300, bar: Infinity },
    ];
  }
  const all: Case[] = [];
  for (const n of members === undefined ? [100, 1_000] : [members]) {
    all.push({ n, ...idle, seconds: 600 });
    all.push({ n, ...hour, seconds: 1_200 });
    all.push({ n, ...short, seconds: 300 });
  }
  return all;
}

interface Run {
  readonly row: Cell[];
  readonly bytes: number;
  readonly failedPart: number;
  readonly kinds: string;
}

function run({ n, session, name, seconds, published }: Case, seed: number): Run {
  const { requestMinMs, requestMaxMs } = PROFILES.wan;
  const profile: Profile = { ...GROWING, requestMinMs, requestMaxMs };
  const world = new ExperimentWorld({
    seed,
    k: K,
    profile,
    delayMs: DELAY_MS,
    exponential: true,
    connections: true,
    keyBytes: KEY_BYTES,
    host: HOST,
  });
  const grown = grow(world, n, { batchPart: 0.2 });
  if (!grown.ideal) throw new Error(`seed ${seed}: the ring of ${n} did not become ideal`);
  Object.assign(profile, PROFILES.wan);
  const living = new Living(world);
  const meter = new Meter();
  let [done, failed] = [0, 0];
  const lookups: Lookups = new Lookups(
    world,
    {
      timeoutMs: PROFILES.wan.timeoutMs,
      ended: (trace, result) => {
        if (!trace.asker.alive) return;
        done += 1;
        if (result === undefined) failed += 1;
      },
    },
    meter.watch((from, to, message) => lookups.isPart(from, to, message)),
  );
  if (session !== Infinity) {
    poisson(world, n / session, () => living.join());
    poisson(world, n / session, () => living.crash());
  }
  poisson(world, n / LOOKUP_SECONDS, () => {
    const asker = living.pick();
    if (asker !== undefined) lookups.start(asker);
  });
  // The ring takes up its pace before anything is counted.
  world.run(300_000);
  meter.reset();
  [done, failed] = [0, 0];
  world.run(seconds * 1_000);
  const share = 1 / seconds / n;
  const packets = meter.messages * PACKETS_A_MESSAGE + meter.connections * PACKETS_A_CONNECTION;
  const bytes = meter.bytes * share;
  const lookupBytes = round(meter.lookupBytes / Math.max(1, done), 0);
  const figures = [round(bytes, 1), round(meter.handshakeBytes * share, 1), lookupBytes];
  const whole = round((meter.bytes + packets * PACKET_BYTES) * share, 1);
  const rate = round(meter.messages * share);
  return {
    row: [n, name, seconds, ...figures, whole, rate, published, done, failed],
    bytes,
    failedPart: failed / Math.max(1, done),
    kinds: meter.summary(share),
  };
}

/** Counts what is sent, as the codec writes it. */
class Meter {
  bytes = 0;
  handshakeBytes = 0;
  /** Not among the bytes. */
  lookupBytes = 0;
  messages = 0;
  connections = 0;
  /** Bytes and messages by kind. */
  readonly #kinds = new Map<string, [bytes: number, messages: number]>();
  /** Handshakes of connections on which the dialling side has said nothing yet, kind and length. */
  readonly #fresh = new Pairs<readonly (readonly [string, number])[]>();
  readonly #codec = new Codec({ k: K, hash: simulationHash, idOf: () => '', limits: WIRE_LIMITS });

  watch(isLookup: (from: ExperimentNode, to: ExperimentNode, message: Message) => boolean): ExperimentWatch {
    return {
      sent: (from, to, message) => {
        const { length } = this.#codec.encode(message);
        const counts = !isLookup(from, to, message);
        this.#countHandshake(from, to, counts);
        if (counts) this.#count(message.body.type, length);
        else this.lookupBytes += length;
      },
      opened: (from, to, tables) => this.#opened(from, to, tables),
    };
  }

  #opened(from: ExperimentNode, to: ExperimentNode, tables: readonly (Tables | undefined)[]): void {
    const messages = [from, to].flatMap((node, i) => handshake(node, tables[i]));
    const sizes = messages.map(
      (message) => [message.type, this.#codec.encodeHandshake(message).length] as const,
    );
    this.#fresh.set(from.index, to.index, sizes);
  }

  /** A connection is part of what its first message is part of. */
  #countHandshake(from: ExperimentNode, to: ExperimentNode, counts: boolean): void {
    const sizes = this.#fresh.get(from.index, to.index);
    if (sizes === undefined) return;
    this.#fresh.remove(from.index, to.index);
    this.connections += counts ? 1 : 0;
    for (const [kind, length] of sizes) {
      if (!counts) {
        this.lookupBytes += length;
        continue;
      }
      this.#count(kind, length);
      this.handshakeBytes += length;
    }
  }

  #count(kind: string, bytes: number): void {
    this.messages += 1;
    this.bytes += bytes;
    const sum = this.#kinds.get(kind) ?? [0, 0];
    this.#kinds.set(kind, [sum[0] + bytes, sum[1] + 1]);
  }

  /** What cost most: bytes a second a node, and messages. */
  summary(share: number): string {
    const kinds = [...this.#kinds].toSorted((a, b) => b[1][0] - a[1][0]).slice(0, KINDS_SHOWN);
    return kinds
      .map(
        ([kind, [bytes, messages]]) => `${kind} ${round(bytes * share, 1)} (${round(messages * share, 3)})`,
      )
      .join(', ');
  }

  reset(): void {
    this.#kinds.clear();
    this.bytes = 0;
    this.handshakeBytes = 0;
    this.lookupBytes = 0;
    this.messages = 0;
    this.connections = 0;
  }
}

/** What one side of a plaintext connection says before anything else. */
function handshake(node: ExperimentNode, tables: Tables | undefined): HandshakeMessage[] {
  const { publicKey, salt, incarnation, host, port } = node.machine.self;
  const hello: Hello = {
    type: 'hello',
    terms: { version: PROTOCOL_VERSION, subnet: 'experiment', encryption: 'plaintext', k: K },
    fingerprint: 'x'.repeat(45),
    publicKey,
    salt,
    incarnation,
    member: node.machine.member,
    seeksHome: node.machine.seeksHome,
    host,
    port,
    nonce: new Uint8Array(32),
    wallMs: 1_700_000_000_000,
  };
  const proof = { type: 'proof', signature: new Uint8Array(64), mac: new Uint8Array(0) } as const;
  return [hello, proof, { type: 'welcome', tables }];
}
