// Codec: messages to frames, and payloads to messages that need no further checks of form. It owns the
// envelope: code, number, fields, nothing behind them. Whether a message makes sense is the machine's to say.
import { K_MAX, ringSize, type Hash } from '../core/position.ts';
import type { Message, Request } from '../core/message.ts';
import { Carver, Reader, Writer } from './bytes.ts';
import { ContactReader } from './contact-codec.ts';
import { HANDSHAKE } from './handshake-codec.ts';
import type { HandshakeMessage } from './handshake-message.ts';
import type { WireLimits } from './limits.ts';
import { REPLIES } from './reply-codec.ts';
import { REQUESTS } from './request-codec.ts';
import type { Rule, Scope } from './schema.ts';

/** Codes below this are requests, the others replies. */
const FIRST_REPLY_CODE = 0x40;

/** Above this, writing the fields again costs less than what is kept for it. */
const SHARED_BYTES_MAX = 16_384;

export interface CodecOptions {
  /** In [1, 48]; positions on the wire must be below 2**k. */
  readonly k: number;
  readonly hash: Hash;
  /** base58(SHA-256(publicKey)). */
  readonly idOf: (publicKey: Uint8Array) => string;
  readonly limits: WireLimits;
}

/** One for a node and all its connections; it holds a cache of contacts and blocks to write into. */
export class Codec {
  readonly #scope: Scope;
  readonly #out: Writer;
  readonly #carver = new Carver();
  /** The last frame of its kind, and where the fields of the body begin: for the next with that body. */
  #last: { readonly body: Message['body']; readonly frame: Uint8Array; readonly at: number } | undefined;

  /** Throws RangeError for a k outside [1, 48]. */
  constructor({ k, hash, idOf, limits }: CodecOptions) {
    if (!Number.isInteger(k) || k < 1 || k > K_MAX) throw new RangeError(`k is ${k}, not in [1, ${K_MAX}]`);
    const contacts = new ContactReader({ k, hash, idOf, hostBytes: limits.hostBytes });
    this.#scope = { limits, size: ringSize(k), contacts };
    this.#out = new Writer(limits.frameBytes);
  }

  /** The whole frame. Throws WireError for what exceeds a limit and for numbers that are no integers >= 0. */
  encode(message: Message): Uint8Array {
    const out = this.#out;
    out.begin();
    if (message.direction === 'request') {
      const rule = REQUESTS.ruleOf(message.body);
      out.u8(rule.code);
      out.varint(message.number);
      if (message.body.type === 'replicate') return this.#shared(message.body, rule);
      rule.write(out, message.body, this.#scope);
    } else {
      const rule = REPLIES.ruleOf(message.body);
      out.u8(rule.code);
      out.varint(message.number);
      rule.write(out, message.body, this.#scope);
    }
    return out.finish();
  }

  /** Entries go to several copies at once: their fields are written once, and copied into the next frames. */
  #shared(body: Request, rule: Rule<Request>): Uint8Array {
    const out = this.#out;
    const at = out.written;
    const last = this.#last;
    if (last?.body === body) {
      const fields = last.frame.subarray(last.at);
      out.fixed(fields, fields.length);
      return out.finish();
    }
    rule.write(out, body, this.#scope);
    const frame = out.finish();
    this.#last = frame.length <= SHARED_BYTES_MAX ? { body, frame, at } : undefined;
    return frame;
  }

  /** `payload` is a frame without its header. Throws WireError. Large values may be views into it. */
  decode(payload: Uint8Array): Message {
    const input = new Reader(payload, this.#carver);
    const message = readMessage(input, this.#scope);
    input.done();
    return message;
  }

  /** As encode(). */
  encodeHandshake(message: HandshakeMessage): Uint8Array {
    const out = this.#out;
    out.begin();
    HANDSHAKE.write(out, message, this.#scope);
    return out.finish();
  }

  /** As decode(). A hello of another version yields its terms and nothing else. */
  decodeHandshake(payload: Uint8Array): HandshakeMessage {
    const input = new Reader(payload);
    const message = HANDSHAKE.read(input, this.#scope);
    input.done();
    return message;
  }
}

function readMessage(input: Reader, scope: Scope): Message {
  if (input.peek() < FIRST_REPLY_CODE) {
    const rule = REQUESTS.readRule(input);
    return { direction: 'request', number: input.varint(), body: rule.read(input, scope) };
  }
  const rule = REPLIES.readRule(input);
  return { direction: 'reply', number: input.varint(), body: rule.read(input, scope) };
}
