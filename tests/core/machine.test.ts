// The machine as its caller meets it: what it owes to whoever drives it, and what strangers cannot do to it.
import { describe, expect, it, vi } from 'vitest';
import type { Contact } from '../../src/core/contact.ts';
import type { Effect } from '../../src/core/effect.ts';
import type { Machine } from '../../src/core/machine.ts';
import { PROFILES } from '../../src/core/profile.ts';
import type { Message, Neighbourhood, Reply, Request, Told } from '../../src/core/message.ts';
import type { WorldNode } from '../../src/sim/world.ts';
import { World } from '../../src/sim/world.ts';
import { memberAt } from '../support/members.ts';
import { at, get, joinedRing, set, succeed } from '../support/rings.ts';

const SEED = 7;
const NOTHING: Neighbourhood = { predecessor: undefined, successors: [] };

/** A calm ring, whose members have nothing to do at the moment. */
function calmRing(n: number): { world: World; nodes: WorldNode[] } {
  const world = new World({ seed: SEED, k: 16 });
  const nodes = joinedRing(world, n);
  world.run(2_000);
  return { world, nodes };
}

function drain(machine: Machine): Effect[] {
  const effects: Effect[] = [];
  for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) effects.push(effect);
  return effects;
}

function request(number: number, body: Request): Message {
  return { direction: 'request', number, body };
}

/** What is sent to a node when one message is given to it. */
function exchange(world: World, node: WorldNode, from: string, message: Message): Message[] {
  node.machine.handleMessage(world.now, from, message);
  return drain(node.machine).flatMap((effect) => (effect.type === 'send' ? [effect.message] : []));
}

function replies(messages: readonly Message[]): Reply[] {
  return messages.flatMap((message) => (message.direction === 'reply' ? [message.body] : []));
}

describe('poll', () => {
  it('gives nothing more until there is an input, once it has given undefined', () => {
    const { nodes } = calmRing(3);
    for (const { machine } of nodes) {
      for (let i = 0; i < 3; i++) expect(machine.poll()).toBeUndefined();
    }
  });

  it('gives the effects of one input once', () => {
    const { world, nodes } = calmRing(2);
    const node = at(nodes, 0);
    const ping = request(1, { type: 'ping' });
    expect(replies(exchange(world, node, 'a', ping))).toMatchObject([{ type: 'pong' }]);
    expect(drain(node.machine)).toEqual([]);
  });

  it('leaves a deadline that is never in the past', () => {
    const { world, nodes } = calmRing(3);
    for (const { machine } of nodes) expect(machine.nextTimeout()).toBeGreaterThan(world.now);
    for (let i = 0; i < 500; i++) {
      world.run(1);
      for (const { machine } of nodes) {
        // Calling too early does nothing.
        machine.handleTimeout(world.now);
        expect(drain(machine)).toEqual([]);
        expect(machine.nextTimeout()).toBeGreaterThan(world.now);
      }
    }
  });
});

describe('a request in which a node speaks of itself', () => {
  const spoken: [string, (about: Contact) => Request][] = [
    ['notify', (self) => ({ type: 'notify', self })],
    ['leave', (self) => ({ type: 'leave', self, neighbourhood: NOTHING })],
    ['announce', (self) => ({ type: 'announce', self, member: false })],
    ['dial-back', (contact) => ({ type: 'dial-back', contact })],
  ];

  it.each(spoken)('%s is refused in the name of another, and nothing changes', (_, body) => {
    const { world, nodes } = calmRing(3);
    const [node, other, liar] = [at(nodes, 0), at(nodes, 1), at(nodes, 2)];
    const before = node.machine.neighbourhood;
    for (const about of [other.machine.self, memberAt(1, 'nobody')]) {
      const sent = exchange(world, node, liar.machine.self.id, request(99, body(about)));
      expect(sent).toMatchObject([{ direction: 'reply', number: 99, body: { type: 'failed' } }]);
      expect(node.machine.neighbourhood).toEqual(before);
    }
    const known = node.machine.known().map(({ id }) => id);
    expect(known.includes(other.machine.self.id)).toBe(true);
    expect(known.includes('nobody')).toBe(false);
  });

  it.each(spoken)('%s is heard from the node itself', (_, body) => {
    const { world, nodes } = calmRing(3);
    const [node, other] = [at(nodes, 0), at(nodes, 1)];
    const { self } = other.machine;
    node.machine.handleMessage(world.now, self.id, request(99, body(self)));
    const effects = drain(node.machine);
    const answers = effects.flatMap((effect) => (effect.type === 'send' ? [effect.message] : []));
    expect(replies(answers).every((reply) => reply.type !== 'failed')).toBe(true);
    expect(effects.length).toBeGreaterThan(0);
  });
});

