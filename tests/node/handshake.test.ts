// The handshake as a state machine: two of them talk to each other without sockets, so that every lie can be
// told.
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Contact } from '../../src/core/contact.ts';
import type { Tables } from '../../src/core/message.ts';
import { SALT_MAX } from '../../src/core/contact.ts';
import { Handshake, type HandshakeOptions, type HandshakeOutcome } from '../../src/node/handshake.ts';
import { Identity } from '../../src/node/identity.ts';
import { unauthorized } from '../../src/node/refusal.ts';
import type { ChannelFacts } from '../../src/transport/transport.ts';
import type { Difference, HandshakeMessage, Terms } from '../../src/wire/handshake-message.ts';

const TERMS: Terms = { version: 1, subnet: 'test', encryption: 'SSL', k: 8 };
const PLAIN_TERMS: Terms = { ...TERMS, encryption: 'Plaintext' };
const PLAINTEXT: ChannelFacts = {
  encryption: 'Plaintext',
  peerKey: undefined,
  resumed: false,
  exporter: undefined,
};

type Overrides = Partial<HandshakeOptions>;

/** One side of a plaintext connection. */
function side(role: 'dialler' | 'listener', overrides: Overrides = {}): Handshake {
  return new Handshake({
    role,
    remote: { host: '192.0.2.1', port: 4444 },
    identity: Identity.create(),
    terms: PLAIN_TERMS,
    secrets: [],
    announcement: { salt: 0, incarnation: 1, member: true, seeksHome: false, host: '192.0.2.9', port: 5555 },
    tables: () => undefined,
    facts: PLAINTEXT,
    wallMs: () => 1_000_000,
    clockSkewMaxMs: 60_000,
    verifyOnly: false,
    object: () => undefined,
    ...overrides,
  });
}

/** Both sides of an encrypted connection, as a transport would describe it. */
function encryptedPair(a: Overrides, b: Overrides): [Handshake, Handshake] {
  const [first, second] = [a.identity ?? Identity.create(), b.identity ?? Identity.create()];
  const shared = randomBytes(32);
  const facts = (peer: Identity): ChannelFacts => ({
    encryption: 'SSL',
    peerKey: peer.publicKey,
    resumed: false,
    exporter: () => shared,
  });
  return [
    side('dialler', { terms: TERMS, facts: facts(second), ...a, identity: first }),
    side('listener', { terms: TERMS, facts: facts(first), ...b, identity: second }),
  ];
}

/** Lets both talk until neither has anything to say; `onWay` may change what is delivered. */
function talk(
  a: Handshake,
  b: Handshake,
  onWay: (message: HandshakeMessage) => HandshakeMessage = (message) => message,
): [HandshakeOutcome | undefined, HandshakeOutcome | undefined] {
  let [toB, toA] = [a.start(), b.start()];
  while (toA.length + toB.length > 0) {
    const [nowA, nowB] = [toA, toB];
    toB = nowA.flatMap((message) => a.handle(onWay(message)));
    toA = nowB.flatMap((message) => b.handle(onWay(message)));
  }
  return [a.outcome, b.outcome];
}

function codes(outcomes: readonly (HandshakeOutcome | undefined)[]): (string | undefined)[] {
  return outcomes.map((outcome) => (outcome?.type === 'refused' ? outcome.error.code : outcome?.type));
}

function secrets(...words: string[]): Uint8Array[] {
  return words.map((word) => Buffer.from(word));
}

const REFUSED_BOTH = ['ERR_UNAUTHORIZED', 'ERR_UNAUTHORIZED'];

describe('a welcome', () => {
  const self: Contact = {
    id: 'a member',
    publicKey: new Uint8Array([1]),
    salt: 0,
    position: 1,
    incarnation: 1,
    host: '192.0.2.9',
    port: 5555,
  };
  const tables: Tables = { self, predecessor: undefined, successors: [], fingers: [] };

  it('carries the tables of a member to a client that seeks a home, and to nobody else', () => {
    for (const seeksHome of [true, false]) {
      const announcement = { salt: 0, incarnation: 1, member: false, seeksHome, host: '', port: 0 };
      const [outcome] = talk(side('dialler', { announcement }), side('listener', { tables: () => tables }));
      expect(outcome).toMatchObject({ type: 'open', tables: seeksHome ? tables : undefined });
    }
  });
});

