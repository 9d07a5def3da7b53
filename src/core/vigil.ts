// Vigil: whom of its neighbours a member looks at beyond the turns of stabilisation, because something that
// others asked or did not answer makes it doubt that they live. It owns these questions; whether a silent
// member is dead is decided in failure-detector.ts.
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Neighbourhood } from './message.ts';

export interface VigilView {
  neighbourhood(): Neighbourhood;
  isSuspected(id: string): boolean;
}

export class Vigil {
  readonly #engine: Engine;
  readonly #view: VigilView;
  /** Monotonic milliseconds when the predecessor spoke last, and when it was last asked out of turn. */
  #heardAt = 0;
  #doubtedAt = -Infinity;

  constructor(engine: Engine, view: VigilView) {
    this.#engine = engine;
    this.#view = view;
  }

  /** We are a member from now on. */
  begin(): void {
    this.#heardAt = this.#engine.now;
  }

  /** For how long the predecessor has not been heard. */
  get silentMs(): number {
    return this.#engine.now - this.#heardAt;
  }

  /** A member read us or notified us: where it is the predecessor, it lives. */
  heard(id: string): void {
    if (this.#view.neighbourhood().predecessor?.id === id) this.#heardAt = this.#engine.now;
  }

  /** It reads us at every turn of its own; two missed turns are worth a question. */
  watchPredecessor(): void {
    if (this.silentMs >= 2.5 * this.#engine.profile.stabiliseMs) this.#askPredecessor();
  }

  /**
   * Somebody takes us for the owner of what lies before our arc, so our predecessor may be dead. Nobody else
   * would tell us before the member behind it has noticed. Asked once in the least request time at most.
   */
  doubtPredecessor(): void {
    const { now, profile } = this.#engine;
    if (now - Math.max(this.#heardAt, this.#doubtedAt) < profile.requestMinMs) return;
    this.#doubtedAt = now;
    this.#askPredecessor();
  }

  /**
   * A listed member is silent, and its neighbours may have died with it. Those behind it are looked at while
   * nobody before it lives, because one of them is our next first successor: many that died in a row are then
   * found out one request time after the other, not one eviction. Else the member before it is told, because
   * only the nearest one behind the dead can close the ring, and everybody's list is mended from there.
   */
  lookAround(silent: Contact): void {
    const { successors } = this.#view.neighbourhood();
    const index = successors.findIndex(({ id }) => id === silent.id);
    if (index === -1) return;
    const [before, next] = [successors[index - 1], successors[index + 1]];
    const lives = ({ id }: Contact): boolean => !this.#view.isSuspected(id);
    if (next !== undefined && lives(next) && !successors.slice(0, index).some(lives)) {
      this.#engine.call(next, { type: 'ping' }, () => {});
    }
    if (before === undefined || !lives(before)) return;
    this.#engine.call(before, { type: 'ping' }, ({ type }) => {
      if (type === 'reply') this.#tell(before, silent);
    });
  }

  #askPredecessor(): void {
    const { predecessor } = this.#view.neighbourhood();
    if (predecessor === undefined) return;
    this.#engine.call(predecessor, { type: 'ping' }, (answer) => {
      if (answer.type === 'reply') this.heard(predecessor.id);
    });
  }

  #tell(member: Contact, suspect: Contact): void {
    const { peers, profile } = this.#engine;
    // The other needs a request's time of its own before it can say no.
    const timeoutMs = peers.timeoutMs(member.id) + profile.requestMaxMs;
    this.#engine.call(member, { type: 'check', suspect }, () => {}, timeoutMs);
  }
}
