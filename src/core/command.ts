// Command: what a user asks of the machine, and what each command settles with. A command is started with a
// time-out and always settles: with its result, with a failure, or when it is cancelled.
import type { Packet } from './cast.ts';
import type { ChangesRequest } from './change-query.ts';
import type { Contact } from './contact.ts';
import type { Cost, Hop } from './effect.ts';
import type { Entry, Key } from './entry.ts';
import type { Consistency, MemberDescription, Operation, OperationResult } from './message.ts';

export type Command =
  /**
   * Become a member: of the ring of the peers that are known, or of a new one. Settles with undefined once
   * serving.
   */
  | { readonly type: 'join' }
  /** Stop being a member; settles with undefined once the others have acknowledged every entry held here. */
  | { readonly type: 'leave' }
  /** Settles with OperateResult. */
  | {
      readonly type: 'operate';
      readonly key: Key;
      readonly operation: Operation;
      readonly consistency: Consistency;
    }
  /** Settles with ExplainResult. */
  | { readonly type: 'explain'; readonly key: Key }
  /** Walks the ring once; settles with MemberDescription[], clockwise. Costs one request a member. */
  | { readonly type: 'ring' }
  /** One page of a walk over all entries; settles with ScanResult. Costs about one request a page. */
  | {
      readonly type: 'scan';
      readonly cursor: ScanCursor;
      readonly prefix: Key;
      readonly withValues: boolean;
    }
  /** What has changed in an arc; settles with ChangesReply. Waits at the owner where nothing has. */
  | Omit<ChangesRequest, 'budgetMs' | 'waitMs'>
  | MessageCommand;

export type MessageCommand =
  /** A message to every other node; settles with undefined once every part of the network has it. */
  | { readonly type: 'send'; readonly packets: readonly Packet[] }
  /** A message to one node; settles with undefined once that one has it. */
  | { readonly type: 'whisper'; readonly target: string; readonly packets: readonly Packet[] };

/**
 * Where a walk over all entries goes on: at this position, there only behind this key. It begins at
 * WALK_START.
 */
export interface ScanCursor {
  readonly position: number;
  readonly afterKey: Key | undefined;
}

export const WALK_START: ScanCursor = { position: 0, afterKey: undefined };

export interface OperateResult {
  readonly result: OperationResult;
  readonly cost: Cost;
  readonly hops: readonly Hop[];
}

export interface ExplainResult {
  readonly position: number;
  readonly owner: Contact;
  /** The members that should hold copies, the owner first. */
  readonly replicas: readonly Contact[];
  readonly cost: Cost;
  readonly hops: readonly Hop[];
}

export interface ScanResult {
  readonly entries: readonly Entry[];
  /** Undefined once the walk is complete. */
  readonly next: ScanCursor | undefined;
}

export type RingResult = readonly MemberDescription[];
