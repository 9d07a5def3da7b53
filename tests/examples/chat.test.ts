// The chat of examples/, with three people at three keyboards.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Cluster, createCluster } from '../../src/testing/index.ts';
import { buildProject, Processes } from '../support/processes.ts';

const processes = new Processes();
let cluster: Cluster;

beforeAll(async () => {
  buildProject('tsconfig.tests.json');
  cluster = await createCluster(3, { k: 8 });
}, 180_000);

afterAll(async () => {
  await processes.endAll();
  await cluster.close();
});

class Person {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];

  constructor(name: string, home: number) {
    const address = cluster.nodes[home]!.outAddr.join(':');
    this.#child = processes.startProgram('dist/examples/chat.js', [
      '--connect',
      address,
      '--k',
      '8',
      '--name',
      name,
    ]);
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.#lines.push(line);
      this.#child.emit('wrote');
    });
  }

  write(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  leave(): Promise<unknown> {
    const end = once(this.#child, 'exit');
    this.#child.stdin?.end();
    return end;
  }

  /** Resolves when the line has been written, before or after. */
  async reads(line: string): Promise<void> {
    while (!this.#lines.includes(line)) await once(this.#child, 'wrote');
  }

  get lines(): readonly string[] {
    return this.#lines;
  }
}

it('lets people at different members talk to all, and to one', async () => {
  const ada = new Person('Ada', 0);
  await ada.reads('you are Ada; write to everybody, or /to NAME …, or /names');
  const bob = new Person('Bob', 1);
  await bob.reads('Ada is here');
  const eve = new Person('Eve', 2);
  await Promise.all([eve.reads('Ada is here'), eve.reads('Bob is here')]);
  await Promise.all([ada.reads('Bob is here'), ada.reads('Eve is here')]);

  ada.write('good day');
  await Promise.all([bob.reads('Ada: good day'), eve.reads('Ada: good day')]);
  ada.write('/to Bob have you seen my key?');
  await bob.reads('Ada whispers: have you seen my key?');
  ada.write('/to Tom are you there?');
  await ada.reads('(nobody here is called Tom)');
  ada.write('/names');
  await ada.reads('Ada, Bob, Eve');

  expect(await bob.leave()).toEqual([0, null]);
  await Promise.all([ada.reads('Bob is gone'), eve.reads('Bob is gone')]);
  expect(eve.lines.filter((line) => line.includes('key'))).toEqual([]);
  await Promise.all([ada.leave(), eve.leave()]);
}, 60_000);
