// The ring that the demo runs: its members, all in this process, and the data in it. How it is shown and used
// is not its affair.
import { ChordSocket, Protocol } from '../index.ts';
import { codeOf } from './failure.ts';
import type { Encryption, ProfileName } from './flags.ts';

export interface DemoRing {
  readonly k: number;
  readonly members: readonly ChordSocket[];
  /** Address of the first member, for --connect. */
  readonly address: string;
}

export interface DemoOptions {
  readonly nodes: number;
  readonly k: number;
  readonly encryption: Encryption;
  readonly profile: ProfileName;
}

const HOST = '127.0.0.1';
// The port of the documentation's examples, so that their commands work against the demo; another where it is
// taken.
const FIRST_PORT = 4444;

const PLANETS = ['mercury', 'venus', 'earth', 'mars', 'jupiter', 'saturn', 'uranus', 'neptune'];

/** What the demo stores at first. */
export const SAMPLE_DATA: Readonly<Record<string, string>> = {
  greeting: 'Hello from the ring!',
  ...Object.fromEntries(PLANETS.map((planet, i) => [`planet:${planet}`, `number ${i + 1} from the sun`])),
};

/**
 * Starts a ring of members on loopback and stores the sample data. Closes all of them if one cannot start.
 */
export async function startDemoRing(options: DemoOptions): Promise<DemoRing> {
  const first = await listenFirst(options);
  const members = [first];
  try {
    await first.join();
    const [host, port] = first.addr;
    for (let i = 1; i < options.nodes; i++) members.push(createMember(0, options));
    await Promise.all(
      members.slice(1).map(async (member) => {
        await member.connect(host, port);
        await member.join();
      }),
    );
    await first.ready({ members: options.nodes });
    await first.update(SAMPLE_DATA);
    return { k: options.k, members, address: `${host}:${port}` };
  } catch (error) {
    await stopDemoRing({ members });
    throw error;
  }
}

/** Ends all members at once; their entries end with them. */
export async function stopDemoRing(ring: Pick<DemoRing, 'members'>): Promise<void> {
  await Promise.all(ring.members.map((member) => member.close({ force: true })));
}

async function listenFirst(options: DemoOptions): Promise<ChordSocket> {
  const preferred = createMember(FIRST_PORT, options);
  try {
    await preferred.listen();
    return preferred;
  } catch (error) {
    await preferred.close({ force: true });
    if (codeOf(error) !== 'ERR_ADDRESS_IN_USE') throw error;
  }
  const other = createMember(0, options);
  await other.listen();
  return other;
}

function createMember(port: number, options: DemoOptions): ChordSocket {
  return new ChordSocket(HOST, port, {
    k: options.k,
    profile: options.profile,
    protocol: new Protocol('chord', options.encryption),
  });
}
