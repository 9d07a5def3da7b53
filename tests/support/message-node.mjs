// One process of a network that exchanges messages, for tests: node message-node.mjs [HOST:PORT of a member].
// It joins and then takes commands, one JSON object a line: {"send": n} sends the numbers 0 to n - 1, one after
// another; {"expect": {id: n}} answers {"complete": true} once the numbers 0 to n - 1 of each of these senders
// have come, and {"wrong": id} when they come in another order.
import { createInterface } from 'node:readline';
import { MeshSocket, Protocol } from '../../dist/src/index.js';

const [contact] = process.argv.slice(2);
const sock = new MeshSocket('127.0.0.1', 0, {
  profile: 'local',
  protocol: new Protocol('mesh', 'Plaintext'),
});
const received = new Map();
let expected;

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function check() {
  if (expected === undefined) return;
  for (const [id, count] of Object.entries(expected)) {
    const numbers = received.get(id) ?? [];
    const wrong = numbers.findIndex((number, i) => number !== i);
    if (wrong !== -1) say({ wrong: id, numbers });
    if (numbers.length < count) return;
  }
  expected = undefined;
  say({ complete: true });
}

sock.registerHandler((message, _connection) => {
  const [number] = message.packets;
  received.set(message.sender, [...(received.get(message.sender) ?? []), Number(number)]);
  check();
  return true;
});
sock.on('gap', (gap) => say({ gap }));

if (contact !== undefined) await sock.connect(contact);
await sock.join({ timeoutMs: 60_000 });
say({ ready: sock.outAddr.join(':'), id: sock.id });

async function send(count) {
  for (let i = 0; i < count; i++) {
    // A failure is part of the test: a member that was killed has not acknowledged.
    await sock.send(`${i}`).catch((error) => say({ late: error.message }));
  }
  say({ sent: count });
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  if (command.send !== undefined) void send(command.send);
  if (command.expect === undefined) continue;
  expected = command.expect;
  check();
}
await sock.close({ force: true });
