// Saved records for tests, and an archive over a store.
import type { Entry } from '../../src/core/entry.ts';
import { fromKey } from '../../src/core/bytes.ts';
import { keyPosition } from '../../src/core/position.ts';
import type { SavedRecord } from '../../src/core/saved.ts';
import { Archive } from '../../src/storage/archive.ts';
import type { Store } from '../../src/storage/store.ts';
import { contactOf, idOf, K, sha256 } from '../wire/fixture.ts';

export function archiveOver(store: Store): Archive {
  return new Archive(store, { k: K, hash: sha256, idOf });
}

/** An entry; a number as its version, undefined for a tombstone. */
export function entryOf(key: string, value: string | undefined, version = 1): SavedRecord {
  const entry: Entry = {
    key,
    value: value === undefined ? undefined : new Uint8Array(Buffer.from(value)),
    version: `0${version.toString(16).padStart(15, '0')}node`,
    expiresAt: 0,
    operation: 'me:1',
    previous: '',
  };
  return { type: 'entry', position: positionOf(key), entry };
}

export function forgotten(key: string): SavedRecord {
  return { type: 'forgotten', position: positionOf(key), key };
}

/** Registers of one arc, whose configuration has a member for each seed. */
export function registersOf(...seeds: readonly number[]): SavedRecord {
  const members = seeds.map((seed) => {
    const publicKey = Uint8Array.of(2, seed);
    return { contact: contactOf(publicKey, { salt: seed, incarnation: 1, host: 'a', port: seed }), birth: 1 };
  });
  const configuration = { lineage: 'l', epoch: 1, members, ancestors: [] };
  const register = { configuration, promised: undefined, accepted: undefined, watermark: 0 };
  const over = [{ arc: { from: 2, to: 3 }, configuration: { ...configuration, epoch: 2 } }];
  return { type: 'registers', registers: [{ arc: { from: 1, to: 2 }, register }], over };
}

/** Keys and values of the entries, in order, as 'key=value'; a tombstone is 'key'. */
export function textsOf(records: readonly SavedRecord[]): string[] {
  return records
    .flatMap((record) => (record.type === 'entry' ? [record.entry] : []))
    .map(({ key, value }) => (value === undefined ? key : `${key}=${Buffer.from(value).toString()}`))
    .toSorted();
}

function positionOf(key: string): number {
  return keyPosition(sha256, fromKey(key), K);
}