describe('a reply', () => {
  /** A client that has asked a member one question; the question as it was sent. */
  function asking(): { world: World; client: WorldNode; command: number; to: string; question: Message } {
    const { world, nodes } = calmRing(1);
    const client = world.add();
    world.connect(client, at(nodes, 0));
    world.run(100);
    const command = client.machine.start(world.now, { type: 'ring' }, 10_000);
    const sent = drain(client.machine).flatMap((effect) => (effect.type === 'send' ? [effect] : []));
    const [{ to, message }] = sent as [Extract<Effect, { type: 'send' }>];
    return { world, client, command, to: typeof to === 'string' ? to : to.id, question: message };
  }

  it('of the member that was asked is taken, once', () => {
    const { world, client, command, to, question } = asking();
    const reply: Message = {
      direction: 'reply',
      number: question.number,
      body: { type: 'described', member: undefined },
    };
    client.machine.handleMessage(world.now, to, reply);
    const settled = drain(client.machine).filter((effect) => effect.type === 'settle');
    expect(settled).toMatchObject([
      { command, outcome: { ok: false, failure: { code: 'ERR_UNREACHABLE' } } },
    ]);
    client.machine.handleMessage(world.now, to, reply);
    expect(drain(client.machine)).toEqual([]);
  });

  it('of another than the member that was asked is ignored, also under the same number', () => {
    const { world, client, to, question } = asking();
    const body: Reply = { type: 'described', member: undefined };
    for (const from of ['stranger', `${to} `]) {
      client.machine.handleMessage(world.now, from, { direction: 'reply', number: question.number, body });
      expect(drain(client.machine)).toEqual([]);
    }
  });

  it('to a question that was never asked is ignored', () => {
    const { world, client, to } = asking();
    for (const number of [0, 1_000_000, Number.MAX_SAFE_INTEGER]) {
      client.machine.handleMessage(world.now, to, {
        direction: 'reply',
        number,
        body: { type: 'pong', wallMs: 0 },
      });
    }
    expect(drain(client.machine)).toEqual([]);
  });

  it('that comes after the time-out is ignored', () => {
    const { world, client, command, to, question } = asking();
    const late = world.now + 60_000;
    for (let next = client.machine.nextTimeout(); next <= late; next = client.machine.nextTimeout()) {
      client.machine.handleTimeout(next);
      if (drain(client.machine).some((effect) => effect.type === 'settle' && effect.command === command))
        break;
    }
    const body: Reply = { type: 'described', member: undefined };
    client.machine.handleMessage(late, to, { direction: 'reply', number: question.number, body });
    expect(drain(client.machine)).toEqual([]);
  });
});

