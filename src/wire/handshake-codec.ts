// The handshake's messages on the wire. It owns what later versions of the protocol may rely on: the terms
// come first in a hello and in a refusal, so that a node of any version can say what differs. Nothing here
// depends on k but the tables of a welcome, which is only sent once both sides agree on k.
import type { Reader, Writer } from './bytes.ts';
import {
  readPort,
  readPublicKey,
  readTables,
  writePort,
  writePublicKey,
  writeTables,
} from './contact-codec.ts';
import {
  PROTOCOL_VERSION,
  type Difference,
  type HandshakeMessage,
  type Hello,
  type Refusal,
  type Terms,
} from './handshake-message.ts';
import {
  Choice,
  readList,
  readOptional,
  Schema,
  writeList,
  writeOptional,
  type Rules,
  type Scope,
} from './schema.ts';

export const NONCE_BYTES = 32;

const REASON: Choice<Refusal['reason']> = new Choice({
  mismatch: 0,
  unauthorized: 1,
  'clock-skew': 2,
  limit: 3,
  closing: 4,
});

const DIFFERENCES: Readonly<Record<Difference, number>> = { subnet: 0, encryption: 1, k: 2, version: 3 };
const DIFFERENCE: Choice<Difference> = new Choice(DIFFERENCES);
const DIFFERENCES_MAX = Object.keys(DIFFERENCES).length;

export const HANDSHAKE_RULES: Rules<HandshakeMessage> = {
  hello: {
    code: 0x01,
    write(out, hello, scope) {
      writeTerms(out, hello.terms, scope);
      out.text(hello.fingerprint, scope.limits.nameBytes);
      writePublicKey(out, hello.publicKey);
      out.varint(hello.salt);
      out.varint(hello.incarnation);
      out.bool(hello.member);
      out.bool(hello.seeksHome);
      out.text(hello.host, scope.limits.hostBytes);
      writePort(out, hello.port);
      out.fixed(hello.nonce, NONCE_BYTES);
      out.varint(hello.wallMs);
    },
    read(input, scope) {
      const terms = readTerms(input, scope);
      if (terms.version !== PROTOCOL_VERSION) return foreignHello(input, terms);
      return {
        type: 'hello',
        terms,
        fingerprint: input.text(scope.limits.nameBytes),
        publicKey: new Uint8Array(readPublicKey(input)),
        salt: input.varint(),
        incarnation: input.varint(),
        member: input.bool(),
        seeksHome: input.bool(),
        host: input.text(scope.limits.hostBytes),
        port: readPort(input),
        nonce: input.fixed(NONCE_BYTES),
        wallMs: input.varint(),
      };
    },
  },
  refusal: {
    code: 0x02,
    write(out, refusal, scope) {
      writeTerms(out, refusal.terms, scope);
      REASON.write(out, refusal.reason);
      writeList(out, refusal.differs, DIFFERENCES_MAX, writeDifference, scope);
      out.sentence(refusal.message, scope.limits.sentenceBytes);
    },
    read(input, scope) {
      const terms = readTerms(input, scope);
      const refusal: Refusal = {
        type: 'refusal',
        terms,
        reason: REASON.read(input),
        differs: readList(input, DIFFERENCES_MAX, readDifference, scope),
        message: input.text(scope.limits.sentenceBytes),
      };
      // Another version may say more than this one understands.
      if (terms.version !== PROTOCOL_VERSION) input.skipRest();
      return refusal;
    },
  },
  proof: {
    code: 0x03,
    write(out, proof, scope) {
      out.bytes(proof.signature, scope.limits.proofBytes);
      out.bytes(proof.mac, scope.limits.proofBytes);
    },
    read: (input, scope) => ({
      type: 'proof',
      signature: input.bytes(scope.limits.proofBytes),
      mac: input.bytes(scope.limits.proofBytes),
    }),
  },
  welcome: {
    code: 0x04,
    write: (out, welcome, scope) => writeOptional(out, welcome.tables, writeTables, scope),
    read: (input, scope) => ({ type: 'welcome', tables: readOptional(input, readTables, scope) }),
  },
};

export const HANDSHAKE: Schema<HandshakeMessage> = new Schema(HANDSHAKE_RULES);

function writeTerms(out: Writer, terms: Terms, scope: Scope): void {
  out.varint(terms.version);
  out.text(terms.subnet, scope.limits.nameBytes);
  out.text(terms.encryption, scope.limits.nameBytes);
  out.varint(terms.k);
}

function readTerms(input: Reader, scope: Scope): Terms {
  return {
    version: input.varint(),
    subnet: input.text(scope.limits.nameBytes),
    encryption: input.text(scope.limits.nameBytes),
    k: input.varint(),
  };
}

/** Of another version's hello only the terms are known; the rest is empty. */
function foreignHello(input: Reader, terms: Terms): Hello {
  input.skipRest();
  return {
    type: 'hello',
    terms,
    fingerprint: '',
    publicKey: new Uint8Array(0),
    salt: 0,
    incarnation: 0,
    member: false,
    seeksHome: false,
    host: '',
    port: 0,
    nonce: new Uint8Array(0),
    wallMs: 0,
  };
}

function writeDifference(out: Writer, difference: Difference): void {
  DIFFERENCE.write(out, difference);
}

function readDifference(input: Reader): Difference {
  return DIFFERENCE.read(input);
}
