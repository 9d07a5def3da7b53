// Arcs, versions, entries and operations on the wire: the dictionary's part of the messages.
import {
  isVersion,
  type Entry,
  type EntryVersion,
  type Key,
  type Place,
  type Version,
} from '../core/entry.ts';
import type { Consistency, Operation, OperationResult, RefusalCode } from '../core/message.ts';
import type { Arc } from '../core/position.ts';
import type { Reader, Writer } from './bytes.ts';
import {
  Choice,
  readList,
  readOptional,
  Schema,
  writeList,
  writeOptional,
  type Rules,
  type Scope,
} from './schema.ts';

/** 16 hex digits and up to 16 characters of a node's id: isVersion. */
const VERSION_BYTES_MAX = 32;

export function writePosition(out: Writer, position: number, scope: Scope): void {
  out.varint(position, scope.size - 1);
}

export function readPosition(input: Reader, scope: Scope): number {
  return input.varint(scope.size - 1);
}

export function writeArc(out: Writer, arc: Arc, scope: Scope): void {
  writePosition(out, arc.from, scope);
  writePosition(out, arc.to, scope);
}

export function readArc(input: Reader, scope: Scope): Arc {
  return { from: readPosition(input, scope), to: readPosition(input, scope) };
}

export function writeKey(out: Writer, key: Key, scope: Scope): void {
  out.byteString(key, scope.limits.keyBytes);
}

export function readKey(input: Reader, scope: Scope): Key {
  return input.byteString(scope.limits.keyBytes);
}

export function writePlace(out: Writer, place: Place, scope: Scope): void {
  writePosition(out, place.position, scope);
  writeKey(out, place.key, scope);
}

export function readPlace(input: Reader, scope: Scope): Place {
  return { position: readPosition(input, scope), key: readKey(input, scope) };
}

export function writeKeys(out: Writer, keys: readonly Key[], scope: Scope): void {
  writeList(out, keys, scope.limits.itemsMax, writeKey, scope);
}

export function readKeys(input: Reader, scope: Scope): Key[] {
  return readList(input, scope.limits.itemsMax, readKey, scope);
}

export function writeEntryVersions(out: Writer, items: readonly EntryVersion[], scope: Scope): void {
  writeList(out, items, scope.limits.itemsMax, writeEntryVersion, scope);
}

export function readEntryVersions(input: Reader, scope: Scope): EntryVersion[] {
  return readList(input, scope.limits.itemsMax, readEntryVersion, scope);
}

export function writeEntries(out: Writer, entries: readonly Entry[], scope: Scope): void {
  writeList(out, entries, scope.limits.itemsMax, writeEntry, scope);
}

export function readEntries(input: Reader, scope: Scope): Entry[] {
  return readList(input, scope.limits.itemsMax, readEntry, scope);
}

export const CONSISTENCY: Choice<Consistency> = new Choice({ one: 0, quorum: 1, all: 2 });

const OPERATION_RULES: Rules<Operation> = {
  get: {
    code: 0,
    write: () => undefined,
    read: () => ({ type: 'get' }),
  },
  set: {
    code: 1,
    write(out, operation, scope) {
      writeValue(out, operation.value, scope);
      out.varint(operation.ttlMs);
      out.bool(operation.ifAbsent);
      writeCondition(out, operation.ifVersion);
    },
    read: (input, scope) => ({
      type: 'set',
      value: readValue(input, scope),
      ttlMs: input.varint(),
      ifAbsent: input.bool(),
      ifVersion: readCondition(input),
    }),
  },
  delete: {
    code: 2,
    write: (out, operation) => writeCondition(out, operation.ifVersion),
    read: (input) => ({ type: 'delete', ifVersion: readCondition(input) }),
  },
  increment: {
    code: 3,
    write(out, operation) {
      out.bool(operation.by < 0);
      out.varint(Math.abs(operation.by));
    },
    read(input) {
      const negative = input.bool();
      const amount = input.varint();
      if (negative && amount === 0) throw input.error('a zero below zero');
      return { type: 'increment', by: negative ? -amount : amount };
    },
  },
  merge: {
    code: 4,
    write: (out, operation, scope) => writeValue(out, operation.patch, scope),
    read: (input, scope) => ({ type: 'merge', patch: readValue(input, scope) }),
  },
};

export const OPERATIONS: Schema<Operation> = new Schema(OPERATION_RULES);

const REFUSAL_CODE: Choice<RefusalCode> = new Choice({
  ERR_NOT_A_NUMBER: 0,
  ERR_NOT_JSON: 1,
  ERR_VALUE_TOO_LARGE: 2,
});

