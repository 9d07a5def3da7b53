// RuleModel: what a set of ring rules looks like to the enumeration: the state of one node, seen from that
// node, and the atomic steps of a node alone or with one other. It owns the vocabulary only. A step reads
// and changes at most two nodes (Zave, TSE 2017, section III-B), so that its outcome depends on their two
// states and their distance, whatever the rest of the ring: the enumeration computes each such pair once.

/** A step of one node, alone or with another. */
export interface Move<Local> {
  /** What the node does, for the trace: "stabilises with". */
  readonly label: string;
  /**
   * 'repair' steps are those that a fair run without joins and failures takes; a 'rumour' may help, but
   * nobody can count on it; a 'failure' is subject to the assumption of the proof.
   */
  readonly kind: 'join' | 'repair' | 'rumour' | 'failure';
  readonly mine: Local;
  /** The other's new state; absent where it does not change. */
  readonly theirs?: Local;
}

/** Whether the nodes that the two watch are members. */
export interface Lives {
  readonly mine: boolean;
  readonly theirs: boolean;
}

/**
 * Rules for nodes on a circle of `members` places. Offsets count places clockwise from the node itself, so
 * that a state means the same wherever the node stands: what is reachable from the first state is reachable
 * rotated.
 */
export interface RuleModel<Local> {
  readonly members: number;
  /** Length of the successor lists. */
  readonly listMax: number;
  /** A node that is no member, and a member that is alone. */
  readonly absent: Local;
  readonly first: Local;
  /** Two states are the same exactly when their texts are. */
  encode(local: Local): string;
  isMember(local: Local): boolean;
  /** In the middle of something: others may yet act on what it has read or said. */
  isUnderWay(local: Local): boolean;
  /**
   * The successor list as offsets; undefined for a node without. One that a joiner will come in with counts
   * too: what it skips is no principal, because it will be skipped.
   */
  list(local: Local): readonly number[] | undefined;
  predecessor(local: Local): number | undefined;
  /** A node whose life the outcome of a move depends on although it is not part of it. */
  watched(local: Local): number | undefined;
  /** In the middle of a step that nobody else can see: it is gone on with at once, or did not happen. */
  urgent(local: Local): boolean;
  alone(local: Local): readonly Move<Local>[];
  /** Moves of a node with the one `offset` places clockwise, whose state is in its own terms. */
  together(local: Local, other: Local, offset: number, lives: Lives): readonly Move<Local>[];
}
