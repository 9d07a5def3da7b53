// Sockets with a store that does not answer: nobody waits for it for ever, and what it does later is undone.
import { afterEach, describe, expect, it } from 'vitest';
import { ChordSocket, MemoryStorage, Protocol } from '../../src/index.ts';

/** Its steps hang until they are let go. */
class HangingStorage extends MemoryStorage {
  isClosed = false;
  letGo: () => void = () => {};
  readonly #hangs: 'open' | 'close';
  readonly #gate = new Promise<void>((resolve) => {
    this.letGo = resolve;
  });

  constructor(hangs: 'open' | 'close') {
    super();
    this.#hangs = hangs;
  }

  override async open(): Promise<void> {
    if (this.#hangs === 'open') await this.#gate;
    await super.open();
  }

  override async close(): Promise<void> {
    if (this.#hangs === 'close') await this.#gate;
    await super.close();
    this.isClosed = true;
  }
}

let storage: HangingStorage;

function make(hangs: 'open' | 'close'): ChordSocket {
  storage = new HangingStorage(hangs);
  const protocol = new Protocol('chord', 'Plaintext');
  return new ChordSocket('127.0.0.1', 0, { profile: 'local', protocol, storage });
}

afterEach(() => storage.letGo());

describe('a store that does not open', () => {
  it('lets join and connect end with their time-outs', async () => {
    const socket = make('open');
    await expect(socket.join({ timeoutMs: 20 })).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
      message: 'opening the store and the port was not done within 20 ms',
    });
    await expect(socket.connect('127.0.0.1', 1, { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
      message: 'opening the store was not done within 20 ms',
    });
    expect(socket.leeching).toBe(true);
    await socket.close({ force: true });
  });

  it('lets join and connect be aborted', async () => {
    const socket = make('open');
    const reason = new Error('enough');
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = [socket.join({ signal }), socket.connect('127.0.0.1', 1, { signal })];
    controller.abort(reason);
    for (const call of waiting) await expect(call).rejects.toBe(reason);
    await socket.close({ force: true });
  });

  it.each([false, true])('lets close end, and what waits with ERR_CLOSED (force: %s)', async (force) => {
    const socket = make('open');
    const waiting = [socket.listen(), socket.join(), socket.connect('127.0.0.1', 1)];
    const outcomes = Promise.allSettled(waiting);
    await socket.close({ force });
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ERR_CLOSED' } });
    }
  });

  it('is closed when it opens after all', async () => {
    const socket = make('open');
    const joining = socket.join({ timeoutMs: 20 }).catch(() => {});
    await Promise.all([joining, socket.close()]);
    expect(storage.isClosed).toBe(false);
    storage.letGo();
    await expect.poll(() => storage.isClosed).toBe(true);
    expect(socket.addr[1]).toBe(0);
  });

  it('that opens late is used by the next call', async () => {
    const socket = make('open');
    await expect(socket.join({ timeoutMs: 20 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    storage.letGo();
    await socket.join();
    await socket.set('a', '1');
    await socket.close();
    expect(storage.isClosed).toBe(true);
  });
});

describe('a store that does not close', () => {
  it('does not keep close from ending', async () => {
    const socket = make('close');
    await socket.join();
    await socket.close();
    expect(storage.isClosed).toBe(false);
  }, 20_000);
});