describe('terms', () => {
  const CHANGES: Readonly<Record<Difference, Partial<Terms>>> = {
    subnet: { subnet: 'other' },
    encryption: { encryption: 'SSL' },
    k: { k: 9 },
    version: { version: 2 },
  };
  const NAMES: readonly Difference[] = ['subnet', 'encryption', 'k', 'version'];
  const SUBSETS = Array.from({ length: 15 }, (_, i) => NAMES.filter((_name, bit) => ((i + 1) >> bit) & 1));

  it.each(SUBSETS)('that differ in %s %s %s %s are refused on both sides with exactly that', (...names) => {
    const differs = names.filter((name) => name !== undefined);
    const terms = differs.reduce<Terms>((sum, name) => ({ ...sum, ...CHANGES[name] }), PLAIN_TERMS);
    const facts = { ...PLAINTEXT, encryption: undefined };
    const outcomes = talk(side('dialler', { facts }), side('listener', { facts, terms }));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ type: 'refused', error: { code: 'ERR_PROTOCOL_MISMATCH', differs } });
    }
    expect(outcomes[0]).toMatchObject({ error: { ours: PLAIN_TERMS, theirs: terms } });
  });

  it('are checked against the channel: a plaintext connection that claims SSL is refused', () => {
    const outcomes = talk(side('dialler', { terms: TERMS }), side('listener', { terms: TERMS }));
    expect(codes(outcomes)).toEqual([undefined, undefined]);
    const [, listener] = talk(side('dialler'), side('listener', { terms: TERMS }));
    expect(listener).toMatchObject({ error: { differs: ['encryption'], theirs: PLAIN_TERMS } });
  });

  it('of which the fingerprint does not follow are refused', () => {
    const [outcome] = talk(side('dialler'), side('listener'), (message) =>
      message.type === 'hello' ? { ...message, fingerprint: 'x' } : message,
    );
    expect(outcome).toMatchObject({ error: { code: 'ERR_PROTOCOL_MISMATCH', differs: [] } });
  });
});

describe('identity', () => {
  it('is proved by a signature in plaintext', () => {
    expect(codes(talk(side('dialler'), side('listener')))).toEqual(['open', 'open']);
  });

  it('of another, claimed without its key, is refused', () => {
    const victim = Identity.create();
    const [, outcome] = talk(side('dialler'), side('listener'), (message) =>
      message.type === 'hello' ? { ...message, publicKey: victim.publicKey } : message,
    );
    expect(codes([outcome])).toEqual(['ERR_UNAUTHORIZED']);
  });

  it('cannot be taken over with a proof from another connection', () => {
    const victim = Identity.create();
    const target = Identity.create();
    const recorded: HandshakeMessage[] = [];
    talk(side('dialler', { identity: victim }), side('listener', { identity: target }), (message) => {
      recorded.push(message);
      return message;
    });
    const listener = side('listener', { identity: target });
    listener.start();
    for (const message of recorded) {
      const isVictims = message.type !== 'hello' || message.publicKey === victim.publicKey;
      if (isVictims) listener.handle(message);
    }
    expect(codes([listener.outcome])).toEqual(['ERR_UNAUTHORIZED']);
  });

  it('under TLS is the key of the certificate, without a signature', () => {
    const seen: HandshakeMessage[] = [];
    const outcomes = talk(...encryptedPair({}, {}), (message) => {
      seen.push(message);
      return message;
    });
    expect(codes(outcomes)).toEqual(['open', 'open']);
    const proofs = seen.filter((message) => message.type === 'proof');
    expect(proofs.map(({ signature, mac }) => signature.length + mac.length)).toEqual([0, 0]);
  });

  it('that differs from the certificate is refused', () => {
    const facts: ChannelFacts = {
      encryption: 'SSL',
      peerKey: Identity.create().publicKey,
      resumed: false,
      exporter: () => randomBytes(32),
    };
    const outcomes = talk(...encryptedPair({ facts }, {}));
    expect(outcomes[0]).toMatchObject({ error: { code: 'ERR_UNAUTHORIZED' }, staleSession: false });
    expect(codes(outcomes)).toEqual(REFUSED_BOTH);
  });

  it('that is not the one whose session was resumed asks for a dial in full', () => {
    const facts: ChannelFacts = {
      encryption: 'SSL',
      peerKey: Identity.create().publicKey,
      resumed: true,
      exporter: () => randomBytes(32),
    };
    const [outcome] = talk(...encryptedPair({ facts }, {}));
    expect(outcome).toMatchObject({ type: 'refused', staleSession: true });
  });

  it('without a certificate that has a usable key is refused', () => {
    const facts: ChannelFacts = {
      encryption: 'SSL',
      peerKey: undefined,
      resumed: false,
      exporter: undefined,
    };
    const [outcome] = talk(...encryptedPair({ facts }, {}));
    expect(codes([outcome])).toEqual(['ERR_UNAUTHORIZED']);
  });

  it('that is our own is refused on both sides', () => {
    const identity = Identity.create();
    const outcomes = talk(side('dialler', { identity }), side('listener', { identity }));
    expect(codes(outcomes)).toEqual(['ERR_UNREACHABLE', 'ERR_UNREACHABLE']);
  });

  it('with a salt above the limit is refused', () => {
    const announcement = {
      salt: SALT_MAX + 1,
      incarnation: 1,
      member: true,
      seeksHome: false,
      host: 'h',
      port: 1,
    };
    const outcomes = talk(side('dialler', { announcement }), side('listener'));
    expect(codes(outcomes)).toEqual(REFUSED_BOTH);
  });
});

