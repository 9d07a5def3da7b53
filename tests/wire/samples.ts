// Messages of every type, from which the vectors are recorded and which the other tests mutate. The compiler
// knows that none is missing. Those of the handshake are in handshake-samples.ts.

import { changedSamples, changesSamples } from './changes-samples.ts';
import type { Cast, CastStream } from '../../src/core/cast.ts';
import type { Base, Configuration, Proposal } from '../../src/core/configuration.ts';
import type { Contact } from '../../src/core/contact.ts';
import type { Entry } from '../../src/core/entry.ts';
import type { Message, Neighbourhood, Reply, Request, Tables } from '../../src/core/message.ts';
import { contactOf, K, sha256 } from './fixture.ts';

export type Samples<Union extends { readonly type: string }> = {
  readonly [Name in Union['type']]: readonly Extract<Union, { readonly type: Name }>[];
};

const [a, b, c, d] = [member(1), member(2), member(3), member(4)];
const arc = { from: 4_000_000_000, to: 123_456_789 };
const whole = { from: 7, to: 7 };
const alone: Neighbourhood = { predecessor: undefined, successors: [] };
const among: Neighbourhood = { predecessor: d, successors: [b, c] };
export const tables: Tables = { self: a, ...among, fingers: [b, d] };
const version = '0190a1b2c3d40001QmFzZTxyz14e';
const previous = '0190a1b2c3d30000------';
const operation = `${a.id}:17`;
const value = Uint8Array.of(0, 1, 127, 128, 255);
const patch = new TextEncoder().encode('{"on":true,"rate":null}');
const bytesKey = '\u0000\u007f\u0080\u00ff';
const entry: Entry = { key: 'apple', value, version, expiresAt: 0, operation, previous };
const tombstone: Entry = {
  key: bytesKey,
  value: undefined,
  version,
  expiresAt: 0,
  operation: '',
  previous: '',
};
const lasting: Entry = { ...entry, value: new Uint8Array(0), expiresAt: 1_800_000_000_000 };
const item = { key: 'apple', version };
const quorum = { consistency: 'quorum', operationId: operation, sinceMs: 0, budgetMs: 9_990 } as const;
const base: Base = { lineage: 'xyz1k2m3n4o5', epoch: 12 };
const configuration: Configuration = {
  ...base,
  members: [
    { contact: a, birth: a.incarnation },
    { contact: b, birth: 1_700_000_000_000 },
    { contact: c, birth: 0 },
  ],
  ancestors: [{ lineage: 'former', epoch: 300 }],
};
const successor: Configuration = {
  lineage: base.lineage,
  epoch: 13,
  members: [{ contact: d, birth: 1 }],
  ancestors: [],
};
const ballot = { round: 3, id: a.id };
const proposal: Proposal = { ballot: { round: 0, id: b.id }, configuration: successor };
const watermark = 1_800_000_000_000;
const summary = { count: 2, low: 0xffff_ffff, high: 7 };
const empty = { count: 0, low: 0, high: 0 };
const cast: Cast = {
  sender: a.id,
  incarnation: 1,
  sequence: 300,
  floor: 7,
  sentAt: 1_800_000_000_123,
  ageMs: 12,
  packets: ['tést', value, '', new Uint8Array(0)],
};
const stream: CastStream = { sender: a.id, incarnation: 1, floor: 7, next: 300, end: 302, ageMs: 1_250 };
const whispers = [
  { sequence: 1, sentAt: 1_800_000_000_123, packets: ['hello'] },
  { sequence: 4, sentAt: 1_800_000_000_124, packets: [] },
];

