// Refusals: why a connection does not come about, as the error that a user sees and as the message that the
// other side gets. It owns the sentences and the comparison of terms; when to refuse is decided in
// handshake.ts and link.ts.
import { codeOf } from '../transport/socket-stream.ts';
import type { Difference, Refusal, Terms } from '../wire/handshake-message.ts';
import { type Address, showAddress } from './address.ts';
import { ChordError, type ErrorCode } from './errors.ts';

/** A reason to refuse: what the other side is told, and our own error. */
export interface Objection {
  readonly reason: Refusal['reason'];
  readonly differs: readonly Difference[];
  readonly error: ChordError;
}

const DIFFERENCES: readonly Difference[] = ['subnet', 'encryption', 'k', 'version'];

/** What differs, always in the same order. */
export function differencesOf(ours: Terms, theirs: Terms): Difference[] {
  return DIFFERENCES.filter((name) => ours[name] !== theirs[name]);
}

/** `differs` may hold more than the terms show: a channel that is not encrypted as they say. */
export function mismatch(
  remote: Address,
  ours: Terms,
  theirs: Terms,
  differs: readonly Difference[],
): Objection {
  const list = differs.map((name) => describeDifference(name, ours, theirs)).join('; ');
  const message =
    differs.length === 0
      ? `${showAddress(remote)} does not understand what this node sends`
      : `${showAddress(remote)} belongs to another network: ${list}. Both sides need the same.`;
  const address = addressOf(remote);
  const error = new ChordError('ERR_PROTOCOL_MISMATCH', message, { address, ours, theirs, differs });
  return { reason: 'mismatch', differs, error };
}

/**
 * The other side's bytes are not ours to read; `differs` is empty where it speaks another protocol
 * altogether.
 */
export function foreign(
  remote: Address,
  ours: Terms,
  differs: readonly Difference[],
  what: string,
  cause?: Error,
): Objection {
  const message = `${showAddress(remote)} ${what}`;
  const details = { address: addressOf(remote), ours, differs, cause };
  return { reason: 'mismatch', differs, error: new ChordError('ERR_PROTOCOL_MISMATCH', message, details) };
}

export function unauthorized(remote: Address, what: string): Objection {
  const message = `${showAddress(remote)} ${what}`;
  return {
    reason: 'unauthorized',
    differs: [],
    error: new ChordError('ERR_UNAUTHORIZED', message, { address: addressOf(remote) }),
  };
}

export function clockSkew(remote: Address, skewMs: number, skewMaxMs: number): Objection {
  const [seconds, allowed] = [Math.abs(skewMs) / 1000, skewMaxMs / 1000];
  const direction = skewMs > 0 ? 'ahead of' : 'behind';
  const message =
    `the clock of ${showAddress(remote)} is ${seconds.toFixed(1)} s ${direction} ours, ` +
    `at most ${allowed.toFixed(1)} s are allowed: set the clocks, or raise clockSkewMaxMs`;
  const error = new ChordError('ERR_CLOCK_SKEW', message, { address: addressOf(remote), skewMs });
  return { reason: 'clock-skew', differs: [], error };
}

export function overLimit(remote: Address, what: string): Objection {
  const message = `${showAddress(remote)} was refused: ${what}`;
  return {
    reason: 'limit',
    differs: [],
    error: new ChordError('ERR_LIMIT', message, { address: addressOf(remote) }),
  };
}

export function closing(remote: Address): Objection {
  const message = `${showAddress(remote)} was refused, because this node is closing`;
  return { reason: 'closing', differs: [], error: new ChordError('ERR_CLOSED', message) };
}

/** What a refusal is to the side that receives it. */
export function errorOfRefusal(remote: Address, ours: Terms, refusal: Refusal): ChordError {
  const { reason, terms } = refusal;
  if (reason === 'mismatch') {
    const seen = differencesOf(ours, terms);
    const differs = DIFFERENCES.filter((name) => seen.includes(name) || refusal.differs.includes(name));
    return mismatch(remote, ours, terms, differs).error;
  }
  const { code, sentence } = RECEIVED[reason];
  const message = `${showAddress(remote)} ${sentence}: ${quote(refusal.message)}`;
  return new ChordError(code, message, { address: addressOf(remote) });
}

const RECEIVED: Readonly<
  Record<Exclude<Refusal['reason'], 'mismatch'>, { readonly code: ErrorCode; readonly sentence: string }>
> = {
  unauthorized: { code: 'ERR_UNAUTHORIZED', sentence: 'did not accept this node' },
  'clock-skew': { code: 'ERR_CLOCK_SKEW', sentence: 'does not accept our clock' },
  limit: { code: 'ERR_LIMIT', sentence: 'takes no more connections' },
  closing: { code: 'ERR_UNREACHABLE', sentence: 'is closing' },
};

export function messageOf(objection: Objection, terms: Terms): Refusal {
  const { reason, differs, error } = objection;
  return { type: 'refusal', reason, terms, differs, message: error.message };
}

/** Why an address cannot be listened on. */
export function listenError(address: Address, cause: unknown): ChordError {
  const code = codeOf(cause);
  const reason = LISTEN_REASONS[code] ?? (cause instanceof Error ? cause.message : String(cause));
  const message = `cannot listen on ${showAddress(address)}: ${reason}`;
  return new ChordError('ERR_ADDRESS_IN_USE', message, { cause, address: addressOf(address) });
}

const LISTEN_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there already; use another port, or port 0 for a free one',
  EADDRNOTAVAIL: 'this machine has no such address; use one of its own, or 0.0.0.0 for all of them',
  EACCES: 'the system does not allow it; use a port above 1023',
  ENOTFOUND: 'there is no such host; use an address of this machine, or 0.0.0.0 for all of them',
  EAI_AGAIN: 'the host cannot be looked up; use an address of this machine, or 0.0.0.0 for all of them',
};

export function addressOf({ host, port }: Address): readonly [string, number] {
  return [host, port];
}

function describeDifference(name: Difference, ours: Terms, theirs: Terms): string {
  const [there, here] = [quoteTerm(theirs[name]), quoteTerm(ours[name])];
  return there === here
    ? `${name} is not what the connection has`
    : `${name} is ${there} there and ${here} here`;
}

function quoteTerm(term: string | number): string {
  return typeof term === 'number' ? String(term) : quote(term);
}

/** A stranger's text, such that it cannot steer the terminal that shows it. */
function quote(text: string): string {
  return JSON.stringify(text.replaceAll(/\p{Control}/gu, '?'));
}