describe('a node that nobody knows', () => {
  it('is answered over the connection that it opened', () => {
    const { world, nodes } = calmRing(2);
    const sent = exchange(
      world,
      at(nodes, 0),
      'stranger',
      request(5, { type: 'find', position: 1, followers: false }),
    );
    expect(sent).toMatchObject([{ direction: 'reply', number: 5, body: { type: 'found' } }]);
  });

  it('can be lost, fail to be dialled, or fail to be verified without effect', () => {
    const { world, nodes } = calmRing(2);
    const { machine } = at(nodes, 0);
    const before = machine.neighbourhood;
    machine.handleDisconnected(world.now, 'stranger');
    machine.handleUnreachable(world.now, 'stranger');
    machine.handleDialFailed(world.now, 'nowhere', 1);
    machine.handleVerified(world.now, 999, true, '');
    machine.cancel(world.now, 999);
    expect(drain(machine)).toEqual([]);
    expect(machine.neighbourhood).toEqual(before);
  });

  it('as the destination of a question fails the command within its time, with a reason', () => {
    const { world, nodes } = calmRing(1);
    const client = world.add();
    // A member that is known only from its word: nothing that is sent to it arrives.
    client.machine.handleConnected(world.now, memberAt(1, 'nobody'), true, undefined);
    client.machine.handleDisconnected(world.now, 'nobody');
    const outcome = world.settle(client, { type: 'explain', key: 'a' }, 2_000);
    expect(outcome.ok ? '' : outcome.failure.code).toMatch(/^ERR_(NOT_CONNECTED|TIMEOUT|UNREACHABLE)$/);
    expect(at(nodes, 0).machine.member).toBe(true);
  });
});

describe('an offer of copies', () => {
  it('is asked to tell more where its name does not say enough', () => {
    const { world, nodes } = calmRing(5);
    const node = at(nodes, 0);
    const { position } = node.machine.self;
    const arc = { from: position - 1, to: position };
    const base = { lineage: 'foreign', epoch: 3 };
    const holder = memberAt(1, 'stranger');
    const configuration = { ...base, members: [{ contact: holder, birth: 1 }], ancestors: [] };
    const offered = (named: typeof base | undefined, told?: Told): Reply[] => {
      const body = { type: 'offer', arc, position, base: named, told } as const;
      return replies(exchange(world, node, 'stranger', request(1, body)));
    };
    expect(offered(base)).toMatchObject([{ type: 'offered', outcome: 'tell' }]);
    expect(offered(undefined)).toMatchObject([{ type: 'offered', outcome: 'tell' }]);
    expect(offered(base, { holder, configuration })).toMatchObject([{ type: 'offered', outcome: 'wait' }]);
  });
});

describe('a client', () => {
  it('seeks a home until a member has connected, and keeps what that told it when another comes', () => {
    const { world, nodes } = calmRing(3);
    const { machine } = world.add();
    expect(machine.seeksHome).toBe(true);
    const home = at(nodes, 0).machine;
    machine.handleConnected(world.now, home.self, true, home.tables());
    expect(machine.seeksHome).toBe(false);
    const known = machine.known();
    expect(known).toHaveLength(3);
    for (const { machine: other } of nodes) machine.handleConnected(world.now, other.self, true, undefined);
    expect(machine.known()).toEqual(known);
    expect(home.seeksHome).toBe(false);
  });

  it('passes introductions on to its home, but not as often as they come', () => {
    const { world, nodes } = calmRing(3);
    const node = world.add();
    const home = at(nodes, 0).machine;
    node.machine.handleConnected(world.now, home.self, true, home.tables());
    const introduce = request(1, { type: 'introduce', contacts: [memberAt(1, 'another')] });
    const passed = (): number => {
      const sent = exchange(world, node, 'a client', introduce);
      return sent.filter(({ direction, body }) => direction === 'request' && body.type === 'introduce')
        .length;
    };
    expect([passed(), passed(), passed()]).toEqual([1, 0, 0]);
    world.run(PROFILES.local.stabiliseMs);
    expect(passed()).toBe(1);
  });
});