export const REQUEST_SAMPLES: Samples<Request> = {
  ping: [{ type: 'ping' }],
  neighbourhood: [{ type: 'neighbourhood', position: 77, known: 0xdead_beef }],
  notify: [{ type: 'notify', self: a }],
  introduce: [
    { type: 'introduce', contacts: [] },
    { type: 'introduce', contacts: [a, b, a] },
  ],
  leave: [{ type: 'leave', self: a, neighbourhood: among }],
  check: [{ type: 'check', suspect: b }],
  'dial-back': [{ type: 'dial-back', contact: a }],
  announce: [
    { type: 'announce', self: client(), member: false },
    { type: 'announce', self: a, member: true },
  ],
  find: [{ type: 'find', position: 2 ** K - 1, followers: true }],
  tables: [{ type: 'tables', known: 0 }],
  describe: [{ type: 'describe' }],
  operate: [
    { type: 'operate', key: 'apple', operation: { type: 'get' }, ...quorum, operationId: '' },
    {
      type: 'operate',
      key: bytesKey,
      operation: { type: 'set', value, ttlMs: 60_000, ifAbsent: false, ifVersion: version },
      ...quorum,
    },
    {
      type: 'operate',
      key: '',
      operation: { type: 'set', value: new Uint8Array(0), ttlMs: 0, ifAbsent: true, ifVersion: '' },
      ...quorum,
      consistency: 'all',
      sinceMs: 1_500,
    },
    {
      type: 'operate',
      key: 'apple',
      operation: { type: 'delete', ifVersion: '' },
      ...quorum,
      consistency: 'one',
    },
    { type: 'operate', key: 'count', operation: { type: 'increment', by: 1 }, ...quorum },
    { type: 'operate', key: 'count', operation: { type: 'increment', by: -(2 ** 53 - 1) }, ...quorum },
    { type: 'operate', key: 'config', operation: { type: 'merge', patch }, ...quorum },
  ],
  locate: [{ type: 'locate', position: 0 }],
  scan: [
    {
      type: 'scan',
      position: 1_000_000,
      afterKey: bytesKey,
      prefix: 'app',
      withValues: true,
      budgetMs: 9_990,
    },
    { type: 'scan', position: 0, afterKey: undefined, prefix: '', withValues: false, budgetMs: 100 },
  ],
  changes: changesSamples(version),
  inspect: [{ type: 'inspect', arc, saved: true }],
  prepare: [{ type: 'prepare', arc, base, ballot }],
  accept: [{ type: 'accept', arc, base, proposal }],
  install: [{ type: 'install', arc, configuration, watermark }],
  replicate: [
    { type: 'replicate', arc, base, entries: [entry, tombstone, lasting] },
    { type: 'replicate', arc: whole, base, entries: [] },
  ],
  copy: [
    { type: 'copy', arc, base, entries: [entry], past: false },
    { type: 'copy', arc, base, entries: [tombstone], past: true },
  ],
  summarise: [
    { type: 'summarise', arc, parts: 16, past: false },
    { type: 'summarise', arc, parts: 16, past: true },
  ],
  digest: [
    { type: 'digest', arc, after: undefined },
    { type: 'digest', arc, after: { position: 4_000_000_001, key: bytesKey } },
  ],
  fetch: [{ type: 'fetch', keys: ['apple', bytesKey, ''] }],
  cast: [
    { type: 'cast', arc, cast },
    { type: 'cast', arc: undefined, cast: { ...cast, packets: [] } },
  ],
  whisper: [{ type: 'whisper', target: b.id, sender: a.id, incarnation: 1, items: whispers, wave: 300 }],
  tally: [
    { type: 'tally', client: false, streams: [stream, { ...stream, sender: b.id }] },
    { type: 'tally', client: true, streams: [] },
  ],
  recall: [{ type: 'recall', sender: a.id, incarnation: 1, sequences: [301, 70_000] }],
  register: [
    { type: 'register', copy: false, items: [{ id: b.id, at: a }] },
    { type: 'register', copy: true, items: [] },
  ],
  whereis: [{ type: 'whereis', id: b.id }],
  pull: [
    { type: 'pull', arc, after: undefined },
    { type: 'pull', arc, after: { position: 4_000_000_001, key: 'apple' } },
  ],
  'pull-past': [{ type: 'pull-past', arc, from: 256 }],
  void: [
    {
      type: 'void',
      arc,
      base,
      items: [item, { key: bytesKey, version: '0190a1b2c3d4ffff' }],
      entries: [entry],
    },
  ],
  collect: [{ type: 'collect', arc, base, watermark }],
  offer: [
    { type: 'offer', arc, position: 123_456_000, base, told: undefined },
    { type: 'offer', arc, position: 123_456_000, base: undefined, told: undefined },
    { type: 'offer', arc, position: 123_456_000, base, told: { holder: b, configuration } },
    {
      type: 'offer',
      arc,
      position: 123_456_000,
      base: undefined,
      told: { holder: b, configuration: undefined },
    },
  ],
};

