// Saved: what a member with a durable store writes down. The machine hands records over in `save` effects and
// answers nobody that relies on them before `handleSaved`; how they are stored is not its business.
import type { Configuration, RegisterRecord } from './configuration.ts';
import type { Entry, Key } from './entry.ts';
import type { Arc } from './position.ts';

export type SavedRecord =
  /** The newest version of a key, tombstones included: it replaces the former one. */
  | { readonly type: 'entry'; readonly position: number; readonly entry: Entry }
  /** The key is not kept here any more. */
  | { readonly type: 'forgotten'; readonly position: number; readonly key: Key }
  /** All registers of this member: they replace the former ones. */
  | ({ readonly type: 'registers' } & SavedRegisters);

export interface SavedRegisters {
  readonly registers: readonly RegisterRecord[];
  /** What came after registers that were forgotten. */
  readonly over: readonly KnownPart[];
}

export interface KnownPart {
  readonly arc: Arc;
  readonly configuration: Configuration;
}
