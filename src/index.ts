// The package's main entry point: an explicit list of what users may import, and the same under the
// reference's module names. It holds no code of its own.
/// <reference types="node" preserve="true" />
import { toBase58 } from './wire/base58.ts';
import { ChordSocket } from './node/chord-socket.ts';
import { MeshSocket } from './node/mesh-socket.ts';
import { chordProtocol, meshProtocol, Protocol } from './node/protocol.ts';

export { ChordError, ERRORS } from './node/errors.ts';
export { json } from './node/encoding.ts';
export type { Message } from './node/message.ts';
export { ChordSocket, MeshSocket, Protocol, toBase58 };

/** The reference's module `chord`. */
export const chord: { readonly ChordSocket: typeof ChordSocket; readonly defaultProtocol: Protocol } = {
  ChordSocket,
  defaultProtocol: chordProtocol,
};

/** The reference's module `mesh`. */
export const mesh: { readonly MeshSocket: typeof MeshSocket; readonly defaultProtocol: Protocol } = {
  MeshSocket,
  defaultProtocol: meshProtocol,
};

/** The reference's module `base`. */
export const base: { readonly Protocol: typeof Protocol; readonly toBase58: typeof toBase58 } = {
  Protocol,
  toBase58,
};

export { DurableStore } from './storage/durable-store.ts';
export { MemoryStorage } from './storage/memory-storage.ts';
export { PROFILES } from './core/profile.ts';
export type { Profile, ProfileName } from './core/profile.ts';
export type { Consistency } from './core/message.ts';
export type { Arc } from './core/position.ts';
export type { FieldsOf, Pair, PairSource } from './node/bulk-update.ts';
export type { Bytes } from './node/bytes.ts';
export type { CallOptions } from './node/call-options.ts';
export type { Logger } from './node/debug-log.ts';
export type { DeleteOptions, EntryView, SetOptions } from './node/dictionary.ts';
export type {
  Decoded,
  Encodable,
  Encoding,
  EncodingChoice,
  EncodingName,
  JsonValue,
} from './node/encoding.ts';
export type { ErrorCode, ErrorDescription, ErrorDetails } from './node/errors.ts';
export type { Change, Degradation, MessageGap, Neighbours, SocketEvents } from './node/events.ts';
export type { Limits } from './node/limits.ts';
export type { MessageHandler } from './node/mailbox.ts';
export type { MapEntry, MapOptions, MapView } from './node/map-view.ts';
export type { MapWatch, MapWatchEvent } from './node/map-watch.ts';
export type { CloseOptions, ReadyOptions, SocketSummary, WaitOptions } from './node/mesh-socket.ts';
export type { ChordOptions, Secret } from './node/options.ts';
export type { Peer } from './node/peer.ts';
export type { Encryption } from './node/protocol.ts';
export type { Health } from './node/readiness.ts';
export type { Explanation, HopView, MemberView } from './node/ring-view.ts';
export type { DirectoryOptions, Storage } from './node/storage-option.ts';
export type { DurableStoreOptions, SyncPolicy } from './storage/durable-store.ts';
export type { Store, StoreChange, StoredRecord } from './storage/store.ts';
export type { Watch, WatchEvent, WatchOptions } from './node/watch.ts';
export type { ScannedEntry, ScanOptions, ScanPage, WalkOptions } from './node/walk.ts';
