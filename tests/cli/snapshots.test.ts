// chord export and chord import between rings of different size and k, over real sockets: under load, broken
// off and resumed, from and to the standard streams, and what they tell meanwhile.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChordSocket } from '../../src/index.ts';
import { type Cluster, createCluster } from '../../src/testing/index.ts';
import { buildProject, CHORD, collect, type Finished, Processes } from '../support/processes.ts';

const processes = new Processes();
let from: Cluster;
let to: Cluster;
let other: Cluster;
let folder = '';
let file = '';
const entries = new Map(Array.from({ length: 500 }, (_, i) => [`key-${i}`, Buffer.from(`value ${i}`)]));

beforeAll(async () => {
  buildProject();
  folder = mkdtempSync(join(tmpdir(), 'chord-snapshot-'));
  from = await createCluster(3, { k: 8, limits: { pageEntries: 16 } });
  to = await createCluster(5, { k: 12 });
  other = await createCluster(1, { k: 9 });
  await from.nodes[0]!.update(entries);
}, 120_000);

afterAll(async () => {
  await processes.endAll();
  await Promise.all([from, to, other].map((ring) => ring.close()));
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  file = join(mkdtempSync(join(folder, 'test-')), 'ring.snapshot');
  for (const key of (await to.nodes[0]!.copy()).keys()) await to.nodes[0]!.delete(key);
});

function flagsOf(ring: Cluster): string[] {
  return ['--connect', ring.nodes[0]!.outAddr.join(':'), '--profile', 'local'];
}

async function chord(ring: Cluster, ...args: string[]): Promise<Finished> {
  return processes.run([...args, ...flagsOf(ring)]);
}

async function take(ring = from): Promise<void> {
  expect(await chord(ring, 'export', file)).toMatchObject({ code: 0 });
}

describe('a snapshot', () => {
  it('restores into a ring of another size and k', async () => {
    const { code, stdout } = await chord(from, 'export', file, '--json');
    expect([code, JSON.parse(stdout)]).toEqual([0, { exported: 500, bytes: readFileSync(file).length }]);
    expect(existsSync(`${file}.part`)).toBe(false);
    expect(await chord(to, 'import', file)).toMatchObject({ code: 0, stdout: '' });
    expect(await to.nodes[3]!.copy()).toEqual(entries);
  });

  it('whose reader goes away is no success', async () => {
    const command = `node bin/chord.mjs export - ${flagsOf(from).join(' ')}`;
    const script = `${command} | head -c 100 > /dev/null; exit \${PIPESTATUS[0]}`;
    const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    expect([code, stderr]).toEqual([1, expect.stringContaining('the reader went away')]);
  });

  it('taken under load has every key that lived throughout, with a value of that time', async () => {
    const stop = new AbortController();
    const load = keepWriting(from.nodes[1]!, stop.signal);
    await take();
    stop.abort();
    await load;
    expect(await chord(to, 'import', file)).toMatchObject({ code: 0 });
    const restored = await to.nodes[2]!.copy();
    for (const key of entries.keys()) {
      const value = String(restored.get(key));
      expect(value === String(entries.get(key)) || value.startsWith('changed ')).toBe(true);
    }
    for (const [key, value] of entries) await from.nodes[0]!.set(key, value);
    for await (const key of from.nodes[0]!.keys({ prefix: 'passing' })) await from.nodes[0]!.delete(key);
  });

  it('keeps what expires for as long as it would have lived, and leaves the expired out', async () => {
    await other.nodes[0]!.set('brief', 'v', { ttlMs: 60_000 });
    await take(other);
    const { expiresAt = 0 } = (await other.nodes[0]!.getEntry('brief'))!;
    await chord(to, 'import', file);
    const restored = await to.nodes[0]!.getEntry('brief');
    expect(Math.abs((restored?.expiresAt ?? 0) - expiresAt)).toBeLessThan(1_000);
    await other.nodes[0]!.delete('brief');
  });

  it('that is damaged stores nothing', async () => {
    await take();
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(file, bytes);
    const { code, stderr } = await chord(to, 'import', file);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ERR_SNAPSHOT: the snapshot cannot be used: .* at record \d+/);
    expect(await to.nodes[0]!.size()).toBe(0);
  });

  it('goes through pipes from ring to ring', async () => {
    const [source, target] = [from, to].map((ring) => flagsOf(ring).join(' '));
    const command = `${CHORD} export - ${source} | ${CHORD} import - ${target} --json`;
    // The rings live in this process, which has to go on meanwhile.
    const { code, stdout } = await processes.shell(command);
    expect([code, JSON.parse(stdout)]).toEqual([0, { stored: 500, skipped: 0, expired: 0 }]);
    expect(await to.nodes[4]!.copy()).toEqual(entries);
  });

  it('is read once from a pipe with a name', async () => {
    await take();
    const pipe = `${file}.pipe`;
    const command = `mkfifo '${pipe}'; cat '${file}' > '${pipe}' & ${CHORD} import '${pipe}' --json`;
    const { code, stdout } = await processes.shell(`${command} ${flagsOf(to).join(' ')}`);
    expect([code, JSON.parse(stdout)]).toEqual([0, { stored: 500, skipped: 0, expired: 0 }]);
  });

  it('that is none fails also where its writer goes on', async () => {
    const child = processes.start(['import', '-', ...flagsOf(to)]);
    child.stdin?.write('garbage\n');
    const damage = expect.stringMatching(/^ERR_SNAPSHOT: .* does not begin as a snapshot/) as unknown;
    expect(await collect(child)).toMatchObject({ code: 1, stderr: damage });
    // Open for writing as long as the shell lives, which becomes the command.
    const open = `mkfifo '${file}'; exec 3<> '${file}'; echo garbage >&3`;
    const line = `${open}; exec ${CHORD} import '${file}' ${flagsOf(to).join(' ')}`;
    expect(await processes.shell(line)).toMatchObject({ code: 1, stderr: damage });
  });
});

