// The format of snapshots: what is written is read back, and no damage goes unnoticed.
import { describe, expect, it } from 'vitest';
import {
  encodeEnd,
  encodeHead,
  encodeRecord,
  SnapshotReader,
  type SnapshotRecord,
} from '../../src/cli/snapshot-file.ts';

const records: SnapshotRecord[] = ['a', 'b', 'c'].map((name, i) => ({
  key: Buffer.from(name),
  value: Buffer.from(name.repeat(i)),
  version: `v${i}`,
  expiresAt: i * 1000,
}));
const bytes = Buffer.concat([encodeHead('net5'), ...records.map(encodeRecord), encodeEnd(records.length)]);

async function* streamOf<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  yield* items;
}

async function read(chunks: Iterable<Uint8Array>): Promise<[network: string, records: SnapshotRecord[]]> {
  const reader = await SnapshotReader.open(streamOf(chunks));
  const all: SnapshotRecord[] = [];
  for await (const record of reader.records()) all.push(record);
  return [reader.network, all];
}

describe('a snapshot', () => {
  it('gives back what was written, in pieces of any size', async () => {
    expect(await read([bytes])).toEqual(['net5', records]);
    expect(await read([...bytes].map((byte) => Buffer.of(byte)))).toEqual(['net5', records]);
  });

  it('has every cut and every flipped byte noticed', async () => {
    for (let i = 0; i < bytes.length; i++) {
      const flipped = Buffer.from(bytes);
      flipped[i]! ^= 0x40;
      for (const broken of [bytes.subarray(0, i), flipped]) {
        await expect(read([broken])).rejects.toMatchObject({ code: 'ERR_SNAPSHOT' });
      }
    }
  });

  it('tells where its last whole record ends', async () => {
    const reader = await SnapshotReader.open(streamOf([bytes.subarray(0, -15)]));
    await expect(async () => {
      for await (const _ of reader.records()) continue;
    }).rejects.toThrow('cut short at record 3');
    expect(reader.count).toBe(2);
    const whole = Buffer.concat([encodeHead('net5'), ...records.slice(0, 2).map(encodeRecord)]);
    expect(bytes.subarray(0, reader.offset)).toEqual(whole);
  });

  it('of nothing is one', async () => {
    expect(await read([encodeHead('n'), encodeEnd(0)])).toEqual(['n', []]);
  });
});
