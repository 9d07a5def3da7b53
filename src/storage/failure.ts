// Failure: how the durable store says what failed. It owns how something that is lacking (room on the disk,
// the right to write, a descriptor) is told from damage, and what to do about each: then the files are as
// they were, and whoever moves them away loses all of it.
import { codeOf } from './folder.ts';

export const TRY_AGAIN = 'then try again';
/** Of a store that stays open. */
export const WRITES_TRY_AGAIN = 'and the next write tries the store again';

/** LevelDB gives no code for any of these, only the words of the C library behind the name of the file. */
const SHORTAGES = [
  { code: 'ENOSPC', words: 'No space left on device', remedy: 'make room on the disk' },
  { code: 'EDQUOT', words: 'Disk quota exceeded', remedy: 'make room within the quota' },
  { code: 'EFBIG', words: 'File too large', remedy: 'raise the limit of file sizes' },
  { code: 'EROFS', words: 'Read-only file system', remedy: 'make the file system writable' },
  { code: 'EMFILE', words: 'Too many open files', remedy: 'raise the limit of open files' },
] as const;

/** What failed and why, and what to do about it where something is lacking. */
export function failure(what: string, cause: unknown, tryAgain: string = TRY_AGAIN): Error {
  const remedy = remedyFor(cause);
  const advice = remedy === undefined ? '' : `: ${remedy}, ${tryAgain}`;
  return new Error(`${what}: ${messageOf(cause)}${advice}`, { cause });
}

/** undefined where nothing is lacking. */
export function remedyFor(error: unknown): string | undefined {
  const code = codeOf(error);
  const message = messageOf(error);
  const found = SHORTAGES.find((each) => each.code === code || message.includes(`: ${each.words}`));
  return found?.remedy;
}

/**
 * Whether LevelDB found its files damaged. Of a table that is shorter than its list says, as a repair leaves
 * it that found no room for a new list, it says only that the argument was invalid.
 */
export function isDamage(error: unknown): boolean {
  return codeOf(error) === 'LEVEL_CORRUPTION' || messageOf(error).endsWith('.ldb: Invalid argument');
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