describe('an export that broke off', () => {
  it('goes on behind the last whole record', async () => {
    await take();
    const whole = readFileSync(file);
    for (const length of [0.3, 0.7].map((part) => Math.floor(whole.length * part))) {
      rmSync(file, { force: true });
      writeFileSync(`${file}.part`, whole.subarray(0, length));
      const { code, stdout } = await chord(from, 'export', file, '--resume', '--json');
      expect([code, JSON.parse(stdout)]).toEqual([0, { exported: 500, bytes: whole.length }]);
      expect(readFileSync(file).equals(whole)).toBe(true);
    }
  });

  it('is left alone without --resume, and by another network', async () => {
    await take();
    copyFileSync(file, `${file}.part`);
    const refused = await chord(other, 'export', file, '--resume');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^ERR_SNAPSHOT: .*\.part is of another network or of another k/);
    await take();
    expect(existsSync(`${file}.part`)).toBe(false);
  });

  it('begins anew where nothing is left of it, or less than the first line', async () => {
    await take();
    const whole = readFileSync(file);
    for (const length of [undefined, 0, whole.indexOf('\n')]) {
      if (length !== undefined) writeFileSync(`${file}.part`, whole.subarray(0, length));
      const { stdout } = await chord(from, 'export', file, '--resume', '--json');
      expect(JSON.parse(stdout)).toEqual({ exported: 500, bytes: whole.length });
    }
  });

  it('is refused with advice where what is left is something else', async () => {
    writeFileSync(`${file}.part`, 'garbage');
    const { code, stderr } = await chord(from, 'export', file, '--resume');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ERR_SNAPSHOT: .*\.part: .* does not begin as a snapshot of format 1\n/);
    expect(stderr).toContain('Leave --resume out to begin anew.');
  });

  it('leaves an older snapshot whole', async () => {
    await take();
    const whole = readFileSync(file);
    const lost = await createCluster(1, { k: 8 });
    await lost.nodes[0]!.set('a', '1');
    const address = flagsOf(lost);
    await lost.close();
    const { code } = await processes.run(['export', file, ...address]);
    expect(code).toBe(1);
    expect(readFileSync(file).equals(whole)).toBe(true);
  });
});

