// ChangeQuery: the question a watcher puts to the owner of an arc, and its answer. It owns the two messages
// only; changes.ts answers, node/watch.ts asks.
import type { Entry, Key, Version } from './entry.ts';
import type { Arc } from './position.ts';

/** What has changed in this arc, of one key or of all that begin so, behind a version? */
export interface ChangesRequest {
  readonly type: 'changes';
  /** The owner of its first position is asked. */
  readonly arc: Arc;
  readonly key: Key;
  /** Whether `key` stands for all keys that begin so. */
  readonly prefix: boolean;
  /** Nothing is told: only behind which version it would go on. */
  readonly fresh: boolean;
  readonly since: Version;
  /** Epoch milliseconds up to which the asker is complete. */
  readonly sinceMs: number;
  /** How long the owner may wait for something to tell. */
  readonly waitMs: number;
  readonly budgetMs: number;
}

export interface ChangesReply {
  readonly type: 'changed';
  /** What the owner serves: the answer is complete for its share of the arc that was asked. */
  readonly arc: Arc;
  /** In the order of versions. */
  readonly entries: readonly Entry[];
  readonly through: Version;
  readonly throughMs: number;
  /** Whether something between may be missing. */
  readonly missing: boolean;
}