describe('a command', () => {
  it('of a client without a connection fails at once', () => {
    const world = new World({ seed: SEED, k: 16 });
    const { machine } = world.add();
    for (const command of [{ type: 'ring' }, { type: 'explain', key: 'a' }] as const) {
      const number = machine.start(world.now, command, 10_000);
      expect(drain(machine)).toMatchObject([
        {
          type: 'settle',
          command: number,
          outcome: {
            ok: false,
            failure: {
              code: 'ERR_NOT_CONNECTED',
              message: expect.stringContaining('connect to one first') as string,
            },
          },
        },
      ]);
    }
  });

  it('beyond limits.inFlight fails at once, and does not disturb the others', () => {
    const world = new World({ seed: SEED, k: 16, limits: { inFlight: 3 } });
    const nodes = joinedRing(world, 3);
    const client = world.add();
    world.connect(client, at(nodes, 0));
    world.run(100);
    const commands = ['a', 'b', 'c', 'd'].map((key) => world.command(client, { type: 'explain', key }));
    const [fourth] = commands.slice(-1) as [number];
    expect([...client.outcomes.keys()]).toEqual([fourth]);
    expect(client.outcomes.get(fourth)).toMatchObject({ ok: false, failure: { code: 'ERR_LIMIT' } });
    world.run(1_000);
    for (const number of commands.slice(0, 3))
      expect(client.outcomes.get(number)).toMatchObject({ ok: true });
    succeed(world.settle(client, { type: 'explain', key: 'd' }));
  });

  it.each(['explain', 'ring', 'scan', 'operate'] as const)('%s that is cancelled never settles', (type) => {
    const { world, nodes } = calmRing(3);
    const client = world.add();
    world.connect(client, at(nodes, 0));
    world.run(100);
    const command = {
      explain: { type: 'explain', key: 'a' },
      ring: { type: 'ring' },
      scan: {
        type: 'scan',
        cursor: { position: 0, afterKey: undefined },
        prefix: '',
        withValues: false,
      },
      operate: { type: 'operate', key: 'a', operation: { type: 'get' }, consistency: 'quorum' },
    } as const;
    const number = world.command(client, command[type], 500);
    client.machine.cancel(world.now, number);
    world.run(5_000);
    expect(client.outcomes.has(number)).toBe(false);
  });

  it('join that is cancelled never settles', () => {
    const { world, nodes } = calmRing(2);
    const client = world.add();
    world.connect(client, at(nodes, 0));
    world.run(100);
    const number = world.command(client, { type: 'join' }, 500);
    client.machine.cancel(world.now, number);
    world.run(5_000);
    expect(client.outcomes.has(number)).toBe(false);
  });

  it('settles once, within its time, also while nobody answers', () => {
    const { world, nodes } = calmRing(3);
    const client = world.add();
    world.connect(client, at(nodes, 0));
    world.run(100);
    for (const node of nodes) world.pause(node);
    const started = world.now;
    const outcome = world.settle(client, { type: 'explain', key: 'a' }, 700);
    expect(outcome).toMatchObject({ ok: false });
    expect(world.now - started).toBeLessThanOrEqual(701);
  });
});

describe('a seed', () => {
  /** Everything that is delivered while a ring forms, is used, loses a member and mends, as one number. */
  function fingerprint(seed: number): { messages: number; hash: number } {
    const world = new World({ seed, k: 16 });
    let messages = 0;
    let hash = 0x811c9dc5;
    const listen = (node: WorldNode): void => {
      const { machine } = node;
      const handle = machine.handleMessage.bind(machine);
      vi.spyOn(machine, 'handleMessage').mockImplementation((now, from, message) => {
        messages += 1;
        const text = `${now} ${from} ${node.name} ${JSON.stringify(message)}`;
        for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
        handle(now, from, message);
      });
    };
    const add = world.add.bind(world);
    vi.spyOn(world, 'add').mockImplementation((incarnation) => {
      const node = add(incarnation);
      listen(node);
      return node;
    });
    const nodes = joinedRing(world, 5);
    for (let i = 0; i < 10; i++) set(world, at(nodes, i % 5), `key ${i}`, `value ${i}`);
    world.crash(at(nodes, 2));
    world.run(5_000);
    expect(get(world, at(nodes, 0), 'key 3')).toBe('value 3');
    return { messages, hash };
  }

  it('gives the same messages at the same times, and another seed others', () => {
    const first = fingerprint(SEED);
    expect(first.messages).toBeGreaterThan(500);
    expect(fingerprint(SEED)).toEqual(first);
    expect(fingerprint(SEED + 1).hash).not.toBe(first.hash);
  });
});
