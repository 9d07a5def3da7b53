// Dictionary: the operations on one key, from parsed arguments to results. It owns what each answer of the
// owner means to the user, and the retry loop of pop. Conversion of keys and values is in bytes.ts, routing
// and replication are the core's.
import type { OperateResult } from '../core/command.ts';
import { FIRST_VERSION, isVersion, type Key, type Version } from '../core/entry.ts';
import type { Operation, OperationResult } from '../core/message.ts';
import { ByteGate } from './byte-gate.ts';
import { keyToBuffer, toKey, toValue, valueToBuffer } from './bytes.ts';
import { type Call, type CallOptions, Deadline, parseCall, parseDuration } from './call-options.ts';
import { type JsonValue, toJsonText } from './encoding.ts';
import { ChordError } from './errors.ts';
import { kindOf } from './kind.ts';
import type { Runner } from './runner.ts';

export interface SetOptions extends CallOptions {
  /** Milliseconds that the entry lives, in (0, 2**52]. Default: for ever. */
  readonly ttlMs?: number | undefined;
  /** Only where there is no entry. Not together with `ifVersion`. */
  readonly ifAbsent?: boolean | undefined;
  /** Only where the stored version is this one. */
  readonly ifVersion?: string | undefined;
}

export interface DeleteOptions extends CallOptions {
  /** Only where the stored version is this one. */
  readonly ifVersion?: string | undefined;
}

/** An entry and what it cost to read it. */
export interface EntryView {
  readonly key: Buffer;
  readonly value: Buffer;
  /** Opaque; lexicographic order is the order of versions. */
  readonly version: string;
  /** Epoch milliseconds; absent for an entry that lives for ever. */
  readonly expiresAt?: number;
  /** Copies that the owner counted on for this answer, and how many of them agreed on it. */
  readonly replicas: number;
  readonly agreed: number;
  /** Routing requests that this node sent, the owner's included. */
  readonly requests: number;
  /** Requests that the owner sent to other copies. */
  readonly replicaRequests: number;
  /** Requests sent twice, to a second member, because the first was slow. */
  readonly hedges: number;
  readonly ms: number;
}

/** Added to a time of ours it is still exact. */
const TTL_MAX_MS = 2 ** 52;

type SetOperation = Extract<Operation, { type: 'set' }>;
type Outcome<Type extends OperationResult['type']> = Extract<OperationResult, { type: Type }>;

export class Dictionary {
  readonly #runner: Runner;
  readonly #gate: ByteGate;

  constructor(runner: Runner) {
    this.#runner = runner;
    this.#gate = new ByteGate(runner.limits.queueBytes);
  }

