// LevelTable: the files that LevelDB keeps sorted records in, as far as their checksums go. LevelDB as it
// comes does not look at these checksums: it returns what a damaged block holds, or ends the whole process
// where that breaks an assertion. So each table is read once before LevelDB sees it, and blocks that are
// damaged are taken out of its index. The format is that of leveldb/doc/table_format.md; tables are written
// without compression.
import { crc32c } from './crc32c.ts';

/** What a check found: nothing, some blocks, or so much that the file is of no use. */
export type TableCheck =
  | { readonly type: 'whole' }
  /** `mended` has the same length, and names the sound blocks only. */
  | { readonly type: 'mended'; readonly mended: Uint8Array; readonly blocks: number }
  | { readonly type: 'lost' };

interface Handle {
  readonly offset: number;
  readonly size: number;
}

interface IndexEntry extends Handle {
  /** As it stands in the index block. */
  readonly raw: Buffer;
}

const FOOTER_BYTES = 48;
const MAGIC = 0xdb47_7524_8b80_fb57n;
/** Behind every block: its compression, and the checksum over both. */
const TYPE_BYTES = 1;
const TRAILER_BYTES = 5;
const CRC_MASK = 0xa282_ead8;

const LOST: TableCheck = { type: 'lost' };

export function checkTable(file: Uint8Array): TableCheck {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  try {
    const footer = bytes.length - FOOTER_BYTES;
    if (footer < 0 || bytes.readBigUInt64LE(bytes.length - 8) !== MAGIC) return LOST;
    const cursor = new Cursor(bytes, footer);
    const [meta, index] = [cursor.handle(), cursor.handle()];
    if (!isSound(bytes, meta) || !isSound(bytes, index)) return LOST;
    const entries = readIndex(bytes, index);
    const sound = entries.filter((entry) => isSound(bytes, entry));
    if (sound.length === entries.length) return { type: 'whole' };
    if (sound.length === 0) return LOST;
    const mended = withIndex(bytes, { meta, index, entries: sound });
    return { type: 'mended', mended, blocks: entries.length - sound.length };
  } catch (error) {
    // A handle that leads out of the file.
    if (error instanceof RangeError) return LOST;
    throw error;
  }
}

function isSound(bytes: Buffer, { offset, size }: Handle): boolean {
  const end = offset + size + TYPE_BYTES;
  if (end > bytes.length) throw new RangeError('a block that ends behind the file');
  return masked(crc32c(bytes, offset, end)) === bytes.readUInt32LE(end);
}

/** LevelDB masks checksums, because a checksum of data that holds checksums is weak. */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + CRC_MASK) >>> 0;
}

/** Entries of an index share no bytes with each other: each stands for itself. */
function readIndex(bytes: Buffer, { offset, size }: Handle): IndexEntry[] {
  const end = offset + size;
  const restarts = bytes.readUInt32LE(end - 4);
  const last = end - 4 - 4 * restarts;
  const entries: IndexEntry[] = [];
  for (let at = offset; at < last; ) {
    const cursor = new Cursor(bytes, at);
    const [shared, rest, length] = [cursor.varint(), cursor.varint(), cursor.varint()];
    if (shared !== 0) throw new RangeError('an index entry that needs the one before it');
    const behind = cursor.at + rest + length;
    const handle = new Cursor(bytes, cursor.at + rest).handle();
    entries.push({ ...handle, raw: bytes.subarray(at, behind) });
    at = behind;
  }
  return entries;
}

interface Parts {
  readonly meta: Handle;
  readonly index: Handle;
  readonly entries: readonly IndexEntry[];
}

/** The same file with another index in the place of the former one, which was larger. */
function withIndex(bytes: Buffer, { meta, index, entries }: Parts): Uint8Array {
  const restarts = Buffer.alloc(4 * entries.length + 4);
  let offset = 0;
  for (const [i, { raw }] of entries.entries()) {
    restarts.writeUInt32LE(offset, 4 * i);
    offset += raw.length;
  }
  restarts.writeUInt32LE(entries.length, 4 * entries.length);
  const block = Buffer.concat([...entries.map(({ raw }) => raw), restarts, Buffer.alloc(TRAILER_BYTES)]);
  const size = block.length - TRAILER_BYTES;
  block.writeUInt32LE(masked(crc32c(block, 0, size + TYPE_BYTES)), size + TYPE_BYTES);
  const mended = Buffer.from(bytes);
  block.copy(mended, index.offset);
  const footer = mended.length - FOOTER_BYTES;
  mended.fill(0, footer, mended.length - 8);
  let at = footer;
  for (const value of [meta.offset, meta.size, index.offset, size]) at = writeVarint(mended, at, value);
  return mended;
}

/** Reads numbers of seven bits a byte, lowest first. Throws RangeError at the end of the bytes. */
class Cursor {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 56; scale *= 128) {
      const byte = this.#bytes.readUInt8(this.at);
      this.at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number of more than 8 bytes');
  }

  handle(): Handle {
    return { offset: this.varint(), size: this.varint() };
  }
}

function writeVarint(bytes: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  while (rest > 0x7f) {
    bytes[at++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  bytes[at++] = rest;
  return at;
}