export const REPLY_SAMPLES: Samples<Reply> = {
  pong: [{ type: 'pong', wallMs: 1_700_000_000_123 }],
  'neighbourhood-is': [
    { type: 'neighbourhood-is', state: 'full', neighbourhood: among, kept: 0 },
    { type: 'neighbourhood-is', state: 'same', neighbourhood: alone, kept: 0 },
    { type: 'neighbourhood-is', state: 'pending', neighbourhood: alone, kept: 0 },
    { type: 'neighbourhood-is', state: 'not-a-member', neighbourhood: alone, kept: 0 },
    { type: 'neighbourhood-is', state: 'changed', neighbourhood: among, kept: 0b1_1111_0101 },
  ],
  notified: [
    { type: 'notified', outcome: 'adopted', predecessor: d, successors: [a, b] },
    { type: 'notified', outcome: 'known', predecessor: a, successors: [] },
    { type: 'notified', outcome: 'taken', predecessor: a, successors: [] },
    { type: 'notified', outcome: 'passed', predecessor: b, successors: [] },
    { type: 'notified', outcome: 'pending', predecessor: undefined, successors: [] },
    { type: 'notified', outcome: 'not-a-member', predecessor: undefined, successors: [] },
  ],
  introduced: [{ type: 'introduced' }],
  left: [{ type: 'left' }],
  checked: [{ type: 'checked', alive: true }],
  'dialled-back': [{ type: 'dialled-back', reached: false, reason: 'connection refused – naïve' }],
  announced: [{ type: 'announced' }],
  found: [
    { type: 'found', arc, owner: true, contacts: [a], followers: [b, c] },
    { type: 'found', arc, owner: false, contacts: [c, b], followers: [] },
  ],
  'tables-are': [
    { type: 'tables-are', digest: 77, tables },
    { type: 'tables-are', digest: 77, tables: undefined },
  ],
  described: [
    { type: 'described', member: undefined },
    {
      type: 'described',
      member: {
        self: a,
        ...among,
        arc,
        serving: true,
        served: [arc],
        entries: 1_234,
        copies: 2_468,
        gateway: '[::1]:8080',
        underReplicated: [arc, whole],
      },
    },
  ],
  operated: [
    { type: 'operated', arc, result: { type: 'none' } },
    {
      type: 'operated',
      arc,
      result: {
        type: 'value',
        value,
        version,
        expiresAt: 1_800_000_000_000,
        replicas: 3,
        agreed: 2,
        replicaRequests: 1,
      },
    },
    { type: 'operated', arc: whole, result: { type: 'stored', version, replicaRequests: 2 } },
    { type: 'operated', arc, result: { type: 'deleted', existed: true, version } },
    { type: 'operated', arc, result: { type: 'deleted', existed: false, version: '' } },
    { type: 'operated', arc, result: { type: 'conflict', version: '' } },
    { type: 'operated', arc, result: { type: 'computed', value: patch, version, replicaRequests: 2 } },
    {
      type: 'operated',
      arc,
      result: { type: 'refused', code: 'ERR_NOT_A_NUMBER', message: 'the stored value is "x"' },
    },
    { type: 'operated', arc, result: { type: 'refused', code: 'ERR_NOT_JSON', message: '' } },
    {
      type: 'operated',
      arc,
      result: { type: 'refused', code: 'ERR_VALUE_TOO_LARGE', message: 'the new value has 2000000 bytes' },
    },
  ],
  located: [{ type: 'located', arc, replicas: [a, b, c] }],
  scanned: [
    { type: 'scanned', arc, entries: [entry, tombstone], next: { position: 123_456_000, key: 'apple' } },
    { type: 'scanned', arc, entries: [], next: undefined },
  ],
  changed: changedSamples(version, entry),
  inspected: [
    { type: 'inspected', birth: 0, known: [] },
    { type: 'inspected', birth: a.incarnation, known: [{ arc, configuration, watermark }] },
  ],
  voted: [
    {
      type: 'voted',
      votes: [{ arc, vote: { type: 'promised', accepted: undefined, watermark: 0, restored: false } }],
    },
    {
      type: 'voted',
      votes: [{ arc, vote: { type: 'promised', accepted: proposal, watermark, restored: true } }],
    },
    { type: 'voted', votes: [{ arc, vote: { type: 'accepted' } }] },
    {
      type: 'voted',
      votes: [
        { arc: { from: arc.from, to: 5 }, vote: { type: 'outbid', promised: ballot } },
        { arc: { from: 5, to: 6 }, vote: { type: 'elsewhere', configuration } },
        { arc: { from: 6, to: arc.to }, vote: { type: 'unknown' } },
      ],
    },
  ],
  installed: [{ type: 'installed', whole: true }],
  replicated: [
    { type: 'replicated', outcome: 'stored' },
    { type: 'replicated', outcome: 'refused' },
  ],
  copied: [{ type: 'copied', stored: true }],
  summary: [
    { type: 'summary', birth: a.incarnation, clock: version, parts: [summary, empty], past: summary },
  ],
  'digest-is': [{ type: 'digest-is', items: [item], more: false }],
  fetched: [{ type: 'fetched', entries: [entry] }],
  pulled: [{ type: 'pulled', entries: [entry, lasting], more: true }],
  voided: [{ type: 'voided' }],
  collected: [{ type: 'collected', done: true }],
  offered: [
    { type: 'offered', arc, outcome: 'keep', known: undefined },
    { type: 'offered', arc, outcome: 'release', known: undefined },
    { type: 'offered', arc, outcome: 'wait', known: undefined },
    { type: 'offered', arc, outcome: 'tell', known: undefined },
    { type: 'offered', arc, outcome: 'installed', known: { arc: whole, configuration, watermark } },
  ],
  taken: [{ type: 'taken', attached: true }],
  heard: [{ type: 'heard', delivered: false }],
  tallied: [{ type: 'tallied', accepted: true, streams: [stream] }],
  recalled: [{ type: 'recalled', casts: [cast] }],
  registered: [{ type: 'registered' }],
  whereabouts: [
    { type: 'whereabouts', at: a },
    { type: 'whereabouts', at: undefined },
  ],
  redirect: [{ type: 'redirect', arc, owner: true, contacts: [a, b] }],
  failed: [
    { type: 'failed', code: 'BUSY', message: '' },
    { type: 'failed', code: 'ERR_QUORUM', message: '1 of 3 copies answered, 2 needed' },
    { type: 'failed', code: 'ERR_TIMEOUT', message: 'time is up' },
    { type: 'failed', code: 'ERR_LIMIT', message: 'the store is full' },
    { type: 'failed', code: 'ERR_STORE', message: 'disk full' },
    { type: 'failed', code: 'ERR_KEY_TOO_LARGE', message: 'a key of 2000 bytes' },
    { type: 'failed', code: 'ERR_VALUE_TOO_LARGE', message: 'a value of 2000000 bytes' },
  ],
};

/** Every sample as a message, requests and replies with numbers of one to eight bytes. */
export function sampleMessages(): Message[] {
  const numbers = [0, 127, 128, 70_000, 2 ** 31, 2 ** 32, 2 ** 53 - 1];
  const numberAt = (index: number): number => numbers[index % numbers.length] ?? 0;
  const requests = Object.values(REQUEST_SAMPLES).flat() as Request[];
  const replies = Object.values(REPLY_SAMPLES).flat() as Reply[];
  return [
    ...requests.map((body, i): Message => ({ direction: 'request', number: numberAt(i), body })),
    ...replies.map((body, i): Message => ({ direction: 'reply', number: numberAt(i), body })),
  ];
}

function member(seed: number): Contact {
  const publicKey = Uint8Array.of(0x02, ...sha256(Uint8Array.of(seed)));
  const incarnation = 1_700_000_000_000 + seed;
  return contactOf(publicKey, { salt: seed * 100, incarnation, host: `192.168.1.${seed}`, port: 4_444 });
}

function client(): Contact {
  return { ...member(5), host: '', port: 0 };
}

export function bytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => 255 - i);
}
