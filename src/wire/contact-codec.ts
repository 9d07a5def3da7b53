// Contacts on the wire, and what consists of them. It owns the rule that a contact's id and position are
// computed here and never taken from a sender, and the cache that keeps this cheap. Whether a contact is who
// it says is proved elsewhere.
import { SALT_MAX, type Contact } from '../core/contact.ts';
import type { MemberDescription, Neighbourhood, Tables } from '../core/message.ts';
import { memberPosition, type Hash } from '../core/position.ts';
import type { Reader, Writer } from './bytes.ts';
import { readArc, writeArc } from './entry-codec.ts';
import { readList, readOptional, writeList, writeOptional, type Scope } from './schema.ts';

/** A compressed P-256 key has 33 bytes; there is room for other kinds, and a simulation uses shorter ones. */
export const PUBLIC_KEY_BYTES_MAX = 64;

const PORT_MAX = 0xffff;

/** More than the contacts a node hears of between two joins, and about 1 MB when full. */
const CACHE_MAX = 4_096;

export interface ContactReaderOptions {
  readonly k: number;
  readonly hash: Hash;
  readonly idOf: (publicKey: Uint8Array) => string;
  readonly hostBytes: number;
}

/**
 * Reads contacts. A contact that is read twice with the same fields is the very same object; one that is new
 * costs two hashes and a base58.
 */
export class ContactReader {
  readonly #options: ContactReaderOptions;
  /** By a checksum of key and salt. Two with one checksum take turns, which costs time and nothing else. */
  readonly #cache = new Map<number, Contact>();

  constructor(options: ContactReaderOptions) {
    this.#options = options;
  }

  read(input: Reader): Contact {
    const publicKey = readPublicKey(input);
    const salt = input.varint(SALT_MAX);
    const incarnation = input.varint();
    const host = input.text(this.#options.hostBytes);
    const port = input.varint(PORT_MAX);
    const checksum = checksumOf(publicKey, salt);
    const cached = this.#cache.get(checksum);
    if (cached === undefined || cached.salt !== salt || !equal(cached.publicKey, publicKey)) {
      return this.#keep(checksum, this.#compute(publicKey, salt, incarnation, host, port));
    }
    if (cached.incarnation === incarnation && cached.host === host && cached.port === port) return cached;
    return this.#keep(checksum, { ...cached, incarnation, host, port });
  }

  #compute(view: Uint8Array, salt: number, incarnation: number, host: string, port: number): Contact {
    const { k, hash, idOf } = this.#options;
    const publicKey = new Uint8Array(view);
    const position = memberPosition(hash, publicKey, salt, k);
    return { id: idOf(publicKey), publicKey, salt, position, incarnation, host, port };
  }

  #keep(checksum: number, contact: Contact): Contact {
    if (this.#cache.size >= CACHE_MAX) this.#cache.clear();
    this.#cache.set(checksum, contact);
    return contact;
  }
}

/** Key, salt, incarnation and address; id and position follow from them. */
export function writeContact(out: Writer, contact: Contact, scope: Scope): void {
  writePublicKey(out, contact.publicKey);
  out.varint(contact.salt, SALT_MAX);
  out.varint(contact.incarnation);
  out.text(contact.host, scope.limits.hostBytes);
  out.varint(contact.port, PORT_MAX);
}

export function readContact(input: Reader, scope: Scope): Contact {
  return scope.contacts.read(input);
}

export function writeContacts(out: Writer, contacts: readonly Contact[], scope: Scope): void {
  writeList(out, contacts, scope.limits.contactsMax, writeContact, scope);
}

export function readContacts(input: Reader, scope: Scope): Contact[] {
  return readList(input, scope.limits.contactsMax, readContact, scope);
}

export function writeNeighbourhood(out: Writer, neighbourhood: Neighbourhood, scope: Scope): void {
  writeOptional(out, neighbourhood.predecessor, writeContact, scope);
  writeContacts(out, neighbourhood.successors, scope);
}

export function readNeighbourhood(input: Reader, scope: Scope): Neighbourhood {
  return { predecessor: readOptional(input, readContact, scope), successors: readContacts(input, scope) };
}

export function writeTables(out: Writer, tables: Tables, scope: Scope): void {
  writeContact(out, tables.self, scope);
  writeNeighbourhood(out, tables, scope);
  writeContacts(out, tables.fingers, scope);
}

export function readTables(input: Reader, scope: Scope): Tables {
  return {
    self: readContact(input, scope),
    ...readNeighbourhood(input, scope),
    fingers: readContacts(input, scope),
  };
}

export function writeMemberDescription(out: Writer, member: MemberDescription, scope: Scope): void {
  const { limits } = scope;
  writeContact(out, member.self, scope);
  writeNeighbourhood(out, member, scope);
  writeArc(out, member.arc, scope);
  out.bool(member.serving);
  writeList(out, member.served, limits.arcsMax, writeArc, scope);
  out.varint(member.entries);
  out.varint(member.copies);
  out.text(member.gateway, limits.gatewayBytes);
  writeList(out, member.underReplicated, limits.arcsMax, writeArc, scope);
}

export function readMemberDescription(input: Reader, scope: Scope): MemberDescription {
  const { limits } = scope;
  return {
    self: readContact(input, scope),
    ...readNeighbourhood(input, scope),
    arc: readArc(input, scope),
    serving: input.bool(),
    served: readList(input, limits.arcsMax, readArc, scope),
    entries: input.varint(),
    copies: input.varint(),
    gateway: input.text(limits.gatewayBytes),
    underReplicated: readList(input, limits.arcsMax, readArc, scope),
  };
}

export function writePublicKey(out: Writer, publicKey: Uint8Array): void {
  if (publicKey.length === 0) throw out.error('an empty public key');
  out.bytes(publicKey, PUBLIC_KEY_BYTES_MAX);
}

/** A view into the payload. */
export function readPublicKey(input: Reader): Uint8Array {
  const publicKey = input.borrow(PUBLIC_KEY_BYTES_MAX);
  if (publicKey.length === 0) throw input.error('an empty public key');
  return publicKey;
}

export function writePort(out: Writer, port: number): void {
  out.varint(port, PORT_MAX);
}

export function readPort(input: Reader): number {
  return input.varint(PORT_MAX);
}

/** FNV-1a over 32 bits. */
function checksumOf(bytes: Uint8Array, salt: number): number {
  let sum = 0x811c_9dc5 ^ salt;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x0100_0193);
  return sum;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
