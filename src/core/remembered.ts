// Remembered: addresses that are worth a try: those the user configured, and those of members that were
// given up. They are dialled with back-off, for ever or until the member is back, so that a partition ends
// where it began.
import type { Engine } from './engine.ts';

interface Remembered {
  readonly host: string;
  readonly port: number;
  /** Configured by the user: never forgotten. */
  readonly permanent: boolean;
  pauseMs: number;
}

export interface RememberedView {
  /** Whether a member with this address is among those we know. */
  knows(host: string, port: number): boolean;
  /** The known member with this address is asked whether it is of our ring. */
  compare(host: string, port: number): void;
}

export class RememberedAddresses {
  readonly #engine: Engine;
  readonly #view: RememberedView;
  readonly #addresses = new Map<string, Remembered>();

  constructor(engine: Engine, view: RememberedView) {
    this.#engine = engine;
    this.#view = view;
  }

  add(host: string, port: number, permanent: boolean): void {
    const name = `${host} ${port}`;
    const present = this.#addresses.get(name);
    if (port === 0 || (present !== undefined && (present.permanent || !permanent))) return;
    this.#addresses.delete(name);
    if (this.#addresses.size >= this.#engine.limits.remembered && !this.#evict()) return;
    const address: Remembered = { host, port, permanent, pauseMs: this.#engine.profile.probeMinMs };
    this.#addresses.set(name, address);
    this.#schedule(name, address);
  }

  /** A member that left by its own will is not looked for. */
  remove(host: string, port: number): void {
    const name = `${host} ${port}`;
    if (this.#addresses.get(name)?.permanent === false) this.#addresses.delete(name);
  }

  #schedule(name: string, address: Remembered): void {
    this.#engine.after(this.#engine.random.around(address.pauseMs), () => {
      if (this.#addresses.get(name) === address) this.#probe(name, address);
    });
  }

  #probe(name: string, address: Remembered): void {
    const { host, port } = address;
    const { probeMaxMs } = this.#engine.profile;
    address.pauseMs = Math.min(probeMaxMs, address.pauseMs * 2);
    const own = host === this.#engine.self.host && port === this.#engine.self.port;
    if (own || this.#view.knows(host, port)) {
      if (!address.permanent) {
        this.#addresses.delete(name);
        return;
      }
      if (!own) this.#view.compare(host, port);
    } else {
      this.#engine.effect({ type: 'dial', host, port });
    }
    this.#schedule(name, address);
  }

  #evict(): boolean {
    for (const [name, address] of this.#addresses) {
      if (address.permanent) continue;
      this.#addresses.delete(name);
      return true;
    }
    return false;
  }
}
