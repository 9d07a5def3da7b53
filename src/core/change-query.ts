// ChangeQuery: the question a watcher puts to the owner of an arc, and its answer. It owns the two messages,
// and how a watcher keeps count of what it has been told; changes.ts answers, node/watch.ts asks.
import type { Entry, Key, Version } from './entry.ts';
import type { Arc } from './position.ts';
import { intersect } from './position.ts';

/** How far a watcher has been told of a part of an arc. */
export interface Mark {
  readonly arc: Arc;
  /** That of whoever told it, as versions carry it: behind another one something may be missing. */
  readonly lineage: string;
  readonly since: Version;
  /** Epoch milliseconds up to which it is complete. */
  readonly sinceMs: number;
}

/** What has changed in this arc, of one key or of all that begin so? */
export interface ChangesRequest {
  readonly type: 'changes';
  /** The owner of its first position is asked. */
  readonly arc: Arc;
  readonly key: Key;
  /** Whether `key` stands for all keys that begin so. */
  readonly prefix: boolean;
  /** They cover the arc. None: nothing is told, only behind which version it would go on. */
  readonly marks: readonly Mark[];
  /** Of the last answer, where it came from the same owner and for the same arc; else 0. */
  readonly log: number;
  readonly place: number;
  /** How long the owner may wait for something to tell. */
  readonly waitMs: number;
  readonly budgetMs: number;
}

export interface ChangesReply {
  readonly type: 'changed';
  /** What the owner serves: the answer is complete for its share of the arc that was asked. */
  readonly arc: Arc;
  readonly lineage: string;
  /** Of each key in the order of versions. */
  readonly entries: readonly Entry[];
  readonly through: Version;
  readonly throughMs: number;
  /** Whether there is more to tell already: behind `through`, and behind each mark. */
  readonly more: boolean;
  /** Whether something may be missing, and behind which version; '' where no version says it. */
  readonly missing: boolean;
  readonly behind: Version;
  /** The owner's log of what is stored in the arc, and where the next question goes on in it. */
  readonly log: number;
  readonly place: number;
}

/** The marks that one question may carry. */
export const MARKS_MAX = 64;

/** The marks of a part of their arc. */
export function clip(marks: readonly Mark[], arc: Arc, size: number): Mark[] {
  return marks.flatMap((mark) => intersect(mark.arc, arc, size).map((part) => ({ ...mark, arc: part })));
}

/** The marks of an arc after an answer for all of it. */
export function advanced(marks: readonly Mark[], arc: Arc, reply: ChangesReply, size: number): Mark[] {
  const { through, lineage, throughMs } = reply;
  if (!reply.more) return [{ arc, lineage, since: through, sinceMs: throughMs }];
  return clip(marks, arc, size).map((mark) => ({
    ...mark,
    lineage,
    since: mark.since > through ? mark.since : through,
    sinceMs: throughMs,
  }));
}
