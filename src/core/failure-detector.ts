// FailureDetector: decides when a silent member is dead. Silence alone is not enough: a neighbour is asked
// to try as well (indirect confirmation, as in SWIM), because a broken pair must not split the ring, and a
// busy process is not a dead one. It owns suspicions under way; what a death means for the ring is the
// membership's.
import { sameContact, type Contact } from './contact.ts';
import type { Answer, Engine } from './engine.ts';

interface Suspicion {
  readonly contact: Contact;
  readonly since: number;
}

/** What the detector needs to know of the ring. */
export interface DetectorView {
  /** The contact of a member whose life matters here: neighbours, replicas, fingers; else undefined. */
  contactOf(id: string): Contact | undefined;
  /** Members that may be asked to check another, nearest first. */
  neighbours(): readonly Contact[];
  /** The member is silent, and being looked at. */
  suspected(contact: Contact): void;
  /** The member is dead: from now on `contactOf` no longer knows it. */
  dead(contact: Contact): void;
}

export class FailureDetector {
  readonly #engine: Engine;
  readonly #view: DetectorView;
  readonly #suspicions = new Map<string, Suspicion>();

  constructor(engine: Engine, view: DetectorView) {
    this.#engine = engine;
    this.#view = view;
    engine.onSilence = (id) => this.suspect(id);
  }

  /** A request to the peer failed, or its connection is gone. */
  suspect(id: string): void {
    if (this.#suspicions.has(id)) return;
    const contact = this.#view.contactOf(id);
    if (contact === undefined) return;
    this.#suspicions.set(id, { contact, since: this.#engine.now });
    this.#probe(contact, 0);
    this.#view.suspected(contact);
  }

  isSuspected(id: string): boolean {
    return this.#suspicions.has(id);
  }

  /** `check`: tries a member on behalf of a neighbour. */
  handleCheck(from: string, number: number, suspect: Contact): void {
    const engine = this.#engine;
    if (suspect.id === engine.self.id)
      return engine.reply(from, number, { type: 'checked', alive: engine.member });
    engine.call(suspect, { type: 'ping' }, (answer) => {
      engine.reply(from, number, { type: 'checked', alive: answer.type === 'reply' });
    });
  }

  /** Pings the suspect, and asks a neighbour to do so at the same time. */
  #probe(contact: Contact, round: number): void {
    const engine = this.#engine;
    if (!this.#suspicions.has(contact.id)) return;
    let direct: Answer['type'] | undefined;
    // Undefined until known; a neighbour that does not answer either says nothing.
    let seenByOther: boolean | undefined;
    let open = 1;
    const finished = (): void => {
      open -= 1;
      if (open === 0) this.#conclude(contact, round, direct === 'unreachable', seenByOther);
    };
    engine.call(contact, { type: 'ping' }, (answer) => {
      direct = answer.type;
      if (answer.type === 'reply') this.#suspicions.delete(contact.id);
      finished();
    });
    const witness = this.#witness(contact.id, round);
    if (witness === undefined) return;
    open += 1;
    // The witness needs a request's time of its own before it can say no, but not beyond the eviction.
    const { requestMinMs, requestMaxMs, evictAfterMs } = engine.profile;
    const since = this.#suspicions.get(contact.id)?.since ?? engine.now;
    const left = Math.max(requestMinMs, since + evictAfterMs - engine.now);
    const timeoutMs = Math.min(left, engine.peers.timeoutMs(witness.id) + requestMaxMs);
    engine.call(
      witness,
      { type: 'check', suspect: contact },
      (answer) => {
        if (answer.type === 'reply' && answer.body.type === 'checked') seenByOther = answer.body.alive;
        finished();
      },
      timeoutMs,
    );
  }

  #conclude(contact: Contact, round: number, unreachable: boolean, seenByOther: boolean | undefined): void {
    const suspicion = this.#suspicions.get(contact.id);
    if (suspicion === undefined) return;
    const engine = this.#engine;
    const { evictAfterMs, requestMinMs } = engine.profile;
    // It has come back in another life, or elsewhere: what was asked says nothing of that.
    const present = this.#view.contactOf(contact.id);
    if (present !== undefined && !sameContact(present, contact))
      return void this.#suspicions.delete(contact.id);
    if (seenByOther !== true) {
      // A refused connection is proof enough once a neighbour agrees, or nobody else could be asked twice
      // over.
      const agreed = unreachable && (seenByOther === false || round >= 2);
      if (agreed || engine.now - suspicion.since >= evictAfterMs) {
        this.#suspicions.delete(contact.id);
        this.#view.dead(contact);
        return;
      }
    }
    const pauseMs = seenByOther === true ? evictAfterMs : requestMinMs / 4;
    engine.after(pauseMs, () => this.#probe(contact, round + 1));
  }

  #witness(suspect: string, round: number): Contact | undefined {
    const others = this.#view
      .neighbours()
      .filter((contact) => contact.id !== suspect && !this.#suspicions.has(contact.id));
    return others[round % Math.max(1, others.length)];
  }
}
