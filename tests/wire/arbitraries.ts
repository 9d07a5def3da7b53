// Random messages of every type, built from the types: the compiler knows that none is missing.

import * as fc from 'fast-check';
import type { Cast, CastStream, Packet, Whereabouts, Whisper } from '../../src/core/cast.ts';
import type { Ballot, Base, Configuration, Proposal } from '../../src/core/configuration.ts';
import type { Mark } from '../../src/core/change-query.ts';
import type { Contact } from '../../src/core/contact.ts';
import type { Entry, EntryVersion, Place } from '../../src/core/entry.ts';
import type {
  Known,
  MemberDescription,
  Message,
  Neighbourhood,
  Operation,
  OperationResult,
  Reply,
  Request,
  Tables,
  Told,
} from '../../src/core/message.ts';
import type { Arc } from '../../src/core/position.ts';
import type { Vote } from '../../src/core/register.ts';
import type { PartVote } from '../../src/core/registers.ts';
import type { Summary } from '../../src/core/store.ts';
import { PROTOCOL_VERSION, type HandshakeMessage, type Terms } from '../../src/wire/handshake-message.ts';
import { contactOf } from './fixture.ts';

type Arbitraries<Union extends { readonly type: string }> = {
  readonly [Name in Union['type']]: fc.Arbitrary<Extract<Union, { readonly type: Name }>>;
};

/** Records with a prototype, as the codec makes them. */
function record<T>(fields: { [Field in keyof T]: fc.Arbitrary<T[Field]> }): fc.Arbitrary<T> {
  return fc.record<T>(fields, { noNullPrototype: true });
}