describe('a secret', () => {
  it.each([
    ['the same on both sides', ['a'], ['a'], ['open', 'open']],
    ['in rotation', ['new', 'old'], ['old', 'new'], ['open', 'open']],
    ['rotated on one side only', ['new', 'old'], ['old'], REFUSED_BOTH],
    ['another one', ['a'], ['b'], REFUSED_BOTH],
    ['of the dialler alone', ['a'], [], REFUSED_BOTH],
    ['of the listener alone', [], ['a'], REFUSED_BOTH],
  ])('%s', (_name, ours, theirs, expected) => {
    const pair = encryptedPair({ secrets: secrets(...ours) }, { secrets: secrets(...theirs) });
    expect(codes(talk(...pair))).toEqual(expected);
  });

  it('is worth nothing on another channel, as the two of a man in the middle are', () => {
    const [a, b] = [Identity.create(), Identity.create()];
    const channel = { encryption: 'SSL', resumed: false } as const;
    const [ofA, ofB] = [randomBytes(32), randomBytes(32)];
    const pair = encryptedPair(
      {
        identity: a,
        facts: { ...channel, peerKey: b.publicKey, exporter: () => ofA },
        secrets: secrets('s'),
      },
      {
        identity: b,
        facts: { ...channel, peerKey: a.publicKey, exporter: () => ofB },
        secrets: secrets('s'),
      },
    );
    expect(codes(talk(...pair))).toEqual(REFUSED_BOTH);
  });

  it('is not proved by sending the other side its own proof back', () => {
    const [a, b] = encryptedPair({ secrets: secrets('s') }, { secrets: secrets('s') });
    const [hello] = b.start();
    a.start();
    const [proof] = hello === undefined ? [] : a.handle(hello);
    expect(proof?.type).toBe('proof');
    if (proof !== undefined) a.handle(proof);
    expect(codes([a.outcome])).toEqual(['ERR_UNAUTHORIZED']);
  });
});

describe('clocks', () => {
  it('that differ by more than allowed are refused on both sides, with the difference', () => {
    const outcomes = talk(side('dialler'), side('listener', { wallMs: () => 1_000_000 + 61_000 }));
    expect(codes(outcomes)).toEqual(['ERR_CLOCK_SKEW', 'ERR_CLOCK_SKEW']);
    expect(outcomes).toMatchObject([{ error: { skewMs: 61_000 } }, { error: { skewMs: -61_000 } }]);
  });

  it('that differ by less are accepted', () => {
    const outcomes = talk(side('dialler'), side('listener', { wallMs: () => 1_000_000 - 59_000 }));
    expect(codes(outcomes)).toEqual(['open', 'open']);
  });
});

describe('order', () => {
  it.each([
    ['proof', { type: 'proof', signature: new Uint8Array(64), mac: new Uint8Array(0) }],
    ['welcome', { type: 'welcome', tables: undefined }],
  ] as [string, HandshakeMessage][])('%s before hello is refused', (_name, message) => {
    const handshake = side('listener');
    handshake.start();
    const [answer] = handshake.handle(message);
    expect(answer).toMatchObject({ type: 'refusal', reason: 'mismatch', differs: [] });
    expect(codes([handshake.outcome])).toEqual(['ERR_PROTOCOL_MISMATCH']);
    expect(handshake.handle(message)).toEqual([]);
  });

  it('a welcome cannot replace the proof', () => {
    const [a, b] = [side('dialler'), side('listener')];
    const hello = b.start()[0];
    a.start();
    if (hello !== undefined) a.handle(hello);
    a.handle({ type: 'welcome', tables: undefined });
    expect(codes([a.outcome])).toEqual(['ERR_PROTOCOL_MISMATCH']);
  });
});

describe('refusals of the node itself', () => {
  it('reach both sides, whatever the other thinks', () => {
    const objection = unauthorized({ host: 'h', port: 1 }, 'is not liked');
    const outcomes = talk(side('dialler'), side('listener', { object: () => objection }));
    expect(codes(outcomes)).toEqual(REFUSED_BOTH);
  });

  it("show a stranger's words without control characters", () => {
    const [outcome] = talk(
      side('dialler'),
      side('listener', { terms: { ...PLAIN_TERMS, subnet: '\u001b[2Jgone' } }),
    );
    const message = outcome?.type === 'refused' ? outcome.error.message : '';
    expect(message).toContain('gone');
    expect(message).not.toMatch(/\p{Control}/u);
  });
});

it('verifying ends as soon as the other side has proved its key, and tells nothing more', () => {
  const a = side('dialler', { verifyOnly: true });
  const b = side('listener');
  const outcomes = talk(a, b);
  expect(codes(outcomes)).toEqual(['verified', undefined]);
});
