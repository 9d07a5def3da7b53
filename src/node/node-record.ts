// NodeRecord: who a node is, as its store keeps it through restarts: its key, its lives, where it stood and
// whom it knew. It owns the form, a page of JSON with a checksum, and what makes a record unfit for a
// socket.
import { hash } from 'node:crypto';
import type { Address } from './address.ts';
import { Identity } from './identity.ts';

export interface NodeRecord {
  readonly identity: Identity;
  /** The incarnation in which the memory of this node began: what it promised before is not remembered. */
  readonly birth: number;
  /** The incarnation that used it last. */
  readonly incarnation: number;
  /** Of its last position; undefined before it joined. */
  readonly salt: number | undefined;
  /** Addresses of members that it knew. */
  readonly members: readonly Address[];
}

/** What all nodes of a ring agree on, and a store belongs to. */
export interface RingTerms {
  readonly k: number;
  readonly subnet: string;
}

/** Of the form. A later version may read this one, but not the other way round. */
const FORMAT = 1;

interface Fields {
  readonly format: number;
  readonly k: number;
  readonly subnet: string;
  /** For people: it follows from the key. */
  readonly id: string;
  /** PKCS #8, base64. */
  readonly privateKey: string;
  readonly birth: number;
  readonly incarnation: number;
  readonly salt: number | null;
  readonly members: readonly (readonly [host: string, port: number])[];
}

export function encodeNodeRecord(record: NodeRecord, { k, subnet }: RingTerms): Uint8Array {
  const { identity, birth, incarnation, salt, members } = record;
  const fields: Fields = {
    format: FORMAT,
    k,
    subnet,
    id: identity.id,
    privateKey: Buffer.from(identity.toPkcs8()).toString('base64'),
    birth,
    incarnation,
    salt: salt ?? null,
    members: members.map(({ host, port }) => [host, port]),
  };
  return Buffer.from(`${JSON.stringify({ checksum: checksumOf(fields), ...fields }, undefined, 2)}\n`);
}

/** Throws an Error with a sentence where the bytes are damaged, or belong to another ring. */
export function decodeNodeRecord(bytes: Uint8Array, terms: RingTerms): NodeRecord {
  const fields = parse(bytes);
  const { k, subnet, salt, members } = fields;
  if (k !== terms.k) {
    throw new Error(`it was made for a ring of k = ${k}, and this node has k = ${terms.k}`);
  }
  if (subnet !== terms.subnet) {
    throw new Error(`it was made for the subnet '${subnet}', and this node is of '${terms.subnet}'`);
  }
  return {
    identity: Identity.fromPkcs8(Buffer.from(fields.privateKey, 'base64')),
    birth: fields.birth,
    incarnation: fields.incarnation,
    salt: salt ?? undefined,
    members: members.map(([host, port]) => ({ host, port })),
  };
}

function parse(bytes: Uint8Array): Fields {
  const damaged = 'its node.json is damaged: put back a copy, or move it away to start as a new node';
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new Error(damaged, { cause });
  }
  if (typeof value !== 'object' || value === null || !('checksum' in value)) throw new Error(damaged);
  const { checksum, ...rest } = value;
  const fields = rest as Fields;
  if (fields.format > FORMAT) {
    throw new Error(`it has the format ${fields.format}, and this version knows up to ${FORMAT}`);
  }
  // What has the right checksum was written by this code, and needs no further checks.
  if (checksum !== checksumOf(fields)) throw new Error(damaged);
  return fields;
}

function checksumOf(fields: Fields): string {
  return hash('sha256', JSON.stringify(fields), 'hex');
}