const number = fc.maxSafeNat();
const flag = fc.boolean();
const position = fc.nat({ max: 2 ** 31 - 1 }).map((half) => half * 2 + (half & 1));
const bytes = (maxLength: number, minLength = 0): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength, maxLength }).map((array) => new Uint8Array(array));
const value = fc.oneof(bytes(40), bytes(600));
const key = fc.oneof(bytes(20), bytes(300)).map((array) => String.fromCharCode(...array));
const text = fc.oneof(
  fc.string({ maxLength: 50 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constant('\ufeffx'),
);
const hexDigit = fc.constantFrom(...Array.from('0123456789abcdef'));
const version = fc
  .tuple(
    fc.string({ unit: hexDigit, minLength: 15, maxLength: 15 }).map((digits) => `0${digits}`),
    fc.string({ unit: fc.constantFrom('!', '1', 'a', 'Z', 'z', '~'), maxLength: 16 }),
  )
  .map(([time, node]) => time + node);
const condition = fc.oneof(fc.constant(''), version);

const contact: fc.Arbitrary<Contact> = fc
  .tuple(
    bytes(64, 1),
    record({
      salt: fc.nat({ max: 0xffff }),
      incarnation: number,
      host: text,
      port: fc.nat({ max: 0xffff }),
    }),
  )
  .map(([publicKey, rest]) => contactOf(publicKey, rest));
const contacts = fc.array(contact, { maxLength: 4 });
const maybeContact = fc.option(contact, { nil: undefined });
const arc: fc.Arbitrary<Arc> = record({ from: position, to: position });
const lineagePart = fc.constantFrom('', 'xyz1', '0-~ ');
const mark: fc.Arbitrary<Mark> = record({ arc, lineage: lineagePart, since: condition, sinceMs: number });
const neighbourhood: fc.Arbitrary<Neighbourhood> = record({
  predecessor: maybeContact,
  successors: contacts,
});
const tables: fc.Arbitrary<Tables> = record({
  self: contact,
  predecessor: maybeContact,
  successors: contacts,
  fingers: contacts,
});
const maybeTables = fc.option(tables, { nil: undefined });
const description: fc.Arbitrary<MemberDescription> = record({
  self: contact,
  predecessor: maybeContact,
  successors: contacts,
  arc,
  serving: flag,
  served: fc.array(arc, { maxLength: 4 }),
  entries: number,
  copies: number,
  gateway: text,
  underReplicated: fc.array(arc, { maxLength: 4 }),
});
const entry: fc.Arbitrary<Entry> = record({
  key,
  value: fc.option(value, { nil: undefined }),
  version,
  expiresAt: number,
  operation: fc.string({ maxLength: 40 }),
  previous: condition,
});
const entries = fc.array(entry, { maxLength: 5 });
const items: fc.Arbitrary<EntryVersion[]> = fc.array(record({ key, version }), { maxLength: 5 });
const place = fc.option(record<Place>({ position, key }), { nil: undefined });
const keys = fc.array(key, { maxLength: 5 });

const wellFormed = fc.string({ unit: 'binary', maxLength: 60 });
const packets: fc.Arbitrary<Packet[]> = fc.array(fc.oneof(value, wellFormed), { maxLength: 4 });
const cast: fc.Arbitrary<Cast> = record({
  sender: text,
  incarnation: number,
  sequence: number,
  floor: number,
  sentAt: number,
  ageMs: number,
  packets,
});
const streams = fc.array(
  record<CastStream>({
    sender: text,
    incarnation: number,
    floor: number,
    next: number,
    end: number,
    ageMs: number,
  }),
  { maxLength: 4 },
);
const whispers = fc.array(record<Whisper>({ sequence: number, sentAt: number, packets }), { maxLength: 4 });
const places = fc.array(record<Whereabouts>({ id: text, at: contact }), { maxLength: 4 });
const word = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: hexDigit, maxLength: 44 }));
const base: fc.Arbitrary<Base> = record({ lineage: word, epoch: number });
const ballot: fc.Arbitrary<Ballot> = record({ round: number, id: word });
const configuration: fc.Arbitrary<Configuration> = record({
  lineage: word,
  epoch: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  members: fc.array(record({ contact, birth: number }), { minLength: 1, maxLength: 4 }),
  ancestors: fc.array(base, { maxLength: 4 }),
});
const proposal: fc.Arbitrary<Proposal> = record({ ballot, configuration });
const told: fc.Arbitrary<Told> = record({
  holder: contact,
  configuration: fc.option(configuration, { nil: undefined }),
});
const known: fc.Arbitrary<Known> = record({ arc, configuration, watermark: number });
const summary: fc.Arbitrary<Summary> = record({ count: number, low: number, high: number });
const vote: fc.Arbitrary<Vote> = fc.oneof(
  record({
    type: fc.constant('promised' as const),
    accepted: fc.option(proposal, { nil: undefined }),
    watermark: number,
    restored: flag,
  }),
  record({ type: fc.constant('accepted' as const) }),
  record({ type: fc.constant('outbid' as const), promised: ballot }),
  record({ type: fc.constant('elsewhere' as const), configuration }),
  record({ type: fc.constant('unknown' as const) }),
);
const votes: fc.Arbitrary<PartVote[]> = fc.array(record({ arc, vote }), { maxLength: 4 });

const operation: fc.Arbitrary<Operation> = fc.oneof(
  record({ type: fc.constant('get' as const) }),
  record({
    type: fc.constant('set' as const),
    value,
    ttlMs: number,
    ifAbsent: flag,
    ifVersion: condition,
  }),
  record({ type: fc.constant('delete' as const), ifVersion: condition }),
  record({ type: fc.constant('increment' as const), by: fc.maxSafeInteger() }),
  record({ type: fc.constant('merge' as const), patch: value }),
);

const result: fc.Arbitrary<OperationResult> = fc.oneof(
  record({ type: fc.constant('none' as const) }),
  record({
    type: fc.constant('value' as const),
    value,
    version,
    expiresAt: number,
    replicas: number,
    agreed: number,
    replicaRequests: number,
  }),
  record({ type: fc.constant('stored' as const), version, replicaRequests: number }),
  record({ type: fc.constant('deleted' as const), existed: flag, version: condition }),
  record({ type: fc.constant('conflict' as const), version: condition }),
  record({ type: fc.constant('computed' as const), value, version, replicaRequests: number }),
  record({
    type: fc.constant('refused' as const),
    code: fc.constantFrom('ERR_NOT_A_NUMBER' as const, 'ERR_NOT_JSON' as const),
    message: text,
  }),
);

