// Register: what one key of the dictionary does when operations come one at a time, as a model for the
// linearizability checker. It owns the meaning of conditions, versions and increments in one place without
// replicas; a life in time (ttlMs) is not part of it.
import type { SequentialModel } from './linearizability.ts';

export type RegisterInput =
  | { readonly type: 'get' }
  | {
      readonly type: 'set';
      readonly value: string;
      readonly ifAbsent?: boolean;
      /** Only over this version. */
      readonly ifVersion?: string;
    }
  | { readonly type: 'delete'; readonly ifVersion?: string }
  | { readonly type: 'increment'; readonly by: number }
  /** A shallow merge into a JSON object; `delta` is the text of one. */
  | { readonly type: 'merge'; readonly delta: string };

/** Versions are opaque; where one is not known it is left out. */
export type RegisterOutput =
  | { readonly type: 'none' }
  | { readonly type: 'value'; readonly value: string; readonly version?: string }
  | { readonly type: 'stored'; readonly version?: string }
  | { readonly type: 'deleted'; readonly existed: boolean; readonly version?: string }
  /** A condition failed; undefined where there is no entry, or its version is not told. */
  | { readonly type: 'conflict'; readonly version?: string }
  | { readonly type: 'number'; readonly value: number; readonly version?: string }
  | { readonly type: 'not-a-number' }
  /** The object that a merge made, as text with its members sorted by name. */
  | { readonly type: 'merged'; readonly value: string; readonly version?: string }
  | { readonly type: 'not-json' };

/** The entry, if there is one. A version of undefined was never told: it may be any. */
export type RegisterState = { readonly value: string; readonly version: string | undefined } | 'absent';

/** What the client shows of an answer counts: an output that does not fit the input never matches. */
export const REGISTER: SequentialModel<RegisterState, RegisterInput, RegisterOutput> = {
  initial: 'absent',
  step,
  encode: (state) => (state === 'absent' ? '-' : `${state.version ?? '?'} ${state.value}`),
};

function step(
  state: RegisterState,
  input: RegisterInput,
  output: RegisterOutput | undefined,
): RegisterState | undefined {
  switch (input.type) {
    case 'get':
      return output === undefined ? state : got(state, output);
    case 'set':
      return set(state, input, output);
    case 'delete':
      return deleted(state, input.ifVersion, output);
    case 'increment':
      return incremented(state, input.by, output);
    default:
      return merged(state, input.delta, output);
  }
}

function got(state: RegisterState, output: RegisterOutput): RegisterState | undefined {
  if (output.type === 'none') return state === 'absent' ? state : undefined;
  if (output.type !== 'value' || state === 'absent' || state.value !== output.value) return undefined;
  return seen(state, output.version);
}

function set(
  state: RegisterState,
  input: Extract<RegisterInput, { type: 'set' }>,
  output: RegisterOutput | undefined,
): RegisterState | undefined {
  const { value, ifAbsent = false, ifVersion } = input;
  if (output?.type === 'conflict') return conflicted(state, ifAbsent, ifVersion, output.version);
  if (output !== undefined && output.type !== 'stored') return undefined;
  const holds = (!ifAbsent || state === 'absent') && fits(state, ifVersion);
  if (holds) return { value, version: output?.version };
  // Without an answer it may have met the failing condition, and did nothing.
  return output === undefined ? state : undefined;
}

function deleted(
  state: RegisterState,
  ifVersion: string | undefined,
  output: RegisterOutput | undefined,
): RegisterState | undefined {
  if (output?.type === 'conflict') return conflicted(state, false, ifVersion, output.version);
  if (output === undefined) return fits(state, ifVersion) ? 'absent' : state;
  if (output.type !== 'deleted' || !fits(state, ifVersion)) return undefined;
  return output.existed === (state !== 'absent') ? 'absent' : undefined;
}

/** A number in decimal; an absent entry counts as 0. */
function incremented(
  state: RegisterState,
  by: number,
  output: RegisterOutput | undefined,
): RegisterState | undefined {
  const number = state === 'absent' ? 0 : toInteger(state.value);
  if (output?.type === 'not-a-number') return number === undefined ? state : undefined;
  if (number === undefined) return output === undefined ? state : undefined;
  if (output === undefined) return { value: String(number + by), version: undefined };
  if (output.type !== 'number' || output.value !== number + by) return undefined;
  return { value: String(number + by), version: output.version };
}

/** An absent entry counts as an object without members; null is stored like any other value. */
function merged(
  state: RegisterState,
  delta: string,
  output: RegisterOutput | undefined,
): RegisterState | undefined {
  const object = state === 'absent' ? {} : toObject(state.value);
  if (output?.type === 'not-json') return object === undefined ? state : undefined;
  if (object === undefined) return output === undefined ? state : undefined;
  const value = sortedJson({ ...object, ...toObject(delta) });
  if (output === undefined) return { value, version: undefined };
  if (output.type !== 'merged' || output.value !== value) return undefined;
  return { value, version: output.version };
}

/** Whether a condition can have failed, and showed this version. */
function conflicted(
  state: RegisterState,
  ifAbsent: boolean,
  ifVersion: string | undefined,
  shown: string | undefined,
): RegisterState | undefined {
  if (state === 'absent') return ifVersion !== undefined && shown === undefined ? state : undefined;
  const after = seen(state, shown);
  if (after === undefined || ifAbsent) return after;
  return ifVersion !== undefined && after.version !== ifVersion ? after : undefined;
}

/** Whether the entry may have the version that a condition asks for. */
function fits(state: RegisterState, ifVersion: string | undefined): boolean {
  if (ifVersion === undefined) return true;
  return state !== 'absent' && (state.version === undefined || state.version === ifVersion);
}

/** The entry once a version was shown: that of a write without an answer becomes known by it. */
function seen(
  state: Exclude<RegisterState, 'absent'>,
  version: string | undefined,
): Exclude<RegisterState, 'absent'> | undefined {
  if (version === undefined || version === state.version) return state;
  return state.version === undefined ? { value: state.value, version } : undefined;
}

/**
 * The text of a JSON object as the model keeps it: members by name, so that equal objects have equal
 * texts.
 */
export function sortedJson(object: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

function toObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function toInteger(text: string): number | undefined {
  return /^-?(0|[1-9][0-9]*)$/.test(text) ? Number(text) : undefined;
}
