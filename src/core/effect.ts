// Effect: what the machine asks of the world, and what it tells the user. The driver carries effects out; the
// simulator does the same with virtual time. Nothing here does anything.
import type { Packet } from './cast.ts';
import type { Contact } from './contact.ts';
import type { Version, Key } from './entry.ts';
import type { Message } from './message.ts';
import type { SavedRecord } from './saved.ts';

/**
 * Where a message goes: a contact can be dialled, a bare id only answered over the connection that it
 * opened.
 */
export type Destination = Contact | string;

export type Effect =
  /**
   * Deliver the message, over the connection to that node or a new one. Loss is reported by
   * handleUnreachable, or never.
   */
  | { readonly type: 'send'; readonly to: Destination; readonly message: Message }
  /** Open a connection to an address that is remembered; answered by handleConnected or handleDialFailed. */
  | { readonly type: 'dial'; readonly host: string; readonly port: number }
  /** Open a fresh connection to a contact, prove who it is and close it; answered by handleVerified. */
  | { readonly type: 'verify'; readonly token: number; readonly contact: Contact }
  /** Write these down, in order; answered by handleSaved or handleSaveFailed with the token. */
  | { readonly type: 'save'; readonly token: number; readonly records: readonly SavedRecord[] }
  /** A command has ended. */
  | { readonly type: 'settle'; readonly command: number; readonly outcome: Outcome }
  | { readonly type: 'event'; readonly event: MachineEvent };

/** How a command ended: with a value whose type belongs to the command, or with a failure. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly failure: Failure };

/** A failure that the user sees as a ChordError with this code. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  /** What belongs to the code, as `version` to ERR_CONFLICT. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export type MachineEvent =
  /** Own neighbours changed. */
  | {
      readonly type: 'neighbours';
      readonly predecessor: Contact | undefined;
      readonly successors: readonly Contact[];
    }
  /** Own contact changed: role, position or salt. The driver announces the new one in handshakes. */
  | { readonly type: 'self'; readonly self: Contact; readonly member: boolean }
  /** On the owner, once an acknowledged change. */
  | { readonly type: 'add' | 'update' | 'delete'; readonly key: Key; readonly version: Version }
  /** A message for this node: a cast or a whisper. */
  | { readonly type: 'message'; readonly message: Delivery }
  /** So many messages of a sender were sent and will not come any more. */
  | { readonly type: 'gap'; readonly sender: string; readonly count: number }
  /** Service goes on with fewer copies than a majority of the former set. */
  | { readonly type: 'degraded'; readonly message: string }
  /** Something that no command is waiting for went wrong. */
  | { readonly type: 'error'; readonly failure: Failure };

/** A message as it arrives. */
export interface Delivery {
  readonly sender: string;
  /** The sender's wall clock. */
  readonly sentAt: number;
  readonly packets: readonly Packet[];
  /** The node that handed it over. */
  readonly from: string;
}

/** One hop of a lookup, as `explain` shows it. */
export interface Hop {
  readonly peer: Contact;
  /** From sending to the answer, or to giving up. */
  readonly ms: number;
  readonly outcome:
    | 'closer'
    | 'owner'
    | 'answer'
    | 'redirect'
    | 'busy'
    | 'timeout'
    | 'unreachable'
    | 'hedged';
}

/** What an operation cost. */
export interface Cost {
  /** Routing requests the asker sent, the owner's included; hedged and repeated ones are not counted here. */
  readonly requests: number;
  readonly hedges: number;
  readonly retries: number;
  readonly ms: number;
}
