// A web server of several processes that count visits together: what node:cluster shares is the port, and
// what the ring shares is the data. Each process is a member, so there is no server beside them.
//
//   node dist/examples/cluster-workers.js --port 8080 --workers 4
//   curl http://127.0.0.1:8080/some/page
//
// Which worker gets a request is the system's choice; `increment` is exact whoever counts. A worker that dies
// is replaced, and what it held is on others: the primary process is a member too, so that somebody is there
// while workers come and go. When all of them stop, the counts are gone; give each a directory of its own
// (`storage`) where they must stay. A connection that node:cluster handed to a worker which dies at that
// moment gets no answer: whoever asks sets a limit. On several machines, listen on '0.0.0.0' with a secret,
// and connect to the others.
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';
import { ChordError, ChordSocket } from 'chord-socket';

const USAGE = 'usage: cluster-workers [--port PORT] [--workers COUNT]';
const OPTIONS = { profile: 'local' } as const; // all on this machine

await (cluster.isPrimary ? main() : work(process.env['RING'] ?? '', Number(process.env['PORT']))).catch(
  (error: Error) => {
    console.error(`${error instanceof ChordError ? error.code : 'error'}: ${error.message}`);
    process.exit(1);
  },
);

async function main(): Promise<void> {
  const { values: flags } = parseArgs({
    options: {
      port: { type: 'string', default: '8080' },
      workers: { type: 'string', default: '4' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (flags.help) return console.log(USAGE);
  const [port, count] = [Number(flags.port), Number(flags.workers)];
  if (!Number.isInteger(port) || port < 0 || port > 65_535 || !Number.isInteger(count) || count < 1) {
    throw new Error(`--port must be from 0 to 65535 and --workers at least 1\n${USAGE}`);
  }
  const sock = new ChordSocket('127.0.0.1', 0, OPTIONS);
  await sock.join();
  const stopped = stopSignal();
  const env = { RING: sock.addr.join(':'), PORT: String(port) };
  const workers = Array.from({ length: count }, () => cluster.fork(env));
  const [address] = await Promise.all(workers.map(portOf));
  await sock.ready({ members: count + 1 });
  console.log(`${count} workers at http://127.0.0.1:${address}/`);
  const replace = (): void => void cluster.fork(env);
  cluster.on('exit', replace);
  await stopped;
  cluster.off('exit', replace);
  await stopAll();
  await sock.close();
}

/** A worker: a member of the ring, and one of several that listen on the port. */
async function work(ring: string, port: number): Promise<void> {
  const sock = new ChordSocket('127.0.0.1', 0, OPTIONS);
  const stopped = stopSignal();
  await sock.connect(ring);
  await sock.join();
  const server = createServer((request, response) => void answer(sock, request, response));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening'); // rejects where the port is taken
  await stopped;
  server.close();
  server.closeIdleConnections();
  await sock.close(); // hands over what it holds
  process.exit();
}

async function answer(sock: ChordSocket, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const visits = await sock.increment(`visits${request.url ?? '/'}`);
    response.end(`${JSON.stringify({ visits, worker: process.pid })}\n`);
  } catch (error) {
    // As when members die at this moment: whoever asked may try again, and may then be counted twice.
    response.writeHead(503).end(`${String(error)}\n`);
  }
}

/** Rejects where the worker ends before it listens: another one in its place would do no better. */
async function portOf(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.once('listening', ({ port }) => resolve(port));
    worker.once('exit', () => reject(new Error('a worker ended before it listened')));
  });
}

async function stopAll(): Promise<void> {
  const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
  const exits = workers.map((worker) => once(worker, 'exit'));
  for (const worker of workers) worker.process.kill('SIGTERM');
  await Promise.all(exits);
}

/** Ctrl-C reaches every process of the terminal, SIGTERM only the primary. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => resolve());
  });
}
