// Asking: what goes before an arc is taken over. Of one that nobody here knows, it is asked who does
// (inquiry.ts); of one that several lineages claim, which of them are there (muster.ts). It owns what is
// under way of both.
import type { Configuration } from './configuration.ts';
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import { Inquiry } from './inquiry.ts';
import type { Known } from './message.ts';
import { Muster } from './muster.ts';
import type { Arc } from './position.ts';
import { holds, isInside } from './position.ts';

export interface AskingView {
  isLost(contact: Contact): boolean;
  /** Who may know of an arc. */
  sources(): readonly Contact[];
  heard(contact: Contact, birth: number, known: readonly Known[]): void;
  /** Whether anything is known of the arc now. */
  found(arc: Arc): boolean;
  /** Whether an arc may begin anew when nobody knows it. */
  mayBegin(): boolean;
  /** How the arc is taken over is known: anew, where there is no base. */
  ready(arc: Arc, bases: readonly Configuration[]): void;
  /** More is known of an arc. */
  learned(): void;
}

export class Asking {
  readonly #engine: Engine;
  readonly #view: AskingView;
  readonly #running = new Set<Inquiry | Muster>();

  constructor(engine: Engine, view: AskingView) {
    this.#engine = engine;
    this.#view = view;
  }

  get running(): readonly (Inquiry | Muster)[] {
    return [...this.#running];
  }

  inquire(arc: Arc): void {
    const view = this.#view;
    const inquiry = new Inquiry(this.#engine, arc, {
      sources: () => view.sources(),
      heard: (contact, birth, known) => view.heard(contact, birth, known),
      found: () => view.found(arc),
      mayBegin: () => view.mayBegin(),
      ended: (anew) => {
        this.#running.delete(inquiry);
        if (anew) view.ready(arc, []);
        view.learned();
      },
    });
    this.#begin(inquiry);
  }

  muster(arc: Arc, bases: readonly Configuration[]): void {
    const muster = new Muster(this.#engine, arc, bases, {
      isLost: (contact) => this.#view.isLost(contact),
      done: (there) => {
        this.#running.delete(muster);
        this.#view.ready(arc, there);
      },
    });
    this.#begin(muster);
  }

  /** Who serves the position in the lineage that is there, while the others are waited for. */
  servedBy(position: number): Contact | undefined {
    const one = this.running.find(({ arc }) => holds(arc, position));
    return one instanceof Muster ? one.servedBy : undefined;
  }

  /** What is not inside of the arc is no affair of this member any more. */
  keepWithin(arc: Arc | undefined): void {
    for (const one of this.#running) {
      if (arc === undefined || !isInside(one.arc, arc, this.#engine.size)) this.#running.delete(one.end());
    }
  }

  endAll(): void {
    for (const one of this.#running) one.end();
    this.#running.clear();
  }

  #begin(one: Inquiry | Muster): void {
    this.#running.add(one);
    one.begin();
  }
}
