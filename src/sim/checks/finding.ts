// Finding: what a check hands back where something does not hold.
export interface Finding {
  readonly property: string;
  readonly detail: string;
  /** What a reader needs beside it: operations of the key, a line each. */
  readonly lines?: readonly string[];
}
