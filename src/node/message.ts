// Message: what users send and receive: its packets, where it came from, and the way back. It owns the
// conversion of packets from and to what users hold, and their checks.
import { packetBytes, type Packet } from '../core/cast.ts';
import { ChordError } from './errors.ts';

/** Sends packets to the node with that id. */
export type Whisper = (id: string, packets: readonly (string | Uint8Array)[]) => Promise<void>;

/** A message as it was received. */
export class Message {
  /**
   * Exactly what was sent, in the same number and order: a string comes as a string, bytes come as a Buffer
   * that is the receiver's own.
   */
  readonly packets: readonly (string | Buffer)[];
  /** The id of the node that sent it. */
  readonly sender: string;
  /** When it was sent by the sender's clock, epoch milliseconds. */
  readonly time: number;
  readonly #whisper: Whisper;

  constructor(
    given: { readonly packets: readonly Packet[]; readonly sender: string; readonly time: number },
    whisper: Whisper,
  ) {
    this.packets = given.packets.map((packet) => (typeof packet === 'string' ? packet : Buffer.from(packet)));
    this.sender = given.sender;
    this.time = given.time;
    this.#whisper = whisper;
  }

  /** Sends packets to the sender alone, wherever it is by now; as `whisper(message.sender, ...packets)`. */
  reply(...packets: (string | Uint8Array)[]): Promise<void> {
    return this.#whisper(this.sender, packets);
  }
}

/** Packets in one list, the bound of the wire. */
const PACKETS_MAX = 4_096;

/**
 * Copies of packets as users give them. Throws TypeError for none, and for what is neither text nor bytes,
 * ERR_LIMIT beyond limits.messageBytes.
 */
export function toPackets(given: readonly unknown[], limits: { readonly messageBytes: number }): Packet[] {
  if (given.length === 0) throw new TypeError('a message needs at least one packet');
  if (given.length > PACKETS_MAX) {
    throw new ChordError('ERR_LIMIT', `a message has at most ${PACKETS_MAX} packets, got ${given.length}`);
  }
  for (const [i, packet] of given.entries()) checkPacket(packet, i);
  const packets = given as readonly Packet[];
  const bytes = packetBytes(packets);
  if (bytes > limits.messageBytes) {
    const most = limits.messageBytes;
    throw new ChordError(
      'ERR_LIMIT',
      `the message has ${bytes} bytes, at most ${most} are allowed (limits.messageBytes)`,
    );
  }
  return packets.map((packet) => (typeof packet === 'string' ? packet : Uint8Array.from(packet)));
}

function checkPacket(packet: unknown, index: number): void {
  if (packet instanceof Uint8Array) return;
  const got = packet === null ? 'null' : Array.isArray(packet) ? 'an array' : typeof packet;
  if (typeof packet !== 'string') {
    throw new TypeError(`packet ${index} must be a string or a Uint8Array, got ${got}`);
  }
  if (/\p{Surrogate}/u.test(packet)) {
    throw new TypeError(
      `packet ${index} is not well-formed UTF-16: it holds a surrogate without its partner`,
    );
  }
}
