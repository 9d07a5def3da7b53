// Ports for examples. Documents name ports from 4400 to 4499, because a reader wants a number; a test may
// not rely on them being free. So each of these numbers is replaced, wherever it stands in an example and in
// the output promised for it, by one free port. Nothing else about an example is changed.
import { randomInt } from 'node:crypto';
import { canListen } from '../support/can-listen.ts';

/** Below the range from which systems hand out ports by themselves, so that nobody takes one meanwhile. */
const FIRST = 20_000;
const END = 32_000;
const TRIES = 100;

const DOCUMENTED = /(?<![\d.])44\d\d(?![\d.])/g;

export class FreePorts {
  readonly #chosen = new Map<string, number>();

  /** The text with each documented port replaced; the same number by the same port every time. */
  async substitute(text: string): Promise<string> {
    for (const [documented] of text.matchAll(DOCUMENTED)) {
      if (!this.#chosen.has(documented)) this.#chosen.set(documented, await freePort());
    }
    return text.replaceAll(DOCUMENTED, (documented) => String(this.#chosen.get(documented)));
  }
}

async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const port = randomInt(FIRST, END);
    if (await canListen({ port })) return port;
  }
  throw new Error(`no free port found in ${TRIES} tries`);
}
