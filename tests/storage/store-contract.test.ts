// The Store contract, for every store that ships.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'vitest';
import { DurableStore, type SyncPolicy } from '../../src/storage/durable-store.ts';
import { MemoryStorage } from '../../src/storage/memory-storage.ts';
import type { Store } from '../../src/storage/store.ts';
import { describeStore } from '../../src/testing/store-suite.ts';

function newDirectory(): string {
  return join(mkdtempSync(join(tmpdir(), 'chord-store-')), 'data');
}

function directoryOf(store: Store): string {
  return (store as DurableStore).directory;
}

describeStore({ describe, it }, { name: 'memory', create: () => new MemoryStorage() });

for (const sync of ['always', 'interval', 'never'] satisfies SyncPolicy[]) {
  describeStore(
    { describe, it },
    {
      name: `durable, sync: ${sync}`,
      create: () => new DurableStore({ directory: newDirectory(), sync }),
      reopen: (store) => new DurableStore({ directory: directoryOf(store), sync }),
      // What the operating system has been given outlives the process: the files as they are now.
      crash: (store) => {
        const directory = newDirectory();
        cpSync(directoryOf(store), directory, { recursive: true });
        return new DurableStore({ directory, sync });
      },
      remove: (store) => rmSync(dirname(directoryOf(store)), { recursive: true, force: true }),
    },
  );
}
