// Message: everything that two nodes say to each other once the handshake is over, as plain immutable data.
// It owns the vocabulary; the wire turns it into bytes, and each kind is answered in the module named
// beside it. Every request has a number that its reply repeats; requests and replies have names of their
// own, so that a reply can never be taken for a request.
import type { Cast, CastStream, Whereabouts, WhisperRequest } from './cast.ts';
import type { Ballot, Base, Configuration, Proposal } from './configuration.ts';
import type { ChangesReply, ChangesRequest } from './change-query.ts';
import type { Contact } from './contact.ts';
import type { Entry, EntryVersion, Key, Place, Version } from './entry.ts';
import type { Arc } from './position.ts';
import type { PartVote } from './registers.ts';
import type { Summary } from './store.ts';

/** How many copies must agree before an operation is answered. */
export type Consistency = 'one' | 'quorum' | 'all';

/** What an operation on one key does. All of them are decided by the owner of the key. */
export type Operation =
  | { readonly type: 'get' }
  | {
      readonly type: 'set';
      readonly value: Uint8Array;
      /** Milliseconds that the entry lives; 0 = for ever. */
      readonly ttlMs: number;
      readonly ifAbsent: boolean;
      /** Only if the stored version is this one; '' = no such condition. */
      readonly ifVersion: Version;
    }
  | { readonly type: 'delete'; readonly ifVersion: Version }
  /** Adds to the decimal number that is stored; a missing one is 0. `by` is a safe integer. */
  | { readonly type: 'increment'; readonly by: number }
  /** Merges a JSON object into the one that is stored, member by member; a missing one is empty. */
  | { readonly type: 'merge'; readonly patch: Uint8Array };

/** The neighbourhood of a member, as maintenance reads it. */
export interface Neighbourhood {
  readonly predecessor: Contact | undefined;
  /** Clockwise, nearest first, without the member itself; empty for a member that is alone. */
  readonly successors: readonly Contact[];
}

/**
 * What a member knows of the ring for routing: enough for a client to route as from this member's position.
 */
export interface Tables extends Neighbourhood {
  readonly self: Contact;
  /** Distinct fingers, clockwise from the member. */
  readonly fingers: readonly Contact[];
}

/** A member as `ring()` shows it. */
export interface MemberDescription extends Neighbourhood {
  readonly self: Contact;
  readonly arc: Arc;
  /** Whether the whole arc is being served. */
  readonly serving: boolean;
  /** What it answers for: also what the ring has given to others who have not taken it over yet. */
  readonly served: readonly Arc[];
  /** Live entries that it owns, and copies that it keeps for others. */
  readonly entries: number;
  readonly copies: number;
  /** Host and port of its gateway, '' when it has none. */
  readonly gateway: string;
  /** Arcs that have fewer copies than they should. */
  readonly underReplicated: readonly Arc[];
}

/** What a member knows to be decided of an arc. */
export interface Known {
  readonly arc: Arc;
  readonly configuration: Configuration;
  readonly watermark: number;
}

