// Handshake: how two nodes find out, over one channel, whether they belong together and who the other is. A
// state machine without sockets or timers: messages go in, messages and at last one outcome come out. It owns
// every rule of the handshake; bytes, time limits and what becomes of the channel are the link's.
//
// Both sides send hello, the listener as soon as it sees that a node has come. A hello that fits is answered
// with proof, any other with refusal; a proof that holds with welcome; the other's welcome opens the
// connection. See docs/PROTOCOL.md.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Contact, SALT_MAX } from '../core/contact.ts';
import type { Tables } from '../core/message.ts';
import { memberPosition } from '../core/position.ts';
import type { ChannelFacts } from '../transport/transport.ts';
import { networkId } from '../wire/fingerprint.ts';
import type { HandshakeMessage, Hello, Proof, Terms } from '../wire/handshake-message.ts';
import { lengthPrefixed } from '../wire/transcript.ts';
import { type Address, showAddress } from './address.ts';
import { ChordError } from './errors.ts';
import { type Identity, idOf, sha256, verifySignature } from './identity.ts';
import {
  addressOf,
  clockSkew,
  differencesOf,
  errorOfRefusal,
  foreign,
  messageOf,
  mismatch,
  type Objection,
  unauthorized,
} from './refusal.ts';

const PROOF_LABEL = 'chord-socket proof v1';
const SECRET_LABEL = 'chord-socket secret v1';
const EXPORTER_LABEL = 'EXPORTER-chord-socket';
const NONCE_BYTES = 32;
const NOTHING: Uint8Array = new Uint8Array(0);

export type Role = 'dialler' | 'listener';

/** What a node tells of itself in its hello. */
export interface Announcement {
  readonly salt: number;
  readonly incarnation: number;
  readonly member: boolean;
  /** Whether it is a client that no member serves yet. */
  readonly seeksHome: boolean;
  /** Where it can be dialled; left out of the hello of a client. */
  readonly host: string;
  readonly port: number;
}

export interface HandshakeOptions {
  readonly role: Role;
  /** The other side, for messages. */
  readonly remote: Address;
  readonly identity: Identity;
  readonly terms: Terms;
  /** The first proves, all are accepted; empty = an open network. */
  readonly secrets: readonly Uint8Array[];
  readonly announcement: Announcement;
  /** Read when the welcome is sent. */
  readonly tables: () => Tables | undefined;
  readonly facts: ChannelFacts;
  /** Epoch milliseconds. */
  readonly wallMs: () => number;
  readonly clockSkewMaxMs: number;
  /**
   * Only finds out who answers: ends with 'verified' as soon as that is proved, and tells the other side no
   * more.
   */
  readonly verifyOnly: boolean;
  /** A reason of the node's own not to take this peer, such as a limit. */
  readonly object: (id: string) => Objection | undefined;
}

export type HandshakeOutcome =
  | {
      readonly type: 'open';
      readonly peer: Contact;
      readonly member: boolean;
      readonly tables: Tables | undefined;
    }
  | { readonly type: 'verified'; readonly peer: Contact }
  | {
      readonly type: 'refused';
      readonly error: ChordError;
      /** The peer is not the one whose session was resumed: forget it, and dial again in full. */
      readonly staleSession: boolean;
    };

/**
 * Use: start(), then handle() for each message until there is an outcome; send what they return, in order.
 */
export class Handshake {
  readonly #options: HandshakeOptions;
  readonly #nonce: Uint8Array = randomBytes(NONCE_BYTES);
  #awaits: 'hello' | 'proof' | 'welcome' = 'hello';
  #hello: Hello | undefined;
  #peer: Contact | undefined;
  #outcome: HandshakeOutcome | undefined;

  constructor(options: HandshakeOptions) {
    this.#options = options;
  }

  /** Nothing is answered after it. */
  get outcome(): HandshakeOutcome | undefined {
    return this.#outcome;
  }

  start(): HandshakeMessage[] {
    const { terms, identity, announcement, facts, wallMs } = this.#options;
    // A plaintext node came to an encrypted one: it is only told why that cannot be, once it has said who it
    // is.
    if (isOtherEncryption(facts, terms)) return [];
    const { salt, incarnation, member, seeksHome, host, port } = announcement;
    const hello: Hello = {
      type: 'hello',
      terms,
      fingerprint: networkId(sha256, terms),
      publicKey: identity.publicKey,
      salt,
      incarnation,
      member,
      seeksHome,
      host: member ? host : '',
      port: member ? port : 0,
      nonce: this.#nonce,
      wallMs: wallMs(),
    };
    return [hello];
  }

