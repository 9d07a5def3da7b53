// Snapshot file: the entries of a ring as a stream of bytes, and back. It owns the format and notices damage;
// where entries come from and go to is snapshot-commands.ts's.
//
// A line that names format and version, then records: 4 bytes length, the body, 4 bytes CRC-32 of the body.
// A body is 8 bytes expiry, 4 bytes key length, 4 bytes version length, key, version, value. The end is a
// length of 0 and the number of records in 8 bytes, so that a file that was cut short is noticed. All
// numbers are big-endian.
import { crc32 } from 'node:zlib';
import { CommandFailure } from './failure.ts';

export interface SnapshotRecord {
  readonly key: Buffer;
  readonly value: Buffer;
  /** The version in the ring it was taken from; for information, and to see what is newer. */
  readonly version: string;
  /** Epoch milliseconds; 0 = never. */
  readonly expiresAt: number;
}

const MAGIC = Buffer.from('chord-snapshot 1\n');
const HEAD_BYTES = 16;
/** A value of 64 MiB with the largest key. A larger length is damage, and must not become memory. */
const BODY_BYTES_MAX = 2 ** 26 + 2 ** 20;

/** The bytes of a snapshot, record by record. */
export async function* encodeSnapshot(
  records: AsyncIterable<SnapshotRecord>,
): AsyncGenerator<Buffer, void, undefined> {
  yield MAGIC;
  let count = 0;
  for await (const { key, value, version, expiresAt } of records) {
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeDoubleBE(expiresAt, 0);
    head.writeUInt32BE(key.length, 8);
    head.writeUInt32BE(version.length, 12);
    const body = Buffer.concat([head, key, Buffer.from(version, 'latin1'), value]);
    yield Buffer.concat([uint32(body.length), body, uint32(crc32(body))]);
    count += 1;
  }
  const end = Buffer.alloc(12);
  end.writeBigUInt64BE(BigInt(count), 4);
  yield end;
}

/** The records of a snapshot; fails with ERR_SNAPSHOT and the number of the record at the first damage. */
export async function* decodeSnapshot(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<SnapshotRecord, void, undefined> {
  const source = new ByteSource(chunks);
  const magic = await source.take(MAGIC.length);
  if (magic?.equals(MAGIC) !== true) throw damaged('it does not begin as a snapshot of format 1');
  for (let count = 0; ; count++) {
    const where = `at record ${count + 1}`;
    const length = (await source.take(4))?.readUInt32BE();
    if (length === undefined) throw damaged(`it is cut short ${where}`);
    if (length === 0) return checkEnd(await source.take(8), await source.take(1), count);
    if (length < HEAD_BYTES || length > BODY_BYTES_MAX) throw damaged(`the length is impossible ${where}`);
    const body = await source.take(length);
    const sum = (await source.take(4))?.readUInt32BE();
    if (body === undefined || sum === undefined) throw damaged(`it is cut short ${where}`);
    if (sum !== crc32(body)) throw damaged(`the checksum is wrong ${where}`);
    yield toRecord(body);
  }
}

function checkEnd(end: Buffer | undefined, more: Buffer | undefined, count: number): void {
  if (end === undefined) throw damaged(`it is cut short behind record ${count}`);
  if (end.readBigUInt64BE() !== BigInt(count)) {
    throw damaged(`it holds ${count} records and promises ${end.readBigUInt64BE()}`);
  }
  if (more !== undefined) throw damaged(`something follows the end, behind record ${count}`);
}

function toRecord(body: Buffer): SnapshotRecord {
  const versionAt = HEAD_BYTES + body.readUInt32BE(8);
  const valueAt = versionAt + body.readUInt32BE(12);
  return {
    key: body.subarray(HEAD_BYTES, versionAt),
    version: body.toString('latin1', versionAt, valueAt),
    value: body.subarray(valueAt),
    expiresAt: body.readDoubleBE(0),
  };
}

/** Bytes in pieces of the length asked, from chunks of any length. */
class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Undefined where fewer are left. */
  async take(length: number): Promise<Buffer | undefined> {
    while (this.#bytes < length) {
      const step = await this.#chunks.next();
      if (step.done === true) return undefined;
      this.#parts.push(step.value);
      this.#bytes += step.value.length;
    }
    const [first] = this.#parts;
    // A chunk holds many records and must not be copied for each of them.
    const all =
      this.#parts.length === 1 && first !== undefined
        ? Buffer.from(first.buffer, first.byteOffset, first.byteLength)
        : Buffer.concat(this.#parts);
    this.#parts = [all.subarray(length)];
    this.#bytes -= length;
    return all.subarray(0, length);
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function damaged(reason: string): CommandFailure {
  return new CommandFailure('ERR_SNAPSHOT', `the snapshot cannot be used: ${reason}`);
}
