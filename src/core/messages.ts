// Messages: everything that carries users' messages, put together: casts to all, whispers to one, the
// directory of who is where. It owns the wiring of these parts and nothing else; the machine knows only this.
import { AntiEntropy } from './anti-entropy.ts';
import { Broadcast } from './broadcast.ts';
import { CastLog } from './cast-log.ts';
import type { MessageCommand } from './command.ts';
import { Directory } from './directory.ts';
import type { Failure } from './effect.ts';
import type { Engine } from './engine.ts';
import type { Goal, LookupResult } from './lookup.ts';
import type { MessageRequest, Neighbourhood, Reply } from './message.ts';
import { Outflow } from './outflow.ts';
import type { Arc } from './position.ts';
import type { RoutingTable } from './routing-table.ts';
import { Whispers } from './whispers.ts';

/** What is asked of membership.ts. */
export interface Surroundings {
  readonly arc: Arc | undefined;
  readonly neighbourhood: Neighbourhood;
}

export class Messages {
  readonly #engine: Engine;
  readonly #surroundings: Surroundings;
  readonly #log: CastLog;
  readonly #broadcast: Broadcast;
  readonly #antiEntropy: AntiEntropy;
  readonly #directory: Directory;
  readonly #whispers: Whispers;

  constructor(
    engine: Engine,
    table: RoutingTable,
    surroundings: Surroundings,
    lookup: (goal: Goal, done: (result: LookupResult) => void) => void,
  ) {
    const arc = (): Arc | undefined => (engine.member ? surroundings.arc : undefined);
    this.#engine = engine;
    this.#surroundings = surroundings;
    this.#log = new CastLog(engine);
    this.#broadcast = new Broadcast({
      engine,
      table,
      log: this.#log,
      flow: new Outflow(engine),
      arc,
      lookup,
      fresh: (cast, from) => this.#antiEntropy.fresh(cast, from),
    });
    this.#antiEntropy = new AntiEntropy(engine, table, this.#log, this.#broadcast);
    this.#directory = new Directory({
      engine,
      table,
      arc,
      neighbourhood: () => surroundings.neighbourhood,
      lookup,
      clients: () => this.#broadcast.attached,
      notHere: (position) => this.#broadcast.notHere(position),
    });
    this.#whispers = new Whispers(engine, table, this.#directory);
  }

  start(number: number, command: MessageCommand, timeoutMs: number): void {
    const done = (failure?: Failure): void => {
      this.#engine.settle(
        number,
        failure === undefined ? { ok: true, value: undefined } : { ok: false, failure },
      );
    };
    if (command.type === 'send') this.#broadcast.send(command.packets, timeoutMs, done);
    else this.#whispers.send(command.target, command.packets, timeoutMs, done);
  }

  handle(from: string, request: MessageRequest, respond: (reply: Reply) => void): void {
    switch (request.type) {
      case 'cast':
        return this.#broadcast.handle(from, request, respond);
      case 'whisper':
        return this.#whispers.handle(from, request, respond);
      case 'tally':
        this.#antiEntropy.handleTally(from, request, respond);
        if (request.client && this.#engine.member) this.#attach(from);
        return;
      case 'recall':
        return this.#antiEntropy.handleRecall(request, respond);
      case 'register':
        return this.#directory.handleRegister(from, request, respond);
      case 'whereis':
        return this.#directory.handleWhereis(request, respond);
    }
  }

  /** A node is connected, or has said what it is now. */
  met(id: string, member: boolean): void {
    if (member) this.#broadcast.detach(id);
    else this.#broadcast.suppose(id);
  }

  disconnected(id: string): void {
    this.#broadcast.detach(id);
  }

  /** This client has a home, or another one. */
  homed(): void {
    this.#whispers.homed();
    this.#antiEntropy.homed();
    this.#broadcast.resend();
  }

  neighboursChanged(): void {
    // Whoever begins a ring has missed nothing.
    const { successors } = this.#surroundings.neighbourhood;
    if (this.#engine.member && successors.length === 0) this.#log.tuned = true;
    this.#directory.neighboursChanged();
    this.#antiEntropy.nudge();
  }

  #attach(id: string): void {
    const isNew = !this.#broadcast.attached.includes(id);
    this.#broadcast.attach(id);
    if (!isNew) return;
    // A joiner is a client for a moment: it need not be found as one.
    this.#engine.after(this.#engine.profile.requestMinMs, () => {
      if (this.#engine.member && this.#broadcast.attached.includes(id)) this.#directory.register(id);
    });
  }
}
