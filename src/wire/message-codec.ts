// Users' messages on the wire: casts, whispers and the directory, as records and as rows of the tables of
// requests and replies.
import {
  type Cast,
  type CastStream,
  type Packet,
  packetBytes,
  type Whereabouts,
  type Whisper,
} from '../core/cast.ts';
import type { Reply, Request } from '../core/message.ts';
import type { Reader, Writer } from './bytes.ts';
import { readContact, writeContact } from './contact-codec.ts';
import { readArc, writeArc } from './entry-codec.ts';
import { type Rules, type Scope, readList, readOptional, writeList, writeOptional } from './schema.ts';

const BYTES = 0;
const TEXT = 1;

function writeId(out: Writer, id: string, scope: Scope): void {
  out.text(id, scope.limits.nameBytes);
}

function readId(input: Reader, scope: Scope): string {
  return input.text(scope.limits.nameBytes);
}

function writePacket(out: Writer, packet: Packet, scope: Scope): void {
  if (typeof packet === 'string') {
    out.u8(TEXT);
    out.text(packet, scope.limits.messageBytes);
  } else {
    out.u8(BYTES);
    out.bytes(packet, scope.limits.messageBytes);
  }
}

function readPacket(input: Reader, scope: Scope): Packet {
  const kind = input.u8();
  if (kind === TEXT) return input.text(scope.limits.messageBytes);
  if (kind === BYTES) return input.bytes(scope.limits.messageBytes);
  throw input.error(`the unknown choice ${kind}`);
}

function writePackets(out: Writer, packets: readonly Packet[], scope: Scope): void {
  checkSize(packets, out, scope);
  writeList(out, packets, scope.limits.itemsMax, writePacket, scope);
}

function readPackets(input: Reader, scope: Scope): Packet[] {
  const packets = readList(input, scope.limits.itemsMax, readPacket, scope);
  checkSize(packets, input, scope);
  return packets;
}

/** Whoever passes a message on, with others beside it, must find room for it in a frame. */
function checkSize(packets: readonly Packet[], at: Reader | Writer, scope: Scope): void {
  const bytes = packetBytes(packets);
  const most = scope.limits.messageBytes;
  if (bytes > most) throw at.error(`packets of ${bytes} bytes, at most ${most} allowed`);
}

function writeCast(out: Writer, cast: Cast, scope: Scope): void {
  writeId(out, cast.sender, scope);
  out.varint(cast.incarnation);
  out.varint(cast.sequence);
  out.varint(cast.floor);
  out.varint(cast.sentAt);
  out.varint(cast.ageMs);
  writePackets(out, cast.packets, scope);
}

function readCast(input: Reader, scope: Scope): Cast {
  return {
    sender: readId(input, scope),
    incarnation: input.varint(),
    sequence: input.varint(),
    floor: input.varint(),
    sentAt: input.varint(),
    ageMs: input.varint(),
    packets: readPackets(input, scope),
  };
}

function writeStream(out: Writer, stream: CastStream, scope: Scope): void {
  writeId(out, stream.sender, scope);
  out.varint(stream.incarnation);
  out.varint(stream.floor);
  out.varint(stream.next);
  out.varint(stream.end);
  out.varint(stream.ageMs);
}

function readStream(input: Reader, scope: Scope): CastStream {
  return {
    sender: readId(input, scope),
    incarnation: input.varint(),
    floor: input.varint(),
    next: input.varint(),
    end: input.varint(),
    ageMs: input.varint(),
  };
}

function writeStreams(out: Writer, streams: readonly CastStream[], scope: Scope): void {
  writeList(out, streams, scope.limits.itemsMax, writeStream, scope);
}

function readStreams(input: Reader, scope: Scope): CastStream[] {
  return readList(input, scope.limits.itemsMax, readStream, scope);
}

function writeWhisper(out: Writer, item: Whisper, scope: Scope): void {
  out.varint(item.sequence);
  out.varint(item.sentAt);
  writePackets(out, item.packets, scope);
}

function readWhisper(input: Reader, scope: Scope): Whisper {
  return { sequence: input.varint(), sentAt: input.varint(), packets: readPackets(input, scope) };
}