/** A record with the type in front. */
function of<Name extends string, T>(
  type: Name,
  fields: { [Field in keyof T]: fc.Arbitrary<T[Field]> },
): fc.Arbitrary<{ type: Name } & T> {
  return record(fields).map((rest) => ({ type, ...rest }));
}

const REQUESTS: Arbitraries<Request> = {
  ping: fc.constant({ type: 'ping' }),
  neighbourhood: of('neighbourhood', { position, known: number }),
  notify: of('notify', { self: contact }),
  introduce: of('introduce', { contacts }),
  leave: of('leave', { self: contact, neighbourhood }),
  check: of('check', { suspect: contact }),
  'dial-back': of('dial-back', { contact }),
  announce: of('announce', { self: contact, member: flag }),
  find: of('find', { position, followers: flag }),
  tables: of('tables', { known: number }),
  describe: fc.constant({ type: 'describe' }),
  operate: of('operate', {
    key,
    operation,
    consistency: fc.constantFrom('one' as const, 'quorum' as const, 'all' as const),
    operationId: fc.string({ maxLength: 40 }),
    sinceMs: number,
    budgetMs: number,
  }),
  locate: of('locate', { position }),
  scan: of('scan', {
    position,
    afterKey: fc.option(key, { nil: undefined }),
    prefix: key,
    withValues: flag,
    budgetMs: number,
  }),
  changes: of('changes', {
    arc,
    key,
    prefix: flag,
    marks: fc.array(mark, { maxLength: 4 }),
    log: number,
    place: number,
    waitMs: number,
    budgetMs: number,
  }),
  inspect: of('inspect', { arc, saved: flag }),
  prepare: of('prepare', { arc, base, ballot }),
  accept: of('accept', { arc, base, proposal }),
  install: of('install', { arc, configuration, watermark: number }),
  replicate: of('replicate', { arc, base, entries }),
  copy: of('copy', { arc, base, entries, past: flag }),
  summarise: of('summarise', { arc, parts: fc.nat({ max: 1_024 }), past: flag }),
  digest: of('digest', { arc, after: place }),
  fetch: of('fetch', { keys }),
  cast: of('cast', { arc: fc.option(arc, { nil: undefined }), cast }),
  whisper: of('whisper', { target: text, sender: text, incarnation: number, items: whispers, wave: number }),
  tally: of('tally', { client: flag, streams }),
  recall: of('recall', { sender: text, incarnation: number, sequences: fc.array(number, { maxLength: 5 }) }),
  register: of('register', { copy: flag, items: places }),
  whereis: of('whereis', { id: text }),
  pull: of('pull', { arc, after: place }),
  'pull-past': of('pull-past', { arc, from: number }),
  void: of('void', { arc, base, items, entries }),
  collect: of('collect', { arc, base, watermark: number }),
  offer: of('offer', {
    arc,
    position,
    base: fc.option(base, { nil: undefined }),
    told: fc.option(told, { nil: undefined }),
  }),
};

