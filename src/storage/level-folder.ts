// LevelFolder: what is done to LevelDB's files before it opens them: damaged tables are mended or put
// aside, and a folder without its head is recognised. The caller holds the folder for itself.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { checkTable } from './level-table.ts';

/** A folder with records and without the file that lists them: CURRENT, or the manifest that it names. */
export function isHeadless(path: string): boolean {
  if (!existsSync(path)) return false;
  const names = readdirSync(path);
  if (!names.some((name) => /\.(ldb|sst|log)$/.test(name))) return false;
  return !names.includes('CURRENT') || !names.includes(readFileSync(join(path, 'CURRENT'), 'latin1').trim());
}

/**
 * Reads every table once, about a second for 300 MB. Blocks that are damaged are taken out of their table;
 * a table that cannot be used at all goes to the folder `aside`. Resolves to a sentence about what was
 * found, or to undefined where all is well.
 */
export async function mendTables(path: string, aside: string): Promise<string | undefined> {
  if (!existsSync(path)) return undefined;
  let blocks = 0;
  let tables = 0;
  for (const name of readdirSync(path).filter((each) => /\.(ldb|sst)$/.test(each))) {
    const table = join(path, name);
    const check = checkTable(await readFile(table));
    if (check.type === 'mended') {
      blocks += check.blocks;
      await replace(table, check.mended);
    } else if (check.type === 'lost') {
      tables += 1;
      await mkdir(aside, { recursive: true });
      await rename(table, join(aside, name));
    }
  }
  const parts: string[] = [];
  if (blocks > 0) parts.push(`damaged blocks of its tables that are left out: ${blocks}`);
  if (tables > 0) parts.push(`damaged tables that are in ${aside} now: ${tables}`);
  return parts.length === 0 ? undefined : parts.join('; ');
}

async function replace(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(`${path}.new`, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
