// A chat among everybody who is connected to one ring, without a server for it.
//
//   node dist/examples/chat.js --connect 127.0.0.1:4444 --name Ada
//
// Lines are sent to everybody; `/to Bob good day` to Bob alone; `/names` lists who is there; the end of the
// input leaves. Nothing is kept for those who are not there. Names are what people say they are: only the
// ids behind them are proved, and those only to the member that a message first comes to.
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { ChordError, ChordSocket, type Message } from 'chord-socket';

const { values: flags } = parseArgs({
  options: {
    connect: { type: 'string', default: '127.0.0.1:4444' },
    k: { type: 'string', default: '32' },
    name: { type: 'string', default: process.env['USER'] ?? 'somebody' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (flags.help) {
  console.log('usage: chat [--connect HOST:PORT] [--k BITS] [--name NAME]');
  process.exit();
}

/** The first packet of every message, so that other programs of the ring are left alone. */
const CHAT = 'example chat';

const sock = new ChordSocket('127.0.0.1', 0, { k: Number(flags.k) });
/** Names of the others, by the id of their node. */
const names = new Map<string, string>();

sock.registerHandler((message, _connection) => {
  const [app, kind, name, text] = message.packets.map(String);
  if (app !== CHAT) return false;
  hear(message, String(kind), String(name), String(text));
  return true;
});
sock.on('gap', ({ count, sender }) => console.log(`(${count} lines of ${nameOf(sender)} were lost)`));

await sock.connect(flags.connect).catch((error: Error) => {
  console.error(`${error instanceof ChordError ? error.code : 'error'}: ${error.message}`);
  process.exit(1);
});
await sock.send(CHAT, 'hello', flags.name, '');
console.log(`you are ${flags.name}; write to everybody, or /to NAME …, or /names`);

for await (const line of createInterface({ input: process.stdin })) {
  await obey(line).catch((error: Error) => console.log(`(not sent: ${error.message})`));
}
await sock.send(CHAT, 'bye', flags.name, '').catch(() => undefined);
await sock.close();

function hear(message: Message, kind: string, name: string, text: string): void {
  if (kind === 'hello' || kind === 'here') {
    names.set(message.sender, name);
    console.log(`${name} is here`);
  }
  if (kind === 'hello') void message.reply(CHAT, 'here', flags.name, '');
  if (kind === 'says') console.log(`${name}: ${text}`);
  if (kind === 'whispers') console.log(`${name} whispers: ${text}`);
  if (kind === 'bye') {
    names.delete(message.sender);
    console.log(`${name} is gone`);
  }
}

async function obey(line: string): Promise<void> {
  if (line === '/names') return console.log([flags.name, ...names.values()].toSorted().join(', '));
  const [, name, text] = /^\/to (\S+) (.*)$/.exec(line) ?? [];
  if (name === undefined || text === undefined) return sock.send(CHAT, 'says', flags.name, line);
  const [id] = [...names].find(([, other]) => other === name) ?? [];
  if (id === undefined) return console.log(`(nobody here is called ${name})`);
  return sock.whisper(id, CHAT, 'whispers', flags.name, text);
}

function nameOf(id: string): string {
  return names.get(id) ?? id;
}
