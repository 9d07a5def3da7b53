// Soon: does something in a moment, once, however often it is asked for until then: what comes in the same
// moment is looked at together.
import type { Engine } from './engine.ts';

export class Soon {
  readonly #engine: Engine;
  readonly #action: () => void;
  #isDue = false;

  constructor(engine: Engine, action: () => void) {
    this.#engine = engine;
    this.#action = action;
  }

  ask(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    const { random, profile } = this.#engine;
    this.#engine.after(random.around(profile.retryMs / 4, 0.5), () => {
      this.#isDue = false;
      this.#action();
    });
  }
}