  handle(message: HandshakeMessage): HandshakeMessage[] {
    if (this.#outcome !== undefined) return [];
    if (message.type === 'refusal') {
      const error = errorOfRefusal(this.#options.remote, this.#options.terms, message);
      this.#outcome = { type: 'refused', error, staleSession: false };
      return [];
    }
    if (message.type !== this.#awaits) {
      const what = `sent ${message.type} where ${this.#awaits} is due`;
      return this.#refuse(foreign(this.#options.remote, this.#options.terms, [], what));
    }
    if (message.type === 'hello') return this.#handleHello(message);
    if (message.type === 'proof') return this.#handleProof(message);
    return this.#handleWelcome(message.tables);
  }

  #handleHello(hello: Hello): HandshakeMessage[] {
    const { identity, terms, verifyOnly, facts } = this.#options;
    const objection = this.#judge(hello);
    if (objection !== undefined) return this.#refuse(objection);
    if (isOwnKey(hello, identity)) return this.#endWithSelf();
    const keyObjection = this.#judgeKey(hello);
    if (keyObjection !== undefined) return this.#refuse(keyObjection, facts.resumed);
    this.#hello = hello;
    this.#peer = contactOf(hello, terms.k);
    const objectionToPeer = verifyOnly ? undefined : this.#options.object(this.#peer.id);
    if (objectionToPeer !== undefined) return this.#refuse(objectionToPeer);
    this.#awaits = 'proof';
    return verifyOnly ? [] : [this.#prove(hello, this.#peer.id)];
  }

  #handleProof(proof: Proof): HandshakeMessage[] {
    const { verifyOnly, tables } = this.#options;
    const [hello, peer] = [this.#hello, this.#peer];
    if (hello === undefined || peer === undefined) return [];
    const objection = this.#judgeSignature(proof, hello, peer.id) ?? this.#judgeMac(proof, hello, peer.id);
    if (objection !== undefined) return this.#refuse(objection);
    if (verifyOnly) {
      this.#outcome = { type: 'verified', peer };
      return [];
    }
    this.#awaits = 'welcome';
    // Only a client routes with them; between members they would be most of what a connection costs.
    return [{ type: 'welcome', tables: hello.seeksHome ? tables() : undefined }];
  }

  #handleWelcome(tables: Tables | undefined): HandshakeMessage[] {
    const [hello, peer] = [this.#hello, this.#peer];
    if (hello === undefined || peer === undefined) return [];
    this.#outcome = { type: 'open', peer, member: hello.member, tables };
    return [];
  }

  /** Whether the two belong together, apart from who the other is. */
  #judge(hello: Hello): Objection | undefined {
    const { remote, terms, facts, wallMs, clockSkewMaxMs } = this.#options;
    const theirs = hello.terms;
    const differs = differencesOf(terms, theirs);
    if (differs.length > 0) return mismatch(remote, terms, theirs, differs);
    if (isOtherEncryption(facts, terms)) return mismatch(remote, terms, theirs, ['encryption']);
    if (hello.fingerprint !== networkId(sha256, terms)) {
      return foreign(remote, terms, [], 'sent a fingerprint that does not follow from its terms');
    }
    if (hello.salt > SALT_MAX) {
      return unauthorized(
        remote,
        `stands on a position by salt ${hello.salt}, at most ${SALT_MAX} is allowed`,
      );
    }
    const skewMs = hello.wallMs - wallMs();
    return Math.abs(skewMs) > clockSkewMaxMs ? clockSkew(remote, skewMs, clockSkewMaxMs) : undefined;
  }

  /** Under TLS, whether the key in the hello is the one that the certificate proved. */
  #judgeKey(hello: Hello): Objection | undefined {
    const { remote, facts } = this.#options;
    if (facts.encryption !== 'SSL') return undefined;
    if (facts.peerKey === undefined) return unauthorized(remote, 'showed no certificate with a P-256 key');
    if (equal(facts.peerKey, hello.publicKey)) return undefined;
    return unauthorized(remote, `claims to be ${idOf(hello.publicKey)}, but its certificate has another key`);
  }

