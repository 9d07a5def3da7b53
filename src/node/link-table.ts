// LinkTable: which open link leads to which node. It owns the rule for two links between one pair, and the
// order of last use. It opens and closes nothing.
import type { Link } from './link.ts';

/** What adding a link did. */
export interface Replacement {
  /** The link that is not used for sending any more: the old or the new one. */
  readonly loser: Link;
  /** Whether the loser's process is known to be gone. */
  readonly isDead: boolean;
}

export class LinkTable {
  readonly #ownId: string;
  readonly #crossingMs: number;
  /** By peer; the first is used for sending, the others still receive. */
  readonly #links = new Map<string, Link[]>();
  #count = 0;

  /** Two links that open within `crossingMs` of each other were dialled at the same time. */
  constructor(ownId: string, crossingMs: number) {
    this.#ownId = ownId;
    this.#crossingMs = crossingMs;
  }

  /** Of links, not of nodes. */
  get count(): number {
    return this.#count;
  }

  ids(): string[] {
    return [...this.#links.keys()];
  }

  has(id: string): boolean {
    return this.#links.has(id);
  }

  /** The link to send over. */
  current(id: string): Link | undefined {
    return this.#links.get(id)?.[0];
  }

  add(id: string, link: Link): Replacement | undefined {
    this.#count += 1;
    const links = this.#links.get(id);
    const current = links?.[0];
    if (links === undefined || current === undefined) {
      this.#links.set(id, [link]);
      return undefined;
    }
    const [old, fresh] = [current.peer?.incarnation ?? 0, link.peer?.incarnation ?? 0];
    if (this.#prefers(link, current)) {
      links.unshift(link);
      return { loser: current, isDead: fresh > old };
    }
    links.push(link);
    return { loser: link, isDead: false };
  }

  /** Whether that was the last link to its node. */
  remove(id: string, link: Link): boolean {
    const links = this.#links.get(id);
    const index = links?.indexOf(link) ?? -1;
    if (links === undefined || index === -1) return false;
    links.splice(index, 1);
    this.#count -= 1;
    if (links.length > 0) return false;
    this.#links.delete(id);
    return true;
  }

  /** Up to `limit` links, the least recently used first, none used after `before`. */
  idle(before: number, limit: number): Link[] {
    const idle: Link[] = [];
    for (const links of this.#links.values()) {
      for (const link of links) if (link.lastUsedAt <= before) idle.push(link);
    }
    return idle.toSorted((a, b) => a.lastUsedAt - b.lastUsedAt).slice(0, limit);
  }

  /**
   * Both nodes decide alike. A later life of the peer beats a former one. Of two links dialled by one side
   * the newer is better, because whoever dials again has lost the old one. Of two that crossed, both keep the
   * one that the smaller id dialled.
   */
  #prefers(fresh: Link, old: Link): boolean {
    const [a, b] = [fresh.peer, old.peer];
    if (a === undefined || b === undefined) return true;
    if (a.incarnation !== b.incarnation) return a.incarnation > b.incarnation;
    if (fresh.role === old.role || fresh.openedAt - old.openedAt > this.#crossingMs) return true;
    return this.#isDialledBySmaller(a.id, fresh);
  }

  #isDialledBySmaller(id: string, link: Link): boolean {
    return link.role === 'dialler' ? this.#ownId < id : id < this.#ownId;
  }
}