export type Request =
  // Any node (machine.ts)
  | { readonly type: 'ping' }
  // Maintenance of the ring (membership.ts)
  /**
   * Reads the neighbourhood of the member at `position`; `known` is the digest of the last one seen, so
   * that an unchanged one costs a few bytes.
   */
  | { readonly type: 'neighbourhood'; readonly position: number; readonly known: number }
  /** "I believe that I am your predecessor." Also how a joiner is admitted. */
  | { readonly type: 'notify'; readonly self: Contact }
  /** "These members live: see whether you should know them." Joins, merges and repairs spread this way. */
  | { readonly type: 'introduce'; readonly contacts: readonly Contact[] }
  /** "I am leaving; here is what I know." */
  | { readonly type: 'leave'; readonly self: Contact; readonly neighbourhood: Neighbourhood }
  /** Asks a third node whether it reaches a member, before that member is given up. */
  | { readonly type: 'check'; readonly suspect: Contact }
  /** Asks a member to dial the address that a joiner will announce. */
  | { readonly type: 'dial-back'; readonly contact: Contact }
  /** "My role, position or address is now this." */
  | { readonly type: 'announce'; readonly self: Contact; readonly member: boolean }
  // Routing (routing.ts)
  | {
      readonly type: 'find';
      readonly position: number;
      /** Whether what follows the owner is wanted too: most of such an answer. */
      readonly followers: boolean;
    }
  | { readonly type: 'tables'; readonly known: number }
  | { readonly type: 'describe' }
  // The dictionary, at the owner (owner.ts)
  | {
      readonly type: 'operate';
      readonly key: Key;
      readonly operation: Operation;
      readonly consistency: Consistency;
      /** Identifies a write across retries: the asker's id, a colon and its counter. */
      readonly operationId: string;
      /** How long ago it was sent first, in milliseconds; 0 = now. */
      readonly sinceMs: number;
      /** How long the asker still waits, in milliseconds: the owner gives up then, with a reason. */
      readonly budgetMs: number;
    }
  /** The copies of a key's arc, for `explain`. */
  | { readonly type: 'locate'; readonly position: number }
  /** A page of the owner's live entries from a position on, ordered by position, then key. */
  | {
      readonly type: 'scan';
      readonly position: number;
      /** Of the keys that stand on the position itself, only those behind this one; undefined = all. */
      readonly afterKey: Key | undefined;
      readonly prefix: Key;
      /** Without, entries come with empty values. */
      readonly withValues: boolean;
      readonly budgetMs: number;
    }
  | ChangesRequest
  // Configurations: what is decided of an arc, and by whom (registers.ts answers, change.ts asks)
  /** What do you know of this arc, and in which life do you vote? `saved`: once all you hold is on disk. */
  | { readonly type: 'inspect'; readonly arc: Arc; readonly saved: boolean }
  /** Phase 1 of a decision on the successor of `base`: promise the ballot, and serve that epoch no more. */
  | { readonly type: 'prepare'; readonly arc: Arc; readonly base: Base; readonly ballot: Ballot }
  /** Phase 2: accept this configuration as the successor of `base`. */
  | { readonly type: 'accept'; readonly arc: Arc; readonly base: Base; readonly proposal: Proposal }
  /** This was decided. */
  | {
      readonly type: 'install';
      readonly arc: Arc;
      readonly configuration: Configuration;
      readonly watermark: number;
    }
  // Replication, between the members of a configuration (segment.ts asks, replica.ts answers)
  /**
   * Stores entries at the owner's epoch; without entries it only asks whether that epoch is still served.
   */
  | {
      readonly type: 'replicate';
      readonly arc: Arc;
      readonly base: Base;
      readonly entries: readonly Entry[];
    }
  /** Entries for a member that does not vote on them; refused by one that stands at a later epoch. */
  | {
      readonly type: 'copy';
      readonly arc: Arc;
      readonly base: Base;
      readonly entries: readonly Entry[];
      /** Whether they are entries that others have replaced already (history.ts). */
      readonly past: boolean;
    }
  /** How many entries stand in each of so many equal parts of the arc, and sums over them. */
  /** `past`: the parts are summed over the entries that others have replaced. */
  | { readonly type: 'summarise'; readonly arc: Arc; readonly parts: number; readonly past: boolean }
  /**
   * A page of the versions that the receiver holds in an arc, clockwise from its start or from behind
   * `after`.
   */
  | { readonly type: 'digest'; readonly arc: Arc; readonly after: Place | undefined }
  | { readonly type: 'fetch'; readonly keys: readonly Key[] }
  /** A page of entries; `past`: of those that others have replaced, in the order of `History.within`. */
  | { readonly type: 'pull'; readonly arc: Arc; readonly after: Place | undefined }
  | { readonly type: 'pull-past'; readonly arc: Arc; readonly from: number }
  /**
   * These were left behind, or deleted before the watermark, which the receiver has missed: it forgets them
   * for what is in force of their keys.
   */
  | {
      readonly type: 'void';
      readonly arc: Arc;
      readonly base: Base;
      readonly items: readonly EntryVersion[];
      readonly entries: readonly Entry[];
    }
  /** The whole set holds all tombstones made before the watermark (milliseconds): they can go. */
  | { readonly type: 'collect'; readonly arc: Arc; readonly base: Base; readonly watermark: number }
  /**
   * "I hold this, and it is not mine to own": the owner of the position says what becomes of it. `base`
   * names the configuration; without one the sender holds entries only.
   */
  | {
      readonly type: 'offer';
      readonly arc: Arc;
      readonly position: number;
      readonly base: Base | undefined;
      /** Only when the owner has asked for it ('tell'): most answers need nothing of it, and it is long. */
      readonly told: Told | undefined;
    }
  | MessageRequest;

