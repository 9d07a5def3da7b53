// NodeRecord: who a node is, as its store keeps it through restarts: its key, its lives, where it stood and
// whom it knew. It owns the form, a page of JSON with a checksum, and what makes a record unfit for a
// socket.
import { hash } from 'node:crypto';
import { join } from 'node:path';
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

/**
 * Throws an Error with a sentence where the bytes are damaged, or belong to another ring: it names the
 * directory of the store, where there is one.
 */
export function decodeNodeRecord(bytes: Uint8Array, terms: RingTerms, directory?: string): NodeRecord {
  const fields = parse(bytes, directory);
  const { k, subnet, salt, members } = fields;
  if (k !== terms.k) {
    const facts = `was made for a ring of k = ${k}, and this node has k = ${terms.k}`;
    throw unfit(directory, facts, `give this node k = ${k}`);
  }
  if (subnet !== terms.subnet) {
    const facts = `was made for the subnet '${subnet}', and this node is of '${terms.subnet}'`;
    throw unfit(directory, facts, `give this node the subnet '${subnet}'`);
  }
  return {
    identity: Identity.fromPkcs8(Buffer.from(fields.privateKey, 'base64')),
    birth: fields.birth,
    incarnation: fields.incarnation,
    salt: salt ?? undefined,
    members: members.map(([host, port]) => ({ host, port })),
  };
}

function parse(bytes: Uint8Array, directory: string | undefined): Fields {
  const name = directory === undefined ? 'its node.json' : join(directory, 'node.json');
  const damaged = `${name} is damaged: put back a copy, or move it away to start as a new node`;
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
    const facts = `has the format ${fields.format}, and this version knows up to ${FORMAT}`;
    throw unfit(directory, facts, 'use the version that wrote it');
  }
  // What has the right checksum was written by this code, and needs no further checks.
  if (checksum !== checksumOf(fields)) throw new Error(damaged);
  return fields;
}

/** Of a store that is whole, and not for this node as it is. */
function unfit(directory: string | undefined, facts: string, advice: string): Error {
  const kind = directory === undefined ? 'store' : 'directory';
  return new Error(`${directory ?? 'it'} ${facts}: ${advice}, or another ${kind}`);
}

function checksumOf(fields: Fields): string {
  return hash('sha256', JSON.stringify(fields), 'hex');
}