  async getEntry(given: unknown, options: unknown): Promise<EntryView | undefined> {
    const call = parseCall(options, this.#runner.defaults);
    const key = toKey(given, this.#runner.limits);
    const { result, cost } = await this.#operate(key, { type: 'get' }, call);
    if (result.type === 'none') return undefined;
    const found = expectType(result, 'value');
    return {
      key: keyToBuffer(key),
      value: valueToBuffer(found.value),
      version: found.version,
      ...(found.expiresAt === 0 ? {} : { expiresAt: found.expiresAt }),
      replicas: found.replicas,
      agreed: found.agreed,
      requests: cost.requests,
      replicaRequests: found.replicaRequests,
      hedges: cost.hedges,
      ms: cost.ms,
    };
  }

  /** Straight to the runner: of all calls, this one is made most. */
  async get<Fallback>(
    given: unknown,
    options: unknown,
    fallback?: Fallback,
  ): Promise<Buffer | Fallback | undefined> {
    const call = parseCall(options, this.#runner.defaults);
    const key = toKey(given, this.#runner.limits);
    const { result } = await this.#operate(key, { type: 'get' }, call);
    return result.type === 'none' ? fallback : valueToBuffer(expectType(result, 'value').value);
  }

  async getOrThrow(given: unknown, options: unknown): Promise<Buffer> {
    const value = await this.get<undefined>(given, options);
    if (value !== undefined) return value;
    throw new ChordError('ERR_KEY_NOT_FOUND', `there is no entry under ${showKey(given)}`);
  }

  async has(given: unknown, options: unknown): Promise<boolean> {
    const call = parseCall(options, this.#runner.defaults);
    return (await this.#read(toKey(given, this.#runner.limits), call)) !== undefined;
  }

  async set(given: unknown, value: unknown, options: unknown): Promise<{ version: string }> {
    const call = parseCall(options, this.#runner.defaults, ['ttlMs', 'ifAbsent', 'ifVersion']);
    const conditions = parseConditions(options as SetOptions | undefined);
    const key = toKey(given, this.#runner.limits);
    const bytes = toValue(value, this.#runner.limits);
    const { result } = await this.#set(key, { type: 'set', value: bytes, ...conditions }, call);
    return storedVersion(key, result);
  }

  /** What set does once everything is parsed. */
  async store(key: Key, operation: SetOperation, call: Call): Promise<{ version: string }> {
    const { result } = await this.#set(key, operation, call);
    return storedVersion(key, result);
  }

  #set(key: Key, operation: SetOperation, call: Call): Promise<OperateResult> {
    return this.#gate.pass(operation.value.length, call, (left) => this.#operate(key, operation, left));
  }

  async delete(given: unknown, options: unknown): Promise<boolean> {
    const call = parseCall(options, this.#runner.defaults, ['ifVersion']);
    const ifVersion = parseVersion((options as DeleteOptions | undefined)?.ifVersion);
    const key = toKey(given, this.#runner.limits);
    const { result } = await this.#operate(key, { type: 'delete', ifVersion }, call);
    if (result.type === 'conflict') throw conflictError(key, result.version);
    return expectType(result, 'deleted').existed;
  }

  async increment(given: unknown, amount: unknown, options: unknown): Promise<number> {
    const call = parseCall(options, this.#runner.defaults);
    const key = toKey(given, this.#runner.limits);
    const { value } = await this.#compute(key, { type: 'increment', by: parseAmount(amount) }, call);
    return Number(valueToBuffer(value).toString('latin1'));
  }

  async applyDelta(given: unknown, delta: unknown, options: unknown): Promise<Record<string, JsonValue>> {
    const call = parseCall(options, this.#runner.defaults);
    const key = toKey(given, this.#runner.limits);
    const patch = toValue(toObjectText(delta), this.#runner.limits);
    const { value } = await this.#compute(key, { type: 'merge', patch }, call);
    return JSON.parse(valueToBuffer(value).toString('utf8')) as Record<string, JsonValue>;
  }

  async pop(given: unknown, options: unknown): Promise<Buffer | undefined> {
    const call = parseCall(options, this.#runner.defaults);
    return this.take(toKey(given, this.#runner.limits), call);
  }

  /** Removes the entry and returns the value that was removed, whoever else writes at the same time. */
  async take(key: Key, call: Call): Promise<Buffer | undefined> {
    const deadline = new Deadline(call);
    for (;;) {
      const found = await this.#read(key, deadline.next('taking the entry'));
      if (found === undefined) return undefined;
      const operation: Operation = { type: 'delete', ifVersion: found.version };
      const { result } = await this.#operate(key, operation, deadline.next('taking the entry'));
      if (result.type === 'deleted' && result.existed) return valueToBuffer(found.value);
    }
  }

  async #read(key: Key, call: Call): Promise<Outcome<'value'> | undefined> {
    const { result } = await this.#operate(key, { type: 'get' }, call);
    return result.type === 'none' ? undefined : expectType(result, 'value');
  }

  async #compute(key: Key, operation: Operation, call: Call): Promise<Outcome<'computed'>> {
    const { result } = await this.#operate(key, operation, call);
    if (result.type !== 'refused') return expectType(result, 'computed');
    throw new ChordError(result.code, `${showKey(keyToBuffer(key))}: ${result.message}`);
  }

  #operate(key: Key, operation: Operation, call: Call): Promise<OperateResult> {
    return this.#runner.run({ type: 'operate', key, operation, consistency: call.consistency }, call);
  }
}

function parseConditions(options: SetOptions | undefined): {
  ttlMs: number;
  ifAbsent: boolean;
  ifVersion: Version;
} {
  const { ifAbsent = false }: { readonly ifAbsent?: unknown } = options ?? {};
  if (typeof ifAbsent !== 'boolean') {
    throw new TypeError(`ifAbsent must be true or false, got ${kindOf(ifAbsent)}`);
  }
  const ifVersion = parseVersion(options?.ifVersion);
  if (ifAbsent && ifVersion !== '') {
    throw new TypeError('ifAbsent and ifVersion contradict each other: give one of them');
  }
  return { ttlMs: Math.ceil(parseDuration(options?.ttlMs, 'ttlMs', TTL_MAX_MS) ?? 0), ifAbsent, ifVersion };
}

function parseAmount(amount: unknown): number {
  if (typeof amount !== 'number') throw new TypeError(`by must be a number, got ${typeof amount}`);
  if (!Number.isSafeInteger(amount)) {
    throw new RangeError(`by must be an integer within ±(2**53 - 1), got ${amount}`);
  }
  return amount;
}

/** Members that are undefined are left out, as JSON does. Throws TypeError for what is no JSON object. */
function toObjectText(delta: unknown): string {
  const text: unknown =
    typeof delta === 'object' && delta !== null && !(Symbol.iterator in delta)
      ? toJsonText(delta)
      : undefined;
  if (typeof text === 'string' && text.startsWith('{')) return text;
  throw new TypeError(`applyDelta takes a plain object that JSON can say, got ${kindOf(delta)}`);
}

/** Versions are opaque: a string that never was one is a condition that never holds. */
function parseVersion(value: unknown): Version {
  if (value === undefined) return '';
  if (typeof value !== 'string') throw new TypeError(`ifVersion must be a string, got ${typeof value}`);
  // No entry has the first version: a condition on it always fails.
  return isVersion(value) ? value : FIRST_VERSION;
}

function conflictError(key: Key, version: Version): ChordError {
  const found = version === '' ? 'there is no entry' : `the stored version is ${version}`;
  return new ChordError(
    'ERR_CONFLICT',
    `the condition on ${showKey(keyToBuffer(key))} failed: ${found}`,
    version === '' ? {} : { version },
  );
}

function storedVersion(key: Key, result: OperationResult): { version: string } {
  if (result.type === 'conflict') throw conflictError(key, result.version);
  return { version: expectType(result, 'stored').version };
}

function expectType<Type extends OperationResult['type']>(
  result: OperationResult,
  type: Type,
): Outcome<Type> {
  if (result.type === type) return result as Outcome<Type>;
  throw new ChordError('ERR_UNREACHABLE', `the owner answered '${result.type}' where '${type}' was expected`);
}

/** Long enough to recognise a key, short enough for a line of a log. */
const SHOWN_CHARACTERS = 64;

function showKey(given: unknown): string {
  const text = typeof given === 'string' ? given : Buffer.from(given as Uint8Array).toString('utf8');
  const cut = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return JSON.stringify(cut);
}
