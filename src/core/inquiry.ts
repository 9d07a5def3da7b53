// Inquiry: asks around who knows the configuration of an arc that has come to this member and of which it
// knows nothing. It owns the asking, and the patience: where nobody knows anything for as long as would have
// members dropped, all who held the arc are gone.
import type { Configuration } from './configuration.ts';
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Known } from './message.ts';
import type { Arc } from './position.ts';

export interface InquiryView {
  sources(): readonly Contact[];
  heard(contact: Contact, birth: number, known: readonly Known[]): void;
  /** Whether anything is known now. */
  found(): boolean;
  /** Whether an arc may begin anew when nobody knows it. */
  mayBegin(): boolean;
  /** `anew`: nobody knows the arc, and it may begin empty. */
  ended(anew: boolean): void;
}

export class Inquiry {
  readonly arc: Arc;
  /** None is known. */
  readonly bases: readonly Configuration[] = [];
  readonly #engine: Engine;
  readonly #view: InquiryView;
  readonly #startedAt: number;
  #ended = false;

  constructor(engine: Engine, arc: Arc, view: InquiryView) {
    this.#engine = engine;
    this.#view = view;
    this.arc = arc;
    this.#startedAt = engine.now;
  }

  get isStuck(): boolean {
    return this.#engine.now - this.#startedAt >= this.#engine.profile.evictAfterMs;
  }

  end(): this {
    this.#ended = true;
    return this;
  }

  begin(): void {
    const sources = new Map(this.#view.sources().map((contact) => [contact.id, contact]));
    let open = sources.size;
    if (open === 0) return this.#again();
    for (const contact of sources.values()) {
      this.#engine.call(contact, { type: 'inspect', arc: this.arc, saved: false }, (answer) => {
        open -= 1;
        if (this.#ended) return;
        if (answer.type === 'reply' && answer.body.type === 'inspected') {
          this.#view.heard(contact, answer.body.birth, answer.body.known);
        }
        // The hearing may have ended this inquiry.
        if (this.#isOver()) return;
        if (this.#view.found()) return this.#finish(false);
        if (open === 0) this.#again();
      });
    }
  }

  #isOver(): boolean {
    return this.#ended;
  }

  #finish(anew: boolean): void {
    this.#ended = true;
    this.#view.ended(anew);
  }

  #again(): void {
    if (this.isStuck && this.#view.mayBegin()) return this.#finish(true);
    const { random, profile } = this.#engine;
    this.#engine.after(random.around(profile.retryMs * 2, 0.5), () => {
      if (!this.#ended) this.begin();
    });
  }
}
