// Protocol: what keeps networks apart besides k: a subnet and an encryption.
// It owns their validation and the protocol's id; comparing two protocols is the handshake's work.
import { protocolId } from '../wire/fingerprint.ts';
import { PROTOCOL_VERSION } from '../wire/handshake-message.ts';
import { sha256 } from './identity.ts';

export type Encryption = 'SSL' | 'Plaintext';

/** Long enough for any name; the hello that carries it stays well under one packet. */
const SUBNET_BYTES_MAX = 255;

/** Immutable. Nodes whose protocols differ refuse each other. */
export class Protocol {
  readonly subnet: string;
  readonly encryption: Encryption;
  #id: string | undefined;

  /**
   * `subnet` is any well-formed string of at most 255 bytes in UTF-8.
   * @throws TypeError for anything else, or an encryption that is neither 'SSL' nor 'Plaintext'.
   */
  constructor(subnet: string, encryption: Encryption) {
    if (typeof subnet !== 'string' || /\p{Surrogate}/u.test(subnet)) {
      throw new TypeError(`subnet must be a well-formed string, got ${describe(subnet)}`);
    }
    if (Buffer.byteLength(subnet) > SUBNET_BYTES_MAX) {
      const bytes = Buffer.byteLength(subnet);
      throw new TypeError(`subnet must have at most ${SUBNET_BYTES_MAX} bytes, got ${bytes}`);
    }
    if (encryption !== 'SSL' && encryption !== 'Plaintext') {
      throw new TypeError(`encryption must be 'SSL' or 'Plaintext', got ${describe(encryption)}`);
    }
    this.subnet = subnet;
    this.encryption = encryption;
  }

  /**
   * base58 of a hash over subnet, encryption and version; with toBase58(k) behind it, the network's
   * fingerprint.
   */
  get id(): string {
    this.#id ??= protocolId(sha256, {
      subnet: this.subnet,
      encryption: this.encryption,
      version: PROTOCOL_VERSION,
    });
    return this.#id;
  }
}

/** The protocol of a chord socket that is given none. */
export const chordProtocol: Protocol = new Protocol('chord', 'SSL');

/** The protocol of a mesh socket that is given none. */
export const meshProtocol: Protocol = new Protocol('mesh', 'SSL');

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : typeof value;
}