function writeWhereabouts(out: Writer, item: Whereabouts, scope: Scope): void {
  writeId(out, item.id, scope);
  writeContact(out, item.at, scope);
}

function readWhereabouts(input: Reader, scope: Scope): Whereabouts {
  return { id: readId(input, scope), at: readContact(input, scope) };
}

export const MESSAGE_REQUESTS: Pick<
  Rules<Request>,
  'cast' | 'whisper' | 'tally' | 'recall' | 'register' | 'whereis'
> = {
  cast: {
    code: 0x38,
    write(out, request, scope) {
      writeOptional(out, request.arc, writeArc, scope);
      writeCast(out, request.cast, scope);
    },
    read: (input, scope) => ({
      type: 'cast',
      arc: readOptional(input, readArc, scope),
      cast: readCast(input, scope),
    }),
  },
  whisper: {
    code: 0x39,
    write(out, request, scope) {
      writeId(out, request.target, scope);
      writeId(out, request.sender, scope);
      out.varint(request.incarnation);
      writeList(out, request.items, scope.limits.itemsMax, writeWhisper, scope);
      out.varint(request.wave);
    },
    read: (input, scope) => ({
      type: 'whisper',
      target: readId(input, scope),
      sender: readId(input, scope),
      incarnation: input.varint(),
      items: readList(input, scope.limits.itemsMax, readWhisper, scope),
      wave: input.varint(),
    }),
  },
  tally: {
    code: 0x3a,
    write(out, request, scope) {
      out.bool(request.client);
      writeStreams(out, request.streams, scope);
    },
    read: (input, scope) => ({ type: 'tally', client: input.bool(), streams: readStreams(input, scope) }),
  },
  recall: {
    code: 0x3b,
    write(out, request, scope) {
      writeId(out, request.sender, scope);
      out.varint(request.incarnation);
      writeList(out, request.sequences, scope.limits.itemsMax, (to, item) => to.varint(item), scope);
    },
    read: (input, scope) => ({
      type: 'recall',
      sender: readId(input, scope),
      incarnation: input.varint(),
      sequences: readList(input, scope.limits.itemsMax, (from) => from.varint(), scope),
    }),
  },
  register: {
    code: 0x3c,
    write(out, request, scope) {
      out.bool(request.copy);
      writeList(out, request.items, scope.limits.itemsMax, writeWhereabouts, scope);
    },
    read: (input, scope) => ({
      type: 'register',
      copy: input.bool(),
      items: readList(input, scope.limits.itemsMax, readWhereabouts, scope),
    }),
  },
  whereis: {
    code: 0x3d,
    write: (out, request, scope) => writeId(out, request.id, scope),
    read: (input, scope) => ({ type: 'whereis', id: readId(input, scope) }),
  },
};

export const MESSAGE_REPLIES: Pick<
  Rules<Reply>,
  'taken' | 'heard' | 'tallied' | 'recalled' | 'registered' | 'whereabouts'
> = {
  taken: {
    code: 0x68,
    write: (out, reply) => out.bool(reply.attached),
    read: (input) => ({ type: 'taken', attached: input.bool() }),
  },
  heard: {
    code: 0x69,
    write: (out, reply) => out.bool(reply.delivered),
    read: (input) => ({ type: 'heard', delivered: input.bool() }),
  },
  tallied: {
    code: 0x6a,
    write(out, reply, scope) {
      out.bool(reply.accepted);
      writeStreams(out, reply.streams, scope);
    },
    read: (input, scope) => ({ type: 'tallied', accepted: input.bool(), streams: readStreams(input, scope) }),
  },
  recalled: {
    code: 0x6b,
    write: (out, reply, scope) => writeList(out, reply.casts, scope.limits.itemsMax, writeCast, scope),
    read: (input, scope) => ({
      type: 'recalled',
      casts: readList(input, scope.limits.itemsMax, readCast, scope),
    }),
  },
  registered: {
    code: 0x6c,
    write: () => undefined,
    read: () => ({ type: 'registered' }),
  },
  whereabouts: {
    code: 0x6d,
    write: (out, reply, scope) => writeOptional(out, reply.at, writeContact, scope),
    read: (input, scope) => ({ type: 'whereabouts', at: readOptional(input, readContact, scope) }),
  },
};
