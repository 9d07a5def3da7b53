// The alarm: what waits in the kernel after a stall goes before the timer.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { Alarm } from '../../src/node/alarm.ts';

/** Blocks the event loop, as a long computation does. */
function stall(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

it('rings at its deadline', async () => {
  const deadline = performance.now() + 20;
  await new Promise<void>((resolve) => {
    const alarm = new Alarm(resolve);
    alarm.keepAlive(true);
    alarm.set(deadline);
  });
  expect(performance.now()).toBeGreaterThan(deadline - 2);
});

it('rings once for the earliest of several deadlines', async () => {
  let rings = 0;
  const alarm = new Alarm(() => {
    rings += 1;
  });
  const now = performance.now();
  for (const deadline of [now + 60_000, now + 1, now + 30_000]) alarm.set(deadline);
  await expect.poll(() => rings).toBe(1);
  alarm.stop();
});

it('never rings after stop', async () => {
  let rang = false;
  const alarm = new Alarm(() => {
    rang = true;
  });
  alarm.set(performance.now());
  alarm.stop();
  alarm.set(performance.now());
  await new Promise((resolve) => {
    setTimeout(resolve, 5);
  });
  expect(rang).toBe(false);
});

it('lets in what arrived during a stall before it rings', async () => {
  const order: string[] = [];
  const server = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const accepted = once(server, 'connection');
  const client = connect(port, '127.0.0.1');
  const [remote] = (await accepted) as [NodeJS.WritableStream];
  client.on('data', () => order.push('data'));
  await new Promise<void>((resolve) => {
    const alarm = new Alarm(() => {
      order.push('alarm');
      resolve();
    });
    alarm.set(performance.now() + 10);
    // The kernel has the bytes before the loop is free again.
    remote.write('answer', () => stall(200));
  });
  client.destroy();
  server.close();
  expect(order).toEqual(['data', 'alarm']);
});
