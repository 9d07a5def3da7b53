// How a command fails: the code, the sentence, what to do next, and the exit code. It owns the advice for
// each code; the codes and their sentences are the library's.
import { ChordError } from '../index.ts';

const KEY_NOT_FOUND = 3;

/**
 * A failure that the command line itself found. Exit code 2 is for what is wrong with the command line as it
 * was typed; a file that cannot be read or used is a failure like others.
 */
export class CommandFailure extends Error {
  readonly code: string;
  readonly advice: string | undefined;
  readonly exitCode: number;

  constructor(
    code: string,
    message: string,
    options: { advice?: string; exitCode?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'CommandFailure';
    this.code = code;
    this.advice = options.advice;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** What a command ends with that was to read or to delete a key. */
export function keyNotFound(key: string): CommandFailure {
  return new CommandFailure('ERR_KEY_NOT_FOUND', `the ring has no entry for ${JSON.stringify(key)}`, {
    exitCode: KEY_NOT_FOUND,
  });
}

export interface FailureReport {
  readonly code: string;
  readonly message: string;
  readonly advice: string | undefined;
  readonly exitCode: number;
}

const ADVICE: Readonly<Record<string, string>> = {
  ERR_CLOCK_SKEW: 'Set this machine’s clock (NTP), then try again.',
  ERR_CONFLICT: 'Somebody changed the entry first. Read it again and repeat.',
  ERR_KEY_TOO_LARGE: 'Use a shorter key, for example a hash of it.',
  ERR_LIMIT: 'A limit of the node was reached; try again with less at once.',
  ERR_NOT_CONNECTED: 'That node is no member of a ring itself. Give one that is: --connect HOST:PORT',
  ERR_PROTOCOL_MISMATCH:
    'All nodes of a ring must agree on --subnet, --encryption and --k: give those of that node.',
  ERR_QUORUM:
    'Too few of the members that keep this entry answer. `chord check` says what the ring is short of.',
  ERR_RING_FULL:
    'It can use the ring, and keeps nothing for it. A ring with a larger --k has more positions.',
  ERR_TIMEOUT: 'The ring may be busy or recovering: try again, or allow more with --timeout MS',
  ERR_UNAUTHORIZED:
    'All nodes of a network need the same secret: give it with --secret-file, or leave that out where the ' +
    'network has none.',
  ERR_UNREACHABLE: 'Is it running, and reachable from here? `chord check` tells whether the ring is whole.',
  ERR_VALUE_TOO_LARGE: 'Split it and store each part under a key of its own.',
};

// By what the system says about the address.
const LISTEN_ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Give another port: port 0 picks any free port, as in --listen 127.0.0.1:0',
  EACCES: 'Give a port above 1023, or port 0 for any free port: --listen 127.0.0.1:0',
};
const NOT_OURS = 'Give an address of this machine, as in --listen 127.0.0.1:4444; 0.0.0.0 is all of them.';

const NO_NODE = 'Something else listens there. Give the address of a node: --connect HOST:PORT';

/** What to print about an error, and with which code to exit. */
export function describeFailure(error: unknown): FailureReport {
  if (error instanceof CommandFailure) {
    const { code, message, advice, exitCode } = error;
    return { code, message, advice, exitCode };
  }
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  if (code === undefined) return { code: nameOf(error), message, advice: undefined, exitCode: misuse(error) };
  const advice = adviceOn(error, code);
  return { code, message, advice, exitCode: code === 'ERR_KEY_NOT_FOUND' ? KEY_NOT_FOUND : 1 };
}

function adviceOn(error: unknown, code: string): string | undefined {
  if (isForeign(error)) return NO_NODE;
  return code === 'ERR_ADDRESS_IN_USE' ? (LISTEN_ADVICE[causeOf(error)] ?? NOT_OURS) : ADVICE[code];
}

/** The system's code of what is below the error, '' where there is none. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

/** The stable code of an error of the library, undefined for any other. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof ChordError ? error.code : undefined;
}

/** Whether the other side is no node of any network, as a web server. */
function isForeign(error: unknown): boolean {
  return error instanceof ChordError && error.differs?.length === 0;
}

/** The library throws these for arguments that can never be right. */
function misuse(error: unknown): number {
  return error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'Error';
}
