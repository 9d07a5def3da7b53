// Answers to operations: what an owner says of one once it knows how it went. Pure functions of what was
// stored and of who agreed; when they are asked is operations.ts's affair.
import { naming } from './absent.ts';
import type { Entry, Version } from './entry.ts';
import type { Operation, OperationResult, Reply } from './message.ts';
import type { Counts, RoundOutcome } from './rounds.ts';

/** What a reader is told of an entry. */
export interface Reading {
  readonly value: Uint8Array;
  readonly version: Version;
  readonly expiresAt: number;
}

/** What is answered once `agreed` of so many copies have agreed. */
export type ResultOf = (copies: number, agreed: number) => OperationResult;

/** Whether the conditions of a write hold for what is there. */
export function isAllowed(operation: Operation, present: Entry | undefined): boolean {
  if (operation.type === 'set' && operation.ifAbsent && present !== undefined) return false;
  const ifVersion: Version = 'ifVersion' in operation ? operation.ifVersion : '';
  return ifVersion === '' || present?.version === ifVersion;
}

export function valueOf(reading: Reading | undefined, replicas: number, agreed: number): OperationResult {
  if (reading === undefined) return { type: 'none' };
  const { value, version, expiresAt } = reading;
  return { type: 'value', value, version, expiresAt, replicas, agreed, replicaRequests: 0 };
}

export function written(entry: Entry, existed: boolean, operation: Operation): OperationResult {
  const { value, version } = entry;
  if (value === undefined) return { type: 'deleted', existed, version };
  return operation.type === 'increment' || operation.type === 'merge'
    ? { type: 'computed', value, version, replicaRequests: 0 }
    : { type: 'stored', version, replicaRequests: 0 };
}

export function withRequests(result: OperationResult, replicaRequests: number): OperationResult {
  return 'replicaRequests' in result ? { ...result, replicaRequests } : result;
}

/** What is said where too few agreed; `failure` is why this member's own store takes nothing. */
export function failureOf(
  outcome: Exclude<RoundOutcome, 'agreed'>,
  { copies, agreed, silent }: Counts,
  failure: string,
  isRead: boolean,
): Reply {
  if (outcome === 'lost') return failed('UNKNOWN', 'the arc went to another member');
  if (outcome === 'unsaved') {
    return { type: 'failed', code: 'ERR_STORE', message: `the owner could not write it down: ${failure}` };
  }
  const unknown = isRead ? '' : '; whether the write will stay is not known';
  const message = `only ${agreed} of ${copies} copies answered in time${naming(', not ', silent)}${unknown}`;
  return { type: 'failed', code: 'ERR_QUORUM', message };
}

export function failed(code: 'BUSY' | 'UNKNOWN', message: string): Reply {
  return { type: 'failed', code, message };
}
