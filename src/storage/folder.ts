// folder: the making of a directory, with those above it, and its sync. Not made by the host's own
// `recursive`, which never ends where nothing can be made, as below /proc.
import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * `mode` is that of all that are made. Resolves where it is there already, or others make it meanwhile;
 * rejects with the error of the host.
 */
export async function makeFolder(path: string, mode: number): Promise<void> {
  try {
    return await makeOne(path, mode);
  } catch (error) {
    const above = dirname(path);
    if (codeOf(error) !== 'ENOENT' || above === path) throw error;
    await makeFolder(above, mode);
  }
  await makeOne(path, mode);
}

async function makeOne(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' || !(await isFolder(path))) throw error;
  }
}

/** A rename is on the disk once its folder is; not every system can be told so. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  try {
    await folder?.sync();
  } catch {
    // Windows syncs no folders.
  } finally {
    await folder?.close();
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
