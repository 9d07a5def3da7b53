// Hints: configurations of our arc that others have told of, and that nothing known here comes after. It owns
// the table of them; what follows from a hint is the owner's affair.
import { ArcMap } from './arc-map.ts';
import type { Part } from './arc-map.ts';
import type { Configuration } from './configuration.ts';
import { latest, sameBase, supersedes } from './configuration.ts';
import type { Arc } from './position.ts';
import { without } from './position.ts';
import type { KnownPart } from './saved.ts';

export class Hints {
  readonly #size: number;
  readonly #map: ArcMap<readonly Configuration[]>;

  constructor(size: number) {
    this.#size = size;
    this.#map = new ArcMap(size, (a, b) => a === b);
  }

  within(arc: Arc): Part<readonly Configuration[]>[] {
    return this.#map.within(arc);
  }

  gaps(arc: Arc): Arc[] {
    return this.#map.gaps(arc);
  }

  forget(arc: Arc): void {
    this.#map.set(arc, undefined);
  }

  /** What the configuration comes after is over, also where something else is known that comes after it. */
  pass(arc: Arc, configuration: Configuration): void {
    for (const { arc: part, value } of this.within(arc)) {
      const left = value.filter((one) => !supersedes(configuration, one));
      if (left.length < value.length) this.#map.set(part, left.length > 0 ? left : undefined);
    }
  }

  /** Takes it up where it is news beside what is known of the arc already; returns those parts. */
  add(arc: Arc, configuration: Configuration, known: readonly KnownPart[]): Arc[] {
    const covers = (one: Configuration): boolean =>
      sameBase(one, configuration) || supersedes(one, configuration);
    const old = known.filter((part) => covers(part.configuration)).map((part) => part.arc);
    const heard = this.within(arc).filter((part) => part.value.some(covers));
    const news = without([arc], [...old, ...heard.map((part) => part.arc)], this.#size);
    for (const part of news) {
      const empty = this.gaps(part).map((gap) => ({ arc: gap, value: [] }));
      for (const piece of [...this.within(part), ...empty]) {
        this.#map.set(piece.arc, latest([...piece.value, configuration]));
      }
    }
    return news;
  }
}
