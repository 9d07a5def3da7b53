// Saved records as a store keeps them: the key under which each lies, and its value in bytes. The forms and
// the bounds are those of the wire, which allows what any configuration does: a limit that was lowered must
// not make a record unreadable.
import { fromKey, toKey } from '../core/bytes.ts';
import type { Key } from '../core/entry.ts';
import { type Hash, ringSize } from '../core/position.ts';
import type { SavedRecord } from '../core/saved.ts';
import { HEADER_BYTES, Reader, Writer } from '../wire/bytes.ts';
import { ContactReader } from '../wire/contact-codec.ts';
import { readEntryState, writeEntryState } from '../wire/entry-codec.ts';
import { WIRE_LIMITS, type WireLimits } from '../wire/limits.ts';
import {
  readKnownPart,
  readRegisterRecord,
  writeKnownPart,
  writeRegisterRecord,
} from '../wire/register-codec.ts';
import { readList, type Scope, writeList } from '../wire/schema.ts';

export interface SavedCodecOptions {
  readonly k: number;
  readonly hash: Hash;
  readonly idOf: (publicKey: Uint8Array) => string;
}

/** How a store keeps a saved record; without a value it keeps none. */
export interface KeptRecord {
  /** Shared with the core, where it is a dictionary key, so that it costs no memory. */
  readonly name: Key;
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/**
 * The first byte of a record's key says what it is; entries follow by position, so that they load in order.
 */
const REGISTERS = 2;
const ENTRY = 3;
const POSITION_BYTES = 6;
/** No dictionary key: those have units below 256 only. */
const REGISTERS_NAME = '\uffffregisters';
const REGISTERS_KEY: Uint8Array = Uint8Array.of(REGISTERS);

/** What is read is our own: there may be as many registers as there may be, each with its lists. */
const LIMITS: WireLimits = { ...WIRE_LIMITS, listedMax: Infinity };
/** A member holds registers for its own arc and those before it, and pieces of them while they change. */
const REGISTERS_MAX = 65_536;

export class SavedCodec {
  readonly #scope: Scope;
  readonly #out: Writer = new Writer(WIRE_LIMITS.frameBytes);

  constructor({ k, hash, idOf }: SavedCodecOptions) {
    const contacts = new ContactReader({ k, hash, idOf, hostBytes: WIRE_LIMITS.hostBytes });
    this.#scope = { limits: LIMITS, size: ringSize(k), contacts };
  }

  /** Throws WireError for a record that is not well-formed. */
  encode(record: SavedRecord): KeptRecord {
    if (record.type === 'forgotten') {
      return { name: record.key, key: entryKey(record.position, record.key), value: undefined };
    }
    if (record.type === 'entry') {
      const { position, entry } = record;
      const value = this.#written((out) => writeEntryState(out, entry, this.#scope));
      return { name: entry.key, key: entryKey(position, entry.key), value };
    }
    const value = this.#written((out) => {
      writeList(out, record.registers, REGISTERS_MAX, writeRegisterRecord, this.#scope);
      writeList(out, record.over, REGISTERS_MAX, writeKnownPart, this.#scope);
    });
    return { name: REGISTERS_NAME, key: REGISTERS_KEY, value };
  }

  /** Throws WireError for what is no record of this version. */
  decode(key: Uint8Array, value: Uint8Array): { readonly name: Key; readonly record: SavedRecord } {
    const input = new Reader(value);
    if (key[0] === REGISTERS) {
      const registers = readList(input, REGISTERS_MAX, readRegisterRecord, this.#scope);
      const over = readList(input, REGISTERS_MAX, readKnownPart, this.#scope);
      input.done();
      return { name: REGISTERS_NAME, record: { type: 'registers', registers, over } };
    }
    if (key[0] !== ENTRY || key.length <= POSITION_BYTES) throw input.error(`a record of kind ${key[0]}`);
    const position = Buffer.from(key).readUIntBE(1, POSITION_BYTES);
    const name = toKey(key.subarray(1 + POSITION_BYTES));
    const entry = readEntryState(input, name, this.#scope);
    input.done();
    return { name, record: { type: 'entry', position, entry } };
  }

  #written(write: (out: Writer) => void): Uint8Array {
    this.#out.begin();
    write(this.#out);
    return this.#out.finish().subarray(HEADER_BYTES);
  }
}

function entryKey(position: number, key: Key): Uint8Array {
  const bytes = Buffer.allocUnsafe(1 + POSITION_BYTES + key.length);
  bytes[0] = ENTRY;
  bytes.writeUIntBE(position, 1, POSITION_BYTES);
  bytes.set(fromKey(key), 1 + POSITION_BYTES);
  return bytes;
}