const REPLIES: Arbitraries<Reply> = {
  pong: of('pong', { wallMs: number }),
  'neighbourhood-is': of('neighbourhood-is', {
    state: fc.constantFrom(
      'pending' as const,
      'same' as const,
      'full' as const,
      'not-a-member' as const,
      'changed' as const,
    ),
    neighbourhood,
    kept: number,
  }),
  notified: of('notified', {
    outcome: fc.constantFrom('adopted' as const, 'known' as const, 'taken' as const, 'passed' as const),
    predecessor: maybeContact,
    successors: contacts,
  }),
  introduced: fc.constant({ type: 'introduced' }),
  left: fc.constant({ type: 'left' }),
  checked: of('checked', { alive: flag }),
  'dialled-back': of('dialled-back', { reached: flag, reason: text }),
  announced: fc.constant({ type: 'announced' }),
  found: of('found', { arc, owner: flag, contacts, followers: contacts }),
  'tables-are': of('tables-are', { digest: number, tables: maybeTables }),
  described: of('described', { member: fc.option(description, { nil: undefined }) }),
  operated: of('operated', { arc, result }),
  located: of('located', { arc, replicas: contacts }),
  scanned: of('scanned', { arc, entries, next: place }),
  changed: of('changed', {
    arc,
    lineage: lineagePart,
    entries,
    through: condition,
    throughMs: number,
    more: flag,
    missing: flag,
    behind: condition,
    log: number,
    place: number,
  }),
  inspected: of('inspected', { birth: number, known: fc.array(known, { maxLength: 4 }) }),
  voted: of('voted', { votes }),
  installed: of('installed', { whole: flag }),
  replicated: of('replicated', { outcome: fc.constantFrom('stored' as const, 'refused' as const) }),
  copied: of('copied', { stored: flag }),
  summary: of('summary', {
    birth: number,
    clock: version,
    parts: fc.array(summary, { maxLength: 4 }),
    past: summary,
  }),
  'digest-is': of('digest-is', { items, more: flag }),
  fetched: of('fetched', { entries }),
  taken: of('taken', { attached: flag }),
  heard: of('heard', { delivered: flag }),
  tallied: of('tallied', { accepted: flag, streams }),
  recalled: of('recalled', { casts: fc.array(cast, { maxLength: 4 }) }),
  registered: fc.constant({ type: 'registered' }),
  whereabouts: of('whereabouts', { at: maybeContact }),
  pulled: of('pulled', { entries, more: flag }),
  voided: fc.constant({ type: 'voided' }),
  collected: of('collected', { done: flag }),
  offered: of('offered', {
    arc,
    outcome: fc.constantFrom(...(['keep', 'release', 'wait', 'installed', 'tell'] as const)),
    known: fc.option(known, { nil: undefined }),
  }),
  redirect: of('redirect', { arc, owner: flag, contacts }),
  failed: of('failed', {
    code: fc.constantFrom('BUSY' as const, 'UNKNOWN' as const, 'ERR_QUORUM' as const, 'ERR_STORE' as const),
    message: text,
  }),
};

const terms: fc.Arbitrary<Terms> = record({
  version: fc.constant(PROTOCOL_VERSION),
  subnet: text,
  encryption: text,
  k: fc.integer({ min: 1, max: 48 }),
});

const HANDSHAKES: Arbitraries<HandshakeMessage> = {
  hello: of('hello', {
    terms,
    fingerprint: text,
    publicKey: bytes(64, 1),
    salt: number,
    incarnation: number,
    member: flag,
    seeksHome: flag,
    host: text,
    port: fc.nat({ max: 0xffff }),
    nonce: bytes(32, 32),
    wallMs: number,
  }),
  refusal: of('refusal', {
    terms,
    reason: fc.constantFrom('mismatch' as const, 'limit' as const, 'closing' as const),
    differs: fc.subarray(['subnet' as const, 'encryption' as const, 'k' as const, 'version' as const]),
    message: text,
  }),
  proof: of('proof', { signature: bytes(128), mac: bytes(128) }),
  welcome: of('welcome', { tables: maybeTables }),
};

/** For each type, messages of that type. */
export const MESSAGES: readonly (readonly [name: string, message: fc.Arbitrary<Message>])[] = [
  ...Object.entries<fc.Arbitrary<Request>>(REQUESTS).map(
    ([name, body]) => [name, record({ direction: fc.constant('request' as const), number, body })] as const,
  ),
  ...Object.entries<fc.Arbitrary<Reply>>(REPLIES).map(
    ([name, body]) => [name, record({ direction: fc.constant('reply' as const), number, body })] as const,
  ),
];

export const HANDSHAKE_MESSAGES: readonly (readonly [
  name: string,
  message: fc.Arbitrary<HandshakeMessage>,
])[] = Object.entries<fc.Arbitrary<HandshakeMessage>>(HANDSHAKES);
