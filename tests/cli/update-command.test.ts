// `chord update` and `chord keys` against a small ring: files of entries, good and bad, and lists of keys.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ChordSocket } from '../../src/index.ts';
import { commandRing } from '../support/command-ring.ts';
import { collect } from '../support/processes.ts';

const ring = commandRing();
const { chord } = ring;

describe('chord update and keys', () => {
  it('stores a file of entries and lists their keys', async () => {
    const file = join(ring.folder, 'entries.json');
    const entries = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`many/${i}`, i]));
    writeFileSync(file, JSON.stringify(entries));
    const update = await chord(['update', file, '--json']);
    expect(JSON.parse(update.stdout)).toEqual({ stored: 600, failed: [] });
    const keys = await chord(['keys', 'many/']);
    expect(keys.stdout.trimEnd().split('\n').toSorted()).toEqual(Object.keys(entries).toSorted());
    expect((await chord(['get', 'many/599'])).stdout).toBe('599');
  });

  it('names the keys that could not be stored, and stores the others', async () => {
    const file = join(ring.folder, 'mixed.json');
    const long = 'x'.repeat(2_000);
    writeFileSync(file, JSON.stringify({ [long]: 'too long a key', fine: 'stored' }));
    const { code, stdout, stderr } = await chord(['update', file, '--json']);
    expect(code).toBe(1);
    expect(stderr).toContain(`"${'x'.repeat(60)}…": ERR_KEY_TOO_LARGE`);
    expect(stderr).toContain('Make them smaller');
    expect(JSON.parse(stdout)).toMatchObject({
      stored: 1,
      failed: [{ key: long, code: 'ERR_KEY_TOO_LARGE' }],
    });
    expect((await chord(['get', 'fine'])).stdout).toBe('stored');
  });

  it('names the values that are too large for their owners', async () => {
    const file = join(ring.folder, 'large.json');
    writeFileSync(file, JSON.stringify({ huge: 'x'.repeat(3 * 2 ** 20), tiny: 'stored' }));
    const { code, stdout, stderr } = await chord(['update', file, '--json']);
    expect(code).toBe(1);
    expect(stderr).toContain('"huge": ERR_VALUE_TOO_LARGE: the value has 3145728 bytes, and the owner');
    const failed = [{ key: 'huge', code: 'ERR_VALUE_TOO_LARGE' }];
    expect(JSON.parse(stdout)).toMatchObject({ stored: 1, failed });
  });

  it('names the entries that are no text, and stores the others', async () => {
    const file = join(ring.folder, 'no-text.json');
    const [value, key] = [String.raw`"half": "\ud800"`, String.raw`"\udc00": "whole"`];
    writeFileSync(file, `{"before": "1", ${value}, ${key}, "after": "😀"}`);
    const { code, stdout, stderr } = await chord(['update', file, '--json']);
    expect(code).toBe(1);
    expect(stderr).toContain('"half": ERR_INPUT: the value is no text: it holds a surrogate without');
    expect(stderr).toContain(String.raw`"\udc00": ERR_INPUT: the key is no text`);
    expect(stderr).toContain('ERR_INPUT: 2 of 4 entries were not stored\nMend them, or');
    expect(JSON.parse(stdout)).toMatchObject({
      stored: 2,
      failed: [
        { key: 'half', code: 'ERR_INPUT' },
        { key: '\udc00', code: 'ERR_INPUT' },
      ],
    });
    const values = await Promise.all(['before', 'after'].map((name) => chord(['get', name])));
    expect(values.map(({ stdout: written }) => written)).toEqual(['1', '😀']);
  });

  it('refuses entries that are not UTF-8, from a file and from standard input', async () => {
    const file = join(ring.folder, 'latin-1.json');
    const bytes = Buffer.from('{"caf\u00e9": "x"}', 'latin1');
    writeFileSync(file, bytes);
    const finished = [await chord(['update', file]), await chord(['update', '-'], bytes)];
    expect(finished.map(({ code }) => code)).toEqual([1, 1]);
    expect(finished[0]?.stderr).toContain(`ERR_INPUT: ${file} is no JSON object: it is not encoded in UTF-8`);
    expect(finished[1]?.stderr).toContain(
      'ERR_INPUT: standard input is no JSON object: it is not encoded in UTF-8',
    );
  });

  it('lists each key on one line, whatever it holds', async () => {
    const client = new ChordSocket('127.0.0.1', 0, { k: 8, profile: 'local' });
    try {
      await client.connect(ring.nodes[0]?.address ?? '');
      await client.update([
        ['lines/a\nlines/b', ''],
        ['lines/"c" d', ''],
        [Buffer.from('lines/\xff\n', 'latin1'), ''],
      ]);
    } finally {
      await client.close();
    }
    const expected = [String.raw`"lines/a\nlines/b"`, 'lines/"c" d', '<8 bytes> 6c696e65732fff0a'].toSorted();
    for (const args of [['keys', 'lines/'], ['shell']]) {
      const { stdout } = await chord(args, 'keys lines/\n');
      expect(stdout.trimEnd().split('\n').toSorted()).toEqual(expected);
    }
  });

  it('is quiet when the reader of its keys goes away', async () => {
    const child = ring.processes.start(['keys', '--connect', ring.nodes[0]?.address ?? '']);
    const ended = collect(child);
    child.stdout?.destroy();
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('a file that cannot be used', () => {
  /** Its path is in the folder of the test. */
  const NOT_THERE = 'not-there';

  it.each([
    ['the entries', ['update'], 'ERR_INPUT: the entries cannot be read: .*no such file', NOT_THERE],
    ['the entries', ['update'], 'ERR_INPUT: the entries cannot be read: .*directory', '.'],
    ['a snapshot', ['import'], 'ERR_SNAPSHOT: the snapshot cannot be read: .*no such file', NOT_THERE],
    ['a snapshot', ['import'], 'ERR_SNAPSHOT: the snapshot cannot be read: .*directory', '.'],
    [
      'the secret',
      ['keys', '--secret-file'],
      'ERR_INPUT: the secret cannot be read: .*no such file',
      NOT_THERE,
    ],
    ['the secret', ['keys', '--secret-file'], 'ERR_INPUT: the secret cannot be read: .*directory', '.'],
  ])('is a failure with a code, for %s: %j', async (_what, args, expected, name) => {
    const { code, stdout, stderr } = await chord([...args, join(ring.folder, name)]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(new RegExp(`^${expected}`));
  });

  it('is one for a secret that is empty, too', async () => {
    const file = join(ring.folder, 'empty');
    writeFileSync(file, '\n');
    const { code, stderr } = await chord(['keys', '--secret-file', file]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^ERR_INPUT: .*holds no secret\n/)]);
  });
});
