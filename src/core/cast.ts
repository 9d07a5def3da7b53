// Cast: what messages to everybody and to one are, and how nodes tell each other which casts they have. Plain
// data; who passes casts on is broadcast.ts, what has been received is cast-log.ts, whispers are whispers.ts.
import type { Contact } from './contact.ts';

/** One part of a message, as its sender gave it: bytes or text. */
export type Packet = Uint8Array | string;

/** A message to every node. Sender, incarnation and sequence name it for ever. */
export interface Cast {
  readonly sender: string;
  readonly incarnation: number;
  /** Of the sender's casts in this life: from 1, without gaps. */
  readonly sequence: number;
  /** The lowest sequence that the sender could still repeat when it sent this: nothing below it is owed. */
  readonly floor: number;
  /** The sender's wall clock, epoch milliseconds. */
  readonly sentAt: number;
  /** Milliseconds since then, added up from node to node, so that no clock is compared with another. */
  readonly ageMs: number;
  readonly packets: readonly Packet[];
}

/** How far a node has come with one sender's casts. */
export interface CastStream {
  readonly sender: string;
  readonly incarnation: number;
  /** Nothing below is owed to anybody. */
  readonly floor: number;
  /** Everything below has been delivered, or given up. */
  readonly next: number;
  /** One more than the highest sequence that is held. */
  readonly end: number;
  /** Age of the newest. */
  readonly ageMs: number;
}

/** A message to one node; numbers grow from one whisper of a sender to the next. */
export interface Whisper {
  readonly sequence: number;
  readonly sentAt: number;
  readonly packets: readonly Packet[];
}

/** Messages to one node, which is the receiver or a client of the receiver; or anybody, if it is a wave. */
export interface WhisperRequest {
  readonly type: 'whisper';
  readonly target: string;
  readonly sender: string;
  readonly incarnation: number;
  readonly items: readonly Whisper[];
  /** Counts the sender's waves, which go to all nodes where nobody has joined (waves.ts); 0 = it is none. */
  readonly wave: number;
}

/** Where a node can be whispered to: a member, which for a client is its home. */
export interface Whereabouts {
  readonly id: string;
  readonly at: Contact;
}

/** What a message counts for against the limits: a character of text may take three bytes. */
export function packetBytes(packets: readonly Packet[]): number {
  let bytes = 0;
  for (const packet of packets) bytes += typeof packet === 'string' ? textBytes(packet) : packet.length;
  return bytes;
}

/** Of its UTF-8; a lone surrogate counts as the three bytes of U+FFFD. */
function textBytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // A pair of surrogates, two units, takes four bytes.
    if (unit < 0x800 || isPair(text, i)) bytes += 1;
    else if (i === 0 || !isPair(text, i - 1)) bytes += 2;
    else bytes += 1;
  }
  return bytes;
}

function isPair(text: string, i: number): boolean {
  const high = text.charCodeAt(i);
  const low = text.charCodeAt(i + 1);
  return high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000;
}