/** Of an offer: the sender, who may be a client, and what `base` names. */
export interface Told {
  readonly holder: Contact;
  readonly configuration: Configuration | undefined;
}

/** What users' messages travel in (messages.ts). */
export type MessageRequest =
  /**
   * A message to everybody: for the receiver, and for the members of the arc, which the owner of its first
   * position passes it on to. Without an arc it goes from a member to its client, or the other way round.
   */
  | { readonly type: 'cast'; readonly arc: Arc | undefined; readonly cast: Cast }
  | WhisperRequest
  /** "This is what I have of everybody's casts"; from a client also "you are my home". */
  | { readonly type: 'tally'; readonly client: boolean; readonly streams: readonly CastStream[] }
  /** Casts that are missing. */
  | {
      readonly type: 'recall';
      readonly sender: string;
      readonly incarnation: number;
      readonly sequences: readonly number[];
    }
  /** Where nodes are: at the owner of an id's hash; `copy`: from that owner to the members behind it. */
  | { readonly type: 'register'; readonly copy: boolean; readonly items: readonly Whereabouts[] }
  | { readonly type: 'whereis'; readonly id: string };

export type Reply =
  /** With the wall time that the answering node goes by. */
  | { readonly type: 'pong'; readonly wallMs: number }
  | {
      readonly type: 'neighbourhood-is';
      /** 'pending': it waits for a reply itself and may not be read now (Zave, TSE 2017, section III). */
      /** 'not-a-member': not at this position. 'changed': it is told by its difference from what is known. */
      readonly state: 'pending' | 'same' | 'full' | 'not-a-member' | 'changed';
      /** With 'changed': only what the asker does not know. */
      readonly neighbourhood: Neighbourhood;
      /**
       * With 'changed': what remains of the known one, as bits: 1 for the predecessor, then 2, 4, 8 … for the
       * successors.
       */
      readonly kept: number;
    }
  | {
      readonly type: 'notified';
      /**
       * adopted: you are my predecessor now; known: you were; taken: your position is; passed: another is
       * nearer.
       */
      readonly outcome: 'adopted' | 'known' | 'taken' | 'passed' | 'pending' | 'not-a-member';
      /** The receiver's predecessor before this request. */
      readonly predecessor: Contact | undefined;
      /** With adopted and known: the receiver's list, so that a joiner enters with one that skips nobody. */
      readonly successors: readonly Contact[];
    }
  | { readonly type: 'introduced' }
  | { readonly type: 'left' }
  | { readonly type: 'checked'; readonly alive: boolean }
  | { readonly type: 'dialled-back'; readonly reached: boolean; readonly reason: string }
  | { readonly type: 'announced' }
  | {
      readonly type: 'found';
      /** The answering member's own arc. */
      readonly arc: Arc;
      /** Whether `contacts[0]` is the owner; else they precede the position, nearest first. */
      readonly owner: boolean;
      readonly contacts: readonly Contact[];
      /** With an owner, where asked for: what the answering member knows to follow it, clockwise. */
      readonly followers: readonly Contact[];
    }
  | { readonly type: 'tables-are'; readonly digest: number; readonly tables: Tables | undefined }
  | { readonly type: 'described'; readonly member: MemberDescription | undefined }
  | { readonly type: 'operated'; readonly arc: Arc; readonly result: OperationResult }
  | ChangesReply
  | { readonly type: 'located'; readonly arc: Arc; readonly replicas: readonly Contact[] }
  | {
      readonly type: 'scanned';
      readonly arc: Arc;
      readonly entries: readonly Entry[];
      /**
       * Where the walk goes on inside this arc; undefined when the arc, or the ring at its last position,
       * is done.
       */
      readonly next: Place | undefined;
    }
  | {
      readonly type: 'inspected';
      /** Of the answering member's memory. */
      readonly birth: number;
      readonly known: readonly Known[];
    }
  /** To prepare and accept: a vote for each part of the arc that has a state of its own. */
  | { readonly type: 'voted'; readonly votes: readonly PartVote[] }
  /** Whether the whole arc stands at that configuration now. */
  | { readonly type: 'installed'; readonly whole: boolean }
  | {
      readonly type: 'replicated';
      /** refused: the receiver does not vote at that epoch, or has promised it away. */
      readonly outcome: 'stored' | 'refused';
    }
  | { readonly type: 'copied'; readonly stored: boolean }
  | {
      readonly type: 'summary';
      readonly birth: number;
      /** No version that the member has made or seen comes after it. */
      readonly clock: Version;
      /** Over the entries, or the replaced ones, of each part. */
      readonly parts: readonly Summary[];
      /** Over what is remembered of replaced entries (history.ts) in the arc, where that is one part. */
      readonly past: Summary;
    }
  | { readonly type: 'digest-is'; readonly items: readonly EntryVersion[]; readonly more: boolean }
  | { readonly type: 'fetched'; readonly entries: readonly Entry[] }
  | { readonly type: 'pulled'; readonly entries: readonly Entry[]; readonly more: boolean }
  | { readonly type: 'voided' }
  | { readonly type: 'collected'; readonly done: boolean }
  | {
      readonly type: 'offered';
      /** The part of the arc that the answer speaks of: the answering member's own. */
      readonly arc: Arc;
      /**
       * keep: you are one of the set; release: the set has it all without you; wait: not yet; installed: this
       * configuration has replaced yours; tell: offer it again with `told`.
       */
      readonly outcome: 'keep' | 'release' | 'wait' | 'installed' | 'tell';
      readonly known: Known | undefined;
    }
  /** Received, and passed on over the arc. `attached`: the sender is the home of this client, or may be. */
  | { readonly type: 'taken'; readonly attached: boolean }
  /** Whether the whispers were delivered; else the node is not here. */
  | { readonly type: 'heard'; readonly delivered: boolean }
  /** What the receiver has beyond the sender; `accepted`: it is the sender's home now. */
  | { readonly type: 'tallied'; readonly accepted: boolean; readonly streams: readonly CastStream[] }
  | { readonly type: 'recalled'; readonly casts: readonly Cast[] }
  | { readonly type: 'registered' }
  | { readonly type: 'whereabouts'; readonly at: Contact | undefined }
  /** The receiver does not own the position: who is nearer. */
  | {
      readonly type: 'redirect';
      readonly arc: Arc;
      readonly owner: boolean;
      readonly contacts: readonly Contact[];
    }
  /** A request that could not be carried out. */
  | { readonly type: 'failed'; readonly code: FailureCode; readonly message: string };

