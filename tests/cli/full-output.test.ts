// Output that cannot be written, because the disk that takes it is full: a command whose data is lost fails
// with the reason, and a node goes on, whose log may be lost.
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ChordSocket } from '../../src/index.ts';
import { type Cluster, createCluster } from '../../src/testing/index.ts';
import { buildProject, CHORD, collect, type Finished, Processes } from '../support/processes.ts';

/** Every write to it fails with ENOSPC. Linux has it; elsewhere there is no disk that is surely full. */
const FULL = '/dev/full';
const FLAGS = '--k 8 --profile local';
const FULL_DISK = 'ERR_OUTPUT: standard output cannot be written: ENOSPC: no space left on device, write\n';

const processes = new Processes();
let cluster: Cluster;
let client: ChordSocket;
let folder = '';

beforeAll(async () => {
  buildProject();
  folder = mkdtempSync(join(tmpdir(), 'chord-output-'));
  // An export writes page by page: one for each entry, and each more than a pipe holds, so that it waits.
  cluster = await createCluster(1, { k: 8, limits: { pageEntries: 1 } });
  client = await cluster.client();
  await client.update(Array.from({ length: 20 }, (_, i) => [`key-${i}`, Buffer.alloc(200_000, i)] as const));
}, 120_000);

afterEach(() => processes.endAll());

afterAll(async () => {
  await cluster.close();
  rmSync(folder, { recursive: true, force: true });
});

function address(): string {
  return cluster.nodes[0]!.outAddr.join(':');
}

/** Runs a command of the ring, with what the shell makes of the rest of the line. */
async function chord(command: string, rest = ''): Promise<Finished> {
  return processes.shell(`${CHORD} ${command} --connect ${address()} ${FLAGS} ${rest}`);
}

describe('output', () => {
  it('that a full disk cuts short is not taken for whole', async () => {
    const file = join(folder, 'value');
    // Of the file, some blocks fit.
    const limit = "trap '' XFSZ; ulimit -f 8";
    const line = `${limit}; exec ${CHORD} get key-3 --connect ${address()} ${FLAGS} > '${file}'`;
    const { code, stderr } = await processes.shell(line);
    expect(statSync(file).size).toBeGreaterThan(0);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^ERR_OUTPUT: .*: EFBIG: .*\n$/)]);
  });

  it('that is written in many pieces leaves nothing behind on its stream', async () => {
    // Node warns of listeners that stay.
    expect((await chord('export -', '| cat > /dev/null')).stderr).toMatch(/^exported 20 entries, .*\n$/);
  });
});

describe.skipIf(!existsSync(FULL))('on a full disk, where the system has a device for it,', () => {
  it.each(['get key-1', 'keys', 'ring', 'export -', 'set key-1 x --json'])(
    'chord %s fails with the reason',
    async (command) => {
      expect(await chord(command, `> ${FULL}`)).toMatchObject({ code: 1, stderr: FULL_DISK });
    },
  );

  it('help does so too', async () => {
    expect(await processes.shell(`${CHORD} --help > ${FULL}`)).toMatchObject({ code: 1, stderr: FULL_DISK });
  });

  it('a watch ends with the first change', async () => {
    const child = processes.startShell(`exec ${CHORD} watch key-2 --connect ${address()} ${FLAGS} > ${FULL}`);
    const ended = collect(child);
    while (child.exitCode === null) await client.set('key-2', 'changed');
    expect(await ended).toMatchObject({ code: 1, stderr: FULL_DISK });
  });

  it('what cannot be told on standard error changes nothing', async () => {
    expect(await chord('get nothing', `2> ${FULL}`)).toMatchObject({ code: 3, stdout: '' });
  });

  it('a member goes on that cannot tell of being degraded', async () => {
    const log = ['--log-level', 'debug'];
    const member = await processes.startNode(log, undefined, `exec 2> ${FULL}`);
    const other = await processes.startNode(['--connect', member.address]);
    const outside = new ChordSocket('127.0.0.1', 0, { profile: 'local' });
    await outside.connect(member.address);
    await outside.ready({ members: 2 });
    await outside.set('key', 'value');
    other.child.kill('SIGKILL');
    await other.ended;
    // One of two is no majority: this is taken once the member has gone on alone, and said so.
    await outside.set('key', 'degraded');
    await outside.close();
    member.child.kill('SIGTERM');
    const { code, stdout } = await member.ended;
    expect([code, stdout]).toEqual([0, expect.stringContaining('"event":"stopped"')]);
  });

  it('a node goes on whose standard output cannot be written, and ends well', async () => {
    const command = `${CHORD} node --listen 127.0.0.1:0 --connect ${address()} ${FLAGS}`;
    const child = processes.startShell(`exec ${command} > ${FULL}`);
    const ended = collect(child);
    await client.ready({ members: 2, timeoutMs: 60_000 });
    child.kill('SIGTERM');
    const { code, stderr } = await ended;
    // A busy machine may not hand over in time.
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('ERR_OUTPUT')]);
  });
});
