// Snapshot file: the entries of a ring as a stream of bytes, and back. It owns the format and notices damage;
// where entries come from and go to is snapshot-commands.ts's.
//
// A line with the format, the network that the entries are of and the CRC-32 of that in hex, then records: 4
// bytes length, the body, 4 bytes CRC-32 of the body. A body is 8 bytes expiry, 4 bytes key length, 4 bytes
// version length, key, version, value. The end is a length of 0 and the number of records in 8 bytes, so
// that a file that was cut short is noticed. All numbers are big-endian. Records are in the order of the ring
// they are of, so that an export goes on behind the last one.
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

const MAGIC = 'chord-snapshot 1 ';
const HEAD_LINE = new RegExp(`^${MAGIC}(\\w+) (\\w+)$`);
/** A hash and k, both in base58; a blank and the checksum. */
const HEAD_LINE_MAX = MAGIC.length + 64 + 9;
const HEAD_BYTES = 16;
/** Length, head and checksum: what a record has besides key, version and value. */
const FRAME_BYTES = 4 + HEAD_BYTES + 4;
/** A value of 64 MiB with the largest key. A larger length is damage, and must not become memory. */
const BODY_BYTES_MAX = 2 ** 26 + 2 ** 20;

/** The first line. `network` is its fingerprint: subnet, encryption and k. */
export function encodeHead(network: string): Buffer {
  return Buffer.from(`${MAGIC}${network} ${hexSum(network)}\n`, 'latin1');
}

export function encodeRecord({ key, value, version, expiresAt }: SnapshotRecord): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeDoubleBE(expiresAt, 0);
  head.writeUInt32BE(key.length, 8);
  head.writeUInt32BE(version.length, 12);
  const body = Buffer.concat([head, key, Buffer.from(version, 'latin1'), value]);
  return Buffer.concat([uint32(body.length), body, uint32(crc32(body))]);
}

/** What closes a snapshot of `count` records. */
export function encodeEnd(count: number): Buffer {
  const end = Buffer.alloc(12);
  end.writeBigUInt64BE(BigInt(count), 4);
  return end;
}

/**
 * Reads a snapshot, once. Everything that it finds damaged rejects with ERR_SNAPSHOT and says where; what was
 * read before that is whole.
 */
export class SnapshotReader {
  /** The fingerprint of the network that the entries are of. */
  readonly network: string;
  readonly #source: ByteSource;
  #count = 0;
  #offset: number;

  private constructor(network: string, source: ByteSource) {
    this.network = network;
    this.#source = source;
    this.#offset = encodeHead(network).length;
  }

  static async open(chunks: AsyncIterable<Uint8Array>): Promise<SnapshotReader> {
    const source = new ByteSource(chunks);
    try {
      return await SnapshotReader.#begin(source);
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  static async #begin(source: ByteSource): Promise<SnapshotReader> {
    const [, network, sum] = HEAD_LINE.exec((await source.takeLine(HEAD_LINE_MAX)) ?? '') ?? [];
    if (network !== undefined && sum === hexSum(network)) return new SnapshotReader(network, source);
    throw damaged('it does not begin as a snapshot of format 1');
  }

  /** Records read so far. */
  get count(): number {
    return this.#count;
  }

  /** Bytes from the start of the file to the end of the last record read. */
  get offset(): number {
    return this.#offset;
  }

  /** All records, once. Gives the source back when it ends, however it ends. */
  async *records(): AsyncGenerator<SnapshotRecord, void, undefined> {
    try {
      for (;;) {
        const record = await this.#next();
        if (record === undefined) return;
        this.#count += 1;
        this.#offset += FRAME_BYTES + record.key.length + record.version.length + record.value.length;
        yield record;
      }
    } finally {
      await this.#source.close();
    }
  }

  async #next(): Promise<SnapshotRecord | undefined> {
    const where = `at record ${this.#count + 1}`;
    const source = this.#source;
    const length = (await source.take(4))?.readUInt32BE();
    if (length === undefined) throw damaged(`it is cut short ${where}`);
    if (length === 0) return checkEnd(await source.take(8), await source.take(1), this.#count);
    if (length < HEAD_BYTES || length > BODY_BYTES_MAX) throw damaged(`the length is impossible ${where}`);
    const body = await source.take(length);
    const sum = (await source.take(4))?.readUInt32BE();
    if (body === undefined || sum === undefined) throw damaged(`it is cut short ${where}`);
    if (sum !== crc32(body)) throw damaged(`the checksum is wrong ${where}`);
    return toRecord(body);
  }
}

function checkEnd(end: Buffer | undefined, more: Buffer | undefined, count: number): undefined {
  if (end === undefined) throw damaged(`it is cut short behind record ${count}`);
  if (end.readBigUInt64BE() !== BigInt(count)) {
    throw damaged(`it holds ${count} records and promises ${end.readBigUInt64BE()}`);
  }
  if (more !== undefined) throw damaged(`something follows the end, behind record ${count}`);
  return undefined;
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

  /** Asks for no more: standard input that stays open would keep the process. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  /** A line without its end, of at most `most` bytes; undefined where there is none. */
  async takeLine(most: number): Promise<string | undefined> {
    let line = '';
    while (line.length <= most) {
      const byte = (await this.take(1))?.toString('latin1');
      if (byte === undefined) return undefined;
      if (byte === '\n') return line;
      line += byte;
    }
    return undefined;
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

function hexSum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function damaged(reason: string): CommandFailure {
  return new CommandFailure('ERR_SNAPSHOT', `the snapshot cannot be used: ${reason}`);
}
