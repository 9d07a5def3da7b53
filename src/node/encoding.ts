// Encoding: how the values of a program become the bytes of the dictionary, and back. It owns the three
// encodings that have a name; programs may bring others. Whether bytes may be stored is bytes.ts's affair.
import { types } from 'node:util';
import type { Key } from '../core/entry.ts';
import { type Bytes, keyToText } from './bytes.ts';
import { ChordError } from './errors.ts';
import { isOpaque, kindOf } from './kind.ts';

/** A value that JSON can say. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

export type EncodingName = 'utf8' | 'json' | 'bytes';

/** An encoding of one's own. `decode` throws for bytes that `encode` never makes. */
export interface Encoding<Type> {
  encode(value: Type): Bytes;
  decode(bytes: Buffer): Type;
}

/** An encoding by name, or one of one's own. */
export type EncodingChoice = EncodingName | { encode(value: never): Bytes; decode(bytes: Buffer): unknown };

/** What values under an encoding are. */
export type Decoded<Choice extends EncodingChoice> = Choice extends 'utf8'
  ? string
  : Choice extends 'json'
    ? JsonValue
    : Choice extends 'bytes'
      ? Buffer
      : Choice extends { decode(bytes: Buffer): infer Type }
        ? Type
        : never;

/**
 * What may be given under an encoding: any bytes, not only Buffers, and under 'json' any object, because an
 * interface has no index signature and would be no JsonValue; what JSON cannot say is found when it is given.
 */
export type Encodable<Choice extends EncodingChoice> = Choice extends 'bytes'
  ? Uint8Array
  : Choice extends 'json'
    ? JsonValue | object
    : Choice extends { encode(value: infer Type): Bytes }
      ? Type
      : Decoded<Choice>;

/**
 * The encoding 'json' for values of one type: `sock.map({ valueEncoding: json<User>() })`. That what is
 * stored is of the type is the program's word: nothing is checked.
 */
export function json<Type>(): Encoding<Type> {
  return JSON_TEXT as Encoding<Type>;
}

/** Throws TypeError for anything but the name of an encoding, or an object with `encode` and `decode`. */
export function parseEncoding(given: unknown, option: string): Encoding<unknown> {
  if (given === 'utf8') return UTF8;
  if (given === 'json') return JSON_TEXT;
  if (given === 'bytes') return BYTES;
  if (isEncoding(given)) return given;
  throw new TypeError(`${option} must be 'utf8', 'json', 'bytes' or {encode, decode}, got ${String(given)}`);
}

function isEncoding(given: unknown): given is Encoding<unknown> {
  if (typeof given !== 'object' || given === null) return false;
  const { encode, decode } = given as Partial<Encoding<unknown>>;
  return typeof encode === 'function' && typeof decode === 'function';
}

const UTF8: Encoding<unknown> = {
  encode(value) {
    if (typeof value === 'string') return value;
    throw new TypeError(`a 'utf8' view takes strings, got ${typeof value}`);
  },
  decode: decodeText,
};

const JSON_TEXT: Encoding<unknown> = {
  encode: toJsonText,
  decode(bytes) {
    try {
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
    } catch (cause) {
      throw new ChordError('ERR_NOT_JSON', `the stored bytes are no JSON: ${reasonOf(cause)}`, { cause });
    }
  },
};

/**
 * Throws TypeError for what JSON would drop or replace without a word, at any depth: a number that is none,
 * a Map. Members that are undefined are left out, as JSON does, and what has a `toJSON` is what that says.
 */
export function toJsonText(value: unknown): string {
  const text: unknown = JSON.stringify(value, (name, part: unknown) => {
    const lost = lostInJson(part);
    if (lost === undefined) return part;
    throw new TypeError(`JSON cannot say ${lost}${name === '' ? '' : ` (at '${name}')`}`);
  });
  if (typeof text === 'string') return text;
  throw new TypeError(`JSON cannot say a value of type ${typeof value}`);
}

/** What JSON would not bring back of this part, for a sentence; undefined where it says all of it. */
function lostInJson(part: unknown): string | undefined {
  if (typeof part === 'number') return Number.isFinite(part) ? undefined : String(part);
  if (typeof part === 'function' || typeof part === 'symbol') return `a ${typeof part}`;
  // JSON takes `new Number(1)` and the like for what they hold.
  if (typeof part !== 'object' || part === null || types.isBoxedPrimitive(part)) return undefined;
  // Bytes would become an object with a member for each.
  return isOpaque(part) || ArrayBuffer.isView(part) ? kindOf(part) : undefined;
}

/** The key is named where the bytes are not of the encoding: among many, it has to be found again. */
export function decodeOf(key: Key | undefined, encoding: Encoding<unknown>, bytes: Buffer): unknown {
  try {
    return encoding.decode(bytes);
  } catch (error) {
    if (!(error instanceof ChordError) || key === undefined) throw error;
    const { code, message, cause } = error;
    throw new ChordError(code, `${message} (key ${showKey(key)})`, { cause });
  }
}

function showKey(key: Key): string {
  const text = keyToText(key);
  return typeof text === 'string' ? JSON.stringify(text) : `0x${text.toString('hex')}`;
}

const BYTES: Encoding<unknown> = {
  encode(value) {
    if (value instanceof Uint8Array) return value;
    throw new TypeError(`a 'bytes' view takes Uint8Arrays, got ${typeof value}`);
  },
  decode: (bytes) => bytes,
};

/** A byte order mark is a part of the text, as it is of the key. */
function decodeText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ChordError('ERR_NOT_UTF8', `the stored bytes are no UTF-8: ${reasonOf(cause)}`, { cause });
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