const RESULT_RULES: Rules<OperationResult> = {
  none: {
    code: 0,
    write: () => undefined,
    read: () => ({ type: 'none' }),
  },
  value: {
    code: 1,
    write(out, result, scope) {
      writeValue(out, result.value, scope);
      writeVersion(out, result.version);
      out.varint(result.expiresAt);
      out.varint(result.replicas);
      out.varint(result.agreed);
      out.varint(result.replicaRequests);
    },
    read: (input, scope) => ({
      type: 'value',
      value: readResultValue(input, scope),
      version: readVersion(input),
      expiresAt: input.varint(),
      replicas: input.varint(),
      agreed: input.varint(),
      replicaRequests: input.varint(),
    }),
  },
  stored: {
    code: 2,
    write(out, result) {
      writeVersion(out, result.version);
      out.varint(result.replicaRequests);
    },
    read: (input) => ({ type: 'stored', version: readVersion(input), replicaRequests: input.varint() }),
  },
  deleted: {
    code: 3,
    write(out, result) {
      out.bool(result.existed);
      writeCondition(out, result.version);
    },
    read: (input) => ({ type: 'deleted', existed: input.bool(), version: readCondition(input) }),
  },
  conflict: {
    code: 4,
    write: (out, result) => writeCondition(out, result.version),
    read: (input) => ({ type: 'conflict', version: readCondition(input) }),
  },
  computed: {
    code: 5,
    write(out, result, scope) {
      writeValue(out, result.value, scope);
      writeVersion(out, result.version);
      out.varint(result.replicaRequests);
    },
    read: (input, scope) => ({
      type: 'computed',
      value: readResultValue(input, scope),
      version: readVersion(input),
      replicaRequests: input.varint(),
    }),
  },
  refused: {
    code: 6,
    write(out, result, scope) {
      REFUSAL_CODE.write(out, result.code);
      out.sentence(result.message, scope.limits.sentenceBytes);
    },
    read: (input, scope) => ({
      type: 'refused',
      code: REFUSAL_CODE.read(input),
      message: input.text(scope.limits.sentenceBytes),
    }),
  },
};

export const RESULTS: Schema<OperationResult> = new Schema(RESULT_RULES);

function writeEntryVersion(out: Writer, item: EntryVersion, scope: Scope): void {
  writeKey(out, item.key, scope);
  writeVersion(out, item.version);
}

function readEntryVersion(input: Reader, scope: Scope): EntryVersion {
  return { key: readKey(input, scope), version: readVersion(input) };
}

function writeEntry(out: Writer, entry: Entry, scope: Scope): void {
  writeKey(out, entry.key, scope);
  writeEntryState(out, entry, scope);
}

function readEntry(input: Reader, scope: Scope): Entry {
  return readEntryState(input, readKey(input, scope), scope);
}

/** An entry without its key, for stores that keep the key beside it. */
export function writeEntryState(out: Writer, entry: Entry, scope: Scope): void {
  writeOptional(out, entry.value, writeValue, scope);
  writeVersion(out, entry.version);
  out.varint(entry.expiresAt);
  out.text(entry.operation, scope.limits.operationBytes);
  writeCondition(out, entry.previous);
}

export function readEntryState(input: Reader, key: Key, scope: Scope): Entry {
  return {
    key,
    value: readOptional(input, readValue, scope),
    version: readVersion(input),
    expiresAt: input.varint(),
    operation: input.text(scope.limits.operationBytes),
    previous: readCondition(input),
  };
}

function writeValue(out: Writer, value: Uint8Array, scope: Scope): void {
  out.bytes(value, scope.limits.valueBytes);
}

function readValue(input: Reader, scope: Scope): Uint8Array {
  // Stores pack it.
  return input.passing(scope.limits.valueBytes);
}

function readResultValue(input: Reader, scope: Scope): Uint8Array {
  // Users get a copy of their own: nothing is kept of the view, but for a pop while its entry goes.
  return input.borrow(scope.limits.valueBytes);
}

export function writeVersion(out: Writer, version: Version): void {
  if (!isVersion(version)) throw out.error(`${JSON.stringify(version)} is no version`);
  out.text(version, VERSION_BYTES_MAX);
}

export function readVersion(input: Reader): Version {
  const version = input.text(VERSION_BYTES_MAX);
  if (!isVersion(version)) throw input.error('a version that has not the form of one');
  return version;
}

/** A version, or '' for none. */
export function writeCondition(out: Writer, version: Version): void {
  if (version === '') out.length(0, VERSION_BYTES_MAX);
  else writeVersion(out, version);
}

export function readCondition(input: Reader): Version {
  const version = input.text(VERSION_BYTES_MAX);
  if (version !== '' && !isVersion(version)) throw input.error('a version that has not the form of one');
  return version;
}