  /** Elsewhere, whether the other side holds its key. */
  #judgeSignature(proof: Proof, hello: Hello, peerId: string): Objection | undefined {
    const { remote, facts, identity } = this.#options;
    if (facts.peerKey !== undefined) return undefined;
    const text = proofText(hello.nonce, this.#nonce, peerId, identity.id);
    if (verifySignature(hello.publicKey, text, proof.signature)) return undefined;
    return unauthorized(remote, `claims to be ${peerId}, but its signature is not by that key`);
  }

  #judgeMac(proof: Proof, hello: Hello, peerId: string): Objection | undefined {
    const { remote, role, secrets } = this.#options;
    if (secrets.length === 0) {
      if (proof.mac.length === 0) return undefined;
      return unauthorized(remote, 'belongs to a network with a secret, and this node has none');
    }
    if (proof.mac.length === 0) return unauthorized(remote, 'has no secret, and this network has one');
    const direction = role === 'dialler' ? 'listener' : 'dialler';
    const text = this.#secretText(
      direction,
      { senderId: peerId, receiverId: this.#options.identity.id },
      hello,
    );
    // All are tried, so that the time taken tells nothing about which one fitted.
    const fits = secrets.filter((secret) => equalInConstantTime(hmac(secret, text), proof.mac));
    return fits.length > 0 ? undefined : unauthorized(remote, 'has another secret than this network');
  }

  #prove(hello: Hello, peerId: string): Proof {
    const { facts, identity, role, secrets } = this.#options;
    const secret = secrets[0];
    const ids = { senderId: identity.id, receiverId: peerId };
    return {
      type: 'proof',
      signature:
        facts.peerKey === undefined
          ? identity.sign(proofText(this.#nonce, hello.nonce, identity.id, peerId))
          : NOTHING,
      mac: secret === undefined ? NOTHING : hmac(secret, this.#secretText(role, ids, hello)),
    };
  }

  /** The exporter's value differs for each channel, so that nobody in between can pass a proof on. */
  #secretText(sender: Role, { senderId, receiverId }: Ids, hello: Hello): Uint8Array {
    const { facts, role, terms } = this.#options;
    // Without an exporter a proof would be worth nothing; links with secrets never get here in plaintext.
    if (facts.exporter === undefined) throw new TypeError('a secret needs an encrypted connection');
    const ours = networkId(sha256, terms);
    const prints = sender === role ? [ours, hello.fingerprint] : [hello.fingerprint, ours];
    const exported = facts.exporter(EXPORTER_LABEL);
    return lengthPrefixed([SECRET_LABEL, sender, exported, senderId, receiverId, ...prints]);
  }

  #refuse(objection: Objection, staleSession: boolean = false): HandshakeMessage[] {
    this.#outcome = { type: 'refused', error: objection.error, staleSession };
    return [messageOf(objection, this.#options.terms)];
  }

  /** Both ends are this node and both notice, so that nothing need be said. */
  #endWithSelf(): HandshakeMessage[] {
    const { remote } = this.#options;
    const message = `${showAddress(remote)} is this node itself: it cannot connect to itself`;
    const error = new ChordError('ERR_UNREACHABLE', message, { address: addressOf(remote), self: true });
    this.#outcome = { type: 'refused', error, staleSession: false };
    return [];
  }
}

interface Ids {
  readonly senderId: string;
  readonly receiverId: string;
}

function isOtherEncryption(facts: ChannelFacts, terms: Terms): boolean {
  return facts.encryption !== undefined && facts.encryption !== terms.encryption;
}

function isOwnKey(hello: Hello, identity: Identity): boolean {
  return equal(hello.publicKey, identity.publicKey);
}

function contactOf(hello: Hello, k: number): Contact {
  const { publicKey, salt, incarnation, member, host, port } = hello;
  return {
    id: idOf(publicKey),
    publicKey,
    salt,
    position: memberPosition(sha256, publicKey, salt, k),
    incarnation,
    host: member ? host : '',
    port: member ? port : 0,
  };
}

/**
 * Both nonces, so that neither side can be made to sign what was chosen beforehand, or take a signature for a
 * new one.
 */
function proofText(nonce: Uint8Array, otherNonce: Uint8Array, id: string, otherId: string): Uint8Array {
  return lengthPrefixed([PROOF_LABEL, nonce, otherNonce, id, otherId]);
}

function hmac(secret: Uint8Array, text: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(text).digest();
}

function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
