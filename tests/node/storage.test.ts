// Sockets with a store: who they are after a restart, where they stand, and what they refuse.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChordOptions, ChordSocket, MemoryStorage, Protocol } from '../../src/index.ts';
import { makeFolder } from '../../src/storage/folder.ts';

const PLAINTEXT = new Protocol('chord', 'Plaintext');
const ADVICE = 'give each node a directory of its own';
const open: ChordSocket[] = [];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chord-socket-'));
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((socket) => socket.close({ force: true })));
  rmSync(folder, { recursive: true, force: true });
});

function make(options: ChordOptions = {}, port = 0): ChordSocket {
  const socket = new ChordSocket('127.0.0.1', port, { profile: 'local', protocol: PLAINTEXT, ...options });
  open.push(socket);
  return socket;
}

async function crash(socket: ChordSocket): Promise<void> {
  await socket.close({ force: true });
}

describe.each(['a directory', 'a Store'])('a socket that is made again with %s', (kind) => {
  let storage: NonNullable<ChordOptions['storage']>;
  beforeEach(() => {
    storage = kind === 'a Store' ? new MemoryStorage() : join(folder, 'data');
  });

  it('has the same id from its constructor on, and stands where it stood', async () => {
    const first = make({ storage });
    await first.join();
    const { id, position } = first;
    await crash(first);
    const second = make({ storage });
    expect(second.id).toBe(id);
    await second.join();
    expect(second.position).toBe(position);
  });

  it('finds the members that it knew, without being told of any', async () => {
    const other = make();
    await other.join();
    const first = make({ storage });
    await first.connect(...other.addr);
    await first.join();
    await crash(first);
    const second = make({ storage });
    await second.join();
    expect(second.next?.id).toBe(other.id);
  });
});

describe('a directory', () => {
  it('is refused for another k or subnet, and says which it is for', async () => {
    const storage = join(folder, 'data');
    const first = make({ storage, k: 16 });
    await first.listen();
    await crash(first);
    const otherK = make({ storage, k: 8 });
    await expect(otherK.join()).rejects.toMatchObject({ code: 'ERR_STORE' });
    await expect(otherK.connect('127.0.0.1', 9)).rejects.toThrow(
      `the store cannot be used: ${storage} was made for a ring of k = 16, and this node has k = 8: ` +
        'give this node k = 16, or another directory',
    );
    const protocol = new Protocol('orders', 'Plaintext');
    await expect(make({ storage, k: 16, protocol }).listen()).rejects.toThrow(
      `the store cannot be used: ${storage} was made for the subnet 'chord', and this node is of 'orders': ` +
        "give this node the subnet 'chord', or another directory",
    );
  });

  it('is refused to a second socket while the first has it', async () => {
    const storage = join(folder, 'data');
    await make({ storage }).listen();
    await expect(make({ storage }).listen()).rejects.toMatchObject({
      code: 'ERR_STORE',
      message: `the store cannot be used: ${storage} is in use by another process or socket: ${ADVICE}`,
    });
  });

  it('that cannot be made is ERR_STORE, and may be tried again', async () => {
    writeFileSync(join(folder, 'file'), '');
    const socket = make({ storage: join(folder, 'file', 'data') });
    await expect(socket.join()).rejects.toMatchObject({ code: 'ERR_STORE' });
    rmSync(join(folder, 'file'));
    await socket.join();
    expect(socket.leeching).toBe(false);
  });

  it('that nobody can make is refused at once', async () => {
    // The host's own way never ends below /proc.
    await expect(makeFolder('/proc/nope/deeper', 0o700)).rejects.toMatchObject({ code: 'ENOENT' });
    const deep = join(folder, 'a/b/c');
    await makeFolder(deep, 0o700);
    await makeFolder(deep, 0o700);
    expect(statSync(deep).isDirectory()).toBe(true);
    // Several at once, as sockets of one process that keep theirs side by side.
    await Promise.all(['a', 'b', 'c'].map((name) => makeFolder(join(folder, 'x/y', name), 0o700)));
    const file = join(deep, 'file');
    writeFileSync(file, '');
    await expect(makeFolder(file, 0o700)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolder(join(file, 'below'), 0o700)).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it('with a damaged identity is refused, and left as it is', async () => {
    const storage = join(folder, 'data');
    const first = make({ storage });
    await first.listen();
    await crash(first);
    const path = join(storage, 'node.json');
    const text = readFileSync(path, 'utf8').replace('"birth": 1', '"birth": 2');
    writeFileSync(path, text);
    await expect(make({ storage }).join()).rejects.toThrow(
      `the store cannot be used: ${path} is damaged: put back a copy`,
    );
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('is let go on close, also by a socket that only connected', async () => {
    const storage = join(folder, 'data');
    const other = make();
    await other.join();
    const first = make({ storage });
    await first.connect(...other.addr);
    await first.close();
    const second = make({ storage });
    await second.connect(...other.addr);
    expect(second.id).toBe(first.id);
  });
});