/**
 * Why a peer could not do what it was asked; a subset of the public error codes, plus 'BUSY': nothing was
 * done, try again soon; and 'UNKNOWN': try again, it may have been done.
 */
export type FailureCode =
  | 'BUSY'
  | 'UNKNOWN'
  | 'ERR_QUORUM'
  | 'ERR_TIMEOUT'
  | 'ERR_LIMIT'
  | 'ERR_STORE'
  | 'ERR_KEY_TOO_LARGE'
  | 'ERR_VALUE_TOO_LARGE';

export type OperationResult =
  | { readonly type: 'none' }
  | {
      readonly type: 'value';
      readonly value: Uint8Array;
      readonly version: Version;
      readonly expiresAt: number;
      /** How many copies the owner asked or counted on, and how many of them agreed on this version. */
      readonly replicas: number;
      readonly agreed: number;
      /** Requests the owner sent to other copies for this answer. */
      readonly replicaRequests: number;
    }
  | { readonly type: 'stored'; readonly version: Version; readonly replicaRequests: number }
  | { readonly type: 'deleted'; readonly existed: boolean; readonly version: Version }
  /** A condition failed; version '' where there is no entry. */
  | { readonly type: 'conflict'; readonly version: Version }
  /** What an increment or a merge has stored. */
  | {
      readonly type: 'computed';
      readonly value: Uint8Array;
      readonly version: Version;
      readonly replicaRequests: number;
    }
  /** The stored value does not allow the operation, and is as it was. */
  | { readonly type: 'refused'; readonly code: RefusalCode; readonly message: string };

/** Why an increment or a merge was refused; a subset of the public error codes. */
export type RefusalCode = 'ERR_NOT_A_NUMBER' | 'ERR_NOT_JSON' | 'ERR_VALUE_TOO_LARGE';

export type Message =
  | { readonly direction: 'request'; readonly number: number; readonly body: Request }
  | { readonly direction: 'reply'; readonly number: number; readonly body: Reply };