describe('an import that broke off', () => {
  it('goes on with --resume: what is there already is left as it is', async () => {
    await take();
    const keys = [...entries.keys()].slice(0, 200);
    for (const key of keys) await to.nodes[0]!.set(key, entries.get(key)!);
    const before = (await to.nodes[0]!.getEntry('key-7'))?.version;
    const { stdout } = await chord(to, 'import', file, '--resume', '--json');
    expect(JSON.parse(stdout)).toEqual({ stored: 300, skipped: 200, expired: 0 });
    expect((await to.nodes[0]!.getEntry('key-7'))?.version).toBe(before);
    expect(await to.nodes[1]!.copy()).toEqual(entries);
  });

  it('replaces what is there without it', async () => {
    await take();
    await to.nodes[0]!.set('key-7', 'newer');
    await chord(to, 'import', file);
    expect(String(await to.nodes[0]!.get('key-7'))).toBe('value 7');
  });
});

describe('progress', () => {
  it('is told in entries, bytes and percent of the walk', async () => {
    const { stderr } = await chord(from, 'export', file, '--progress');
    const lines = stderr.trimEnd().split('\n');
    for (const line of lines.slice(0, -1)) {
      expect(line).toMatch(/^exporting: \d+ entr(y|ies), [\d.]+ (B|KiB), \d+ %$/);
    }
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.at(-2)).toMatch(/^exporting: 500 entries, .*, 100 %$/);
    expect(lines.at(-1)).toMatch(/^exported 500 entries, [\d.]+ KiB$/);
  });

  it('of an import is of the file', async () => {
    await take();
    const { stderr } = await chord(to, 'import', file, '--progress');
    expect(stderr).toMatch(/^checking: 500 entries, .*, 100 %$/m);
    expect(stderr).toMatch(/^importing: 500 entries, .*, 100 %$/m);
  });
});

describe('misuse', () => {
  it('is to resume what goes to standard output', async () => {
    const { code, stderr } = await chord(from, 'export', '-', '--resume');
    expect([code, stderr]).toEqual([2, expect.stringContaining('only an export to a file can be resumed')]);
  });
});

describe('a file that cannot be used', () => {
  it.each([
    [['import', '/does/not/exist'], /^ERR_SNAPSHOT: the snapshot cannot be read: .*no such file/],
    [['import', tmpdir()], /^ERR_SNAPSHOT: the snapshot cannot be read: .* names a directory/],
    [['export', '/does/not/exist/x'], /^ERR_SNAPSHOT: the snapshot cannot be written: .*no such file/],
    [['export', '/etc/passwd/x'], /^ERR_SNAPSHOT: the snapshot cannot be written: .*not a directory/],
    [['export', '/dev/null'], /^ERR_SNAPSHOT: the snapshot cannot be written: .* is no regular file/],
    [['export', ''], /^ERR_SNAPSHOT: the snapshot cannot be written: .* names a directory/],
  ])('is exit code 1 for %j', async (args, expected) => {
    const { code, stderr } = await chord(from, ...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(expected);
  });

  it.each(['', '/'])(
    'an export to a directory, its name ended by %j, asks nothing and leaves nothing',
    async (end) => {
      const target = join(dirname(file), 'target');
      mkdirSync(target);
      const { code, stderr } = await processes.run(['export', `${target}${end}`, '--connect', '127.0.0.1:1']);
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/^ERR_SNAPSHOT: .*cannot be written: .* a directory/),
      ]);
      expect([...readdirSync(dirname(file)), ...readdirSync(target)]).toEqual(['target']);
    },
  );
});

/** Changes entries and adds others until told to stop. */
async function keepWriting(node: ChordSocket, signal: AbortSignal): Promise<void> {
  for (let i = 0; !signal.aborted; i++) {
    await node.set(`key-${(i * 37) % 500}`, `changed ${i}`);
    await node.set(`passing-${i}`, '');
  }
}
