// Round trips a second of the codec for the messages that operations consist of: the median of five, and the
// least and most. The argument is the number of round trips that are timed together, by default 200,000.

import { createHash } from 'node:crypto';
import { Codec } from '../dist/src/wire/codec.js';
import { WIRE_LIMITS } from '../dist/src/wire/limits.js';
import { toBase58 } from '../dist/src/wire/base58.js';

const hash = (bytes) => createHash('sha256').update(bytes).digest();
const idOf = (publicKey) => toBase58(hash(publicKey));
const codec = new Codec({ k: 32, hash, idOf, limits: WIRE_LIMITS });
const rounds = Number(process.argv[2] ?? 200_000);

const id = idOf(Uint8Array.of(1));
const base = { lineage: 'xyz1k2m3n4o5', epoch: 12 };
const version = `0190a1b2c3d40001${id.slice(0, 8)}${base.lineage.slice(0, 4)}c`;
const arc = { from: 123_456_789, to: 3_456_789_012 };
const value = new Uint8Array(100).fill(7);
const operate = { type: 'operate', key: 'user:12345678', consistency: 'quorum', sinceMs: 0, budgetMs: 9_990 };
const found = { type: 'value', value, version, expiresAt: 0, replicas: 3, agreed: 2, replicaRequests: 1 };
const entry = { key: 'user:12345678', value, version, expiresAt: 0, operation: `${id}:17`, previous: '' };
const contacts = Array.from({ length: 4 }, (_, i) => ({
  publicKey: Uint8Array.from(hash(Uint8Array.of(i))),
  salt: i,
  incarnation: 1_700_000_000_000,
  host: '192.168.1.17',
  port: 4_444,
}));

const messages = {
  get: request({ ...operate, operation: { type: 'get' }, operationId: '' }),
  'set of 100 bytes': request({
    ...operate,
    operation: { type: 'set', value, ttlMs: 0, ifAbsent: false, ifVersion: '' },
    operationId: `${id}:17`,
  }),
  'value of 100 bytes': reply({ type: 'operated', arc, result: found }),
  stored: reply({ type: 'operated', arc, result: { type: 'stored', version, replicaRequests: 2 } }),
  'replicate one entry': request({ type: 'replicate', arc, base, entries: [entry] }),
  'found, four contacts': reply({
    type: 'found',
    arc,
    owner: true,
    contacts: contacts.slice(0, 1),
    followers: contacts.slice(1),
  }),
};

for (const [name, message] of Object.entries(messages)) {
  const { length } = codec.encode(message);
  const rates = Array.from({ length: 5 }, () => rate(message)).toSorted((a, b) => a - b);
  const [low, , median, , high] = rates.map((each) => `${Math.round(each / 1_000)}k`);
  console.log(
    `${name.padEnd(22)} ${String(length).padStart(4)} bytes  ${median} round trips/s (${low} to ${high})`,
  );
}

function request(body) {
  return { direction: 'request', number: 4_321, body };
}

function reply(body) {
  return { direction: 'reply', number: 4_321, body };
}

function rate(message) {
  const start = performance.now();
  for (let i = 0; i < rounds; i++) codec.decode(codec.encode(message).subarray(4));
  return rounds / ((performance.now() - start) / 1_000);
}
