// ComputedValue: what a write makes of the value that is stored: a counter after an increment, a JSON object
// after a merge. It owns the two formats and when a stored value does not allow it. Pure functions of bytes:
// who runs them, and that nothing comes between reading and storing, is operations.ts's affair.
import type { Operation, OperationResult } from './message.ts';

type Refused = Extract<OperationResult, { type: 'refused' }>;

/** What a write leaves under the key: undefined after a delete. */
export type Computed = { readonly type: 'computes'; readonly value: Uint8Array | undefined } | Refused;

export type Write = Exclude<Operation, { type: 'get' }>;

/** Digits with at most one sign and no zero in front, so that each number has one form. */
const NUMBER = /^(?:0|-?[1-9][0-9]{0,15})$/;

/** A counter has at most 16 digits and a sign; longer values are not even decoded. */
const NUMBER_BYTES_MAX = 17;

/** Bytes of a stored value that a sentence shows. */
const SHOWN_BYTES = 32;

const ENCODER = new TextEncoder();

/** `present` is the value of a live entry; `valueBytes` bounds what comes out. */
export function valueAfter(write: Write, present: Uint8Array | undefined, valueBytes: number): Computed {
  switch (write.type) {
    case 'set':
      return { type: 'computes', value: write.value };
    case 'delete':
      return { type: 'computes', value: undefined };
    case 'increment':
      return bounded(increment(present, write.by), valueBytes);
    default:
      return bounded(merge(present, write.patch), valueBytes);
  }
}

/** Decimal ASCII; a missing value counts from 0. */
function increment(present: Uint8Array | undefined, by: number): string | Refused {
  const before = present === undefined ? 0 : numberOf(present);
  if (before === undefined) {
    return refuse('ERR_NOT_A_NUMBER', `the stored value is ${show(present)}, expected a decimal integer`);
  }
  const sum = before + by;
  if (Number.isSafeInteger(sum)) return String(sum);
  return refuse('ERR_NOT_A_NUMBER', `${before} and ${by} together are outside of ±(2**53 - 1)`);
}

function numberOf(bytes: Uint8Array): number | undefined {
  if (bytes.length > NUMBER_BYTES_MAX) return undefined;
  const text = String.fromCharCode(...bytes);
  const value = Number(text);
  return NUMBER.test(text) && Number.isSafeInteger(value) ? value : undefined;
}

/**
 * The members of the stored object, each replaced by the patch's of the same name, then those that only the
 * patch has. They are moved as text: what the patch does not name stays as it was to the last digit, and no
 * name ('__proto__') means anything.
 */
function merge(present: Uint8Array | undefined, patch: Uint8Array): string | Refused {
  const stored = present === undefined ? '{}' : objectText(present);
  if (stored === undefined) {
    return refuse('ERR_NOT_JSON', `the stored value is ${show(present)}, expected a JSON object`);
  }
  const changes = objectText(patch);
  if (changes === undefined) {
    return refuse('ERR_NOT_JSON', `the delta is ${show(patch)}, expected a JSON object`);
  }
  const members = new Map([...membersOf(stored), ...membersOf(changes)]);
  return `{${[...members.values()].join(',')}}`;
}

/** The text of a JSON object; undefined for all other bytes. */
function objectText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Names of an object with the whole text of their members. The text is known to be an object's. */
function* membersOf(text: string): Generator<[name: string, member: string], void, undefined> {
  const end = text.lastIndexOf('}');
  let start = text.indexOf('{') + 1;
  let depth = 0;
  for (let at = start; at <= end; at++) {
    const character = text[at];
    if (character === '"') {
      at = endOfString(text, at);
    } else if (character === '{' || character === '[') {
      depth += 1;
    } else if (depth > 0) {
      if (character === '}' || character === ']') depth -= 1;
    } else if (character === ',' || at === end) {
      const member = text.slice(start, at).trim();
      start = at + 1;
      if (member !== '') yield [nameOf(member), member];
    }
  }
}

function nameOf(member: string): string {
  return JSON.parse(member.slice(0, endOfString(member, 0) + 1)) as string;
}

/** Where the string that begins at `at` has its closing quote. */
function endOfString(text: string, at: number): number {
  let end = at + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end;
}

function bounded(text: string | Refused, valueBytes: number): Computed {
  if (typeof text !== 'string') return text;
  const value = ENCODER.encode(text);
  if (value.length <= valueBytes) return { type: 'computes', value };
  return refuse(
    'ERR_VALUE_TOO_LARGE',
    `the new value has ${value.length} bytes, and the owner of the key takes at most ${valueBytes} ` +
      '(its limits.valueBytes)',
  );
}

function refuse(code: Refused['code'], message: string): Refused {
  return { type: 'refused', code, message };
}

function show(bytes: Uint8Array = new Uint8Array(0)): string {
  const text = JSON.stringify(new TextDecoder('utf-8').decode(bytes.subarray(0, SHOWN_BYTES)));
  return bytes.length > SHOWN_BYTES ? `${text} and ${bytes.length - SHOWN_BYTES} bytes more` : text;
}
