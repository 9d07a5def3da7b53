// After close(), nothing of the links keeps a process alive. Tried in processes of their own, from the build.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { beforeAll, expect, it } from 'vitest';
import { buildProject } from '../support/processes.ts';

const BUILT = new URL('../../dist/src/', import.meta.url).href;

/**
 * Two nodes connect, talk and close; the process must then end by itself. Dials and strangers under way are
 * left over.
 */
function script(encryption: string): string {
  return `
    import { connect } from 'node:net';
    const load = (path) => import(${JSON.stringify(BUILT)} + path);
    const { Links } = await load('node/links.js');
    const { Identity } = await load('node/identity.js');
    const { Protocol } = await load('node/protocol.js');
    const { chooseTransport } = await load('node/transport-choice.js');
    const limits = { connections: 8, handshakes: 8, queueBytes: 1e6, frameBytes: 2e6 };
    const make = async () => {
      const identity = Identity.create();
      const nothing = () => {};
      return new Links({
        identity, limits, k: 8, secrets: [],
        protocol: new Protocol('exit', '${encryption}'),
        transport: await chooseTransport('${encryption}', identity, limits),
        hello: () => ({ salt: 0, incarnation: 1, member: false, seeksHome: true, host: '', port: 0 }),
        tables: nothing,
        events: {
          connected: nothing, disconnected: nothing, message: nothing,
          unreachable: nothing, refused: nothing, error: nothing,
        },
      });
    };
    const [a, b] = [await make(), await make()];
    const { port } = await a.listen('127.0.0.1', 0);
    const peer = await b.dial('127.0.0.1', port);
    b.send(peer.id, { direction: 'request', number: 1, body: { type: 'ping' } });
    const stranger = connect(port, '127.0.0.1').on('error', nothing => nothing);
    await new Promise((resolve) => stranger.once('connect', resolve));
    stranger.unref();
    b.dial('127.0.0.1', port).catch(() => {});
    await Promise.all([a.close(), b.close()]);
    console.log('closed');
  `;
}

beforeAll(() => buildProject());

it.each(['Plaintext', 'SSL'])(
  'a process that closed its links over %s ends by itself',
  async (encryption) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script(encryption)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 20_000,
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    expect([output.trim(), code, signal]).toEqual(['closed', 0, null]);
  },
);
