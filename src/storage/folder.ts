// folder: the making of a directory, with those above it. Not by the host's own `recursive`, which never ends
// where nothing can be made, as below /proc.
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** `mode` is that of all that are made. Resolves where it is there already; rejects with the host's error. */
export async function makeFolder(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await isFolder(path))) return;
    const above = dirname(path);
    // Nothing is missing above it, and it cannot be made all the same.
    if (codeOf(error) !== 'ENOENT' || above === path || (await isFolder(above))) throw error;
    await makeFolder(above, mode);
    await mkdir(path, { mode });
  }
}

/** The code of an error of the host, undefined where it has none. */
export function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
