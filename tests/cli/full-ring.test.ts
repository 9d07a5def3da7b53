// `chord node` where every position of the ring is taken: it says so, and stays a client that works.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ChordSocket } from '../../src/index.ts';
import { buildProject, type NodeProcess, Processes } from '../support/processes.ts';

const processes = new Processes();
let members: NodeProcess[] = [];

beforeAll(async () => {
  buildProject();
  const first = await processes.startNode(['--k', '1']);
  members = [first, await processes.startNode(['--k', '1', '--connect', first.address])];
}, 120_000);

afterAll(() => processes.endAll());

it('goes on as a client, says so, and ends with code 0 when it is told to', async () => {
  const address = members[0]?.address ?? '';
  const third = await processes.startNode(['--k', '1', '--connect', address]);
  expect(third.ready).toMatchObject({ event: 'ready', serving: false, waiting: [] });
  const through = new ChordSocket('127.0.0.1', 0, { k: 1, profile: 'local' });
  try {
    await through.connect(third.address);
    await through.set('key', 'value');
    expect(await through.ring()).toHaveLength(2);
  } finally {
    await through.close();
  }
  third.child.kill('SIGTERM');
  const { code, stderr } = await third.ended;
  expect(code).toBe(0);
  expect(stderr).toMatch(/^ERR_RING_FULL: .* this node goes on as a client\nIt can use the ring, /);
});

it('is shown as a client to people', async () => {
  const flags = ['--listen', '127.0.0.1:0', '--profile', 'local', '--k', '1'];
  const child = processes.start(['node', ...flags, '--connect', members[0]?.address ?? '']);
  let shown = '';
  for await (const chunk of child.stdout ?? []) {
    shown += String(chunk);
    if (shown.includes('stop it with Ctrl-C')) break;
  }
  expect(shown).toMatch(/^● client /);
  expect(shown).not.toMatch(/position|waits for|hands its entries over/);
});
