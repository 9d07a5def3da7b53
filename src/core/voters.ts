// Voters: who is to be in the next configuration of an arc of ours. It owns what is known of the lives of
// other members' memories (their births) and whom the sets leave out because it is lost.
import type { Voter } from './configuration.ts';
import type { Contact } from './contact.ts';
import type { Engine } from './engine.ts';
import type { Neighbourhood } from './message.ts';
import { distance } from './position.ts';
import type { RoutingTable } from './routing-table.ts';

/** Lives that are remembered. */
const BIRTHS_MAX = 4_096;
/** Stabilisations within which a list names who has come: one for each member that passes the news on. */
const DUE_PERIODS = 20;

export class Voters {
  /** Copies of each entry, the owner's included. */
  readonly replicas: number;
  readonly #engine: Engine;
  readonly #table: RoutingTable;
  readonly #births = new Map<string, number>();
  /** When a member was asked for its birth first. */
  readonly #asked = new Map<string, number>();
  /** Since when members that the list does not name seem to belong there. */
  readonly #due = new Map<string, number>();
  /** Members that left and still hold copies. */
  #leavers: Contact[] = [];
  /** Another birth is known. */
  onBirth: () => void = () => {};

  constructor(engine: Engine, replicas: number, table: RoutingTable) {
    this.#engine = engine;
    this.replicas = replicas;
    this.#table = table;
  }

  /** This member, then the members behind it that are to keep copies. */
  next(successors: readonly Contact[]): readonly Voter[] | undefined {
    const voters: Voter[] = [{ contact: this.#engine.self, birth: this.#engine.birth }];
    for (const contact of this.wanted(successors)) {
      const birth = this.#births.get(nameOf(contact));
      if (birth !== undefined) voters.push({ contact, birth });
      else if (this.#mustWait(contact)) return undefined;
    }
    return voters;
  }

  /** Whether nobody is left out of the next configuration: who is lost, or has not told its birth. */
  isFull(successors: readonly Contact[]): boolean {
    const all = 1 + Math.min(this.replicas - 1, successors.length);
    return (this.next(successors)?.length ?? 0) === all;
  }

  wanted(successors: readonly Contact[]): Contact[] {
    return successors.slice(0, this.replicas - 1).filter((contact) => !this.isLost(contact));
  }

  /**
   * Whether a member is to keep copies that our list may not name yet, because it has just come: it stands
   * before the last of those that keep them. Whom the list still does not name after a while is none.
   */
  isDue(contact: Contact | undefined, successors: readonly Contact[]): boolean {
    if (contact === undefined || this.replicas === 1) return false;
    const last = successors[this.replicas - 2];
    const { self, size, now, profile } = this.#engine;
    const offset = ({ position }: Contact): number => distance(self.position, position, size);
    const name = nameOf(contact);
    if (last !== undefined && offset(contact) >= offset(last)) {
      this.#due.delete(name);
      return false;
    }
    const since = this.#due.get(name) ?? now;
    if (this.#due.size >= BIRTHS_MAX) this.#due.clear();
    this.#due.set(name, since);
    return now - since < profile.stabiliseMs * DUE_PERIODS;
  }

  /** Who may know the configuration of an arc that has come to us: the members around, and who left. */
  sources(around: Neighbourhood): Contact[] {
    const before = around.predecessor === undefined ? [] : [around.predecessor];
    return [...around.successors.slice(0, this.replicas + 1), ...before, ...this.#leavers];
  }

  /** A member has left by its own will and can still be asked for what it holds. */
  addLeaver(contact: Contact): void {
    const others = this.#leavers.filter((leaver) => leaver.id !== contact.id);
    this.#leavers = [...others, contact].slice(-this.replicas);
  }

  /** It cannot be asked any more. */
  removeLeaver(id: string): void {
    this.#leavers = this.#leavers.filter((leaver) => leaver.id !== id);
  }

  /** Taken for dead, or silent for as long as would have it dropped. */
  isLost(contact: Contact): boolean {
    if (contact.id === this.#engine.self.id) return false;
    const { peers, profile, now } = this.#engine;
    if (peers.isSilentFor(contact.id, profile.evictAfterMs, now)) return true;
    // A member that woke up is in our list again before it has said anything of itself.
    const listed = this.#table.successors.some((other) => other.id === contact.id);
    return !listed && this.#table.isBuried(contact);
  }

  born(contact: Contact, birth: number): void {
    const name = nameOf(contact);
    if (this.#births.get(name) === birth) return;
    if (this.#births.size >= BIRTHS_MAX) this.#births.clear();
    this.#births.set(name, birth);
    this.#asked.delete(name);
    this.onBirth();
  }

  /** A member that does not tell in a request's time is left out for now. */
  #mustWait(contact: Contact): boolean {
    const { now, profile } = this.#engine;
    const name = nameOf(contact);
    const since = this.#asked.get(name);
    if (since !== undefined) return now - since < profile.requestMaxMs;
    if (this.#asked.size >= BIRTHS_MAX) this.#asked.clear();
    this.#asked.set(name, now);
    const { position } = this.#engine.self;
    const arc = { from: position, to: position };
    this.#engine.call(contact, { type: 'inspect', arc, saved: false }, (answer) => {
      if (answer.type === 'reply' && answer.body.type === 'inspected') this.born(contact, answer.body.birth);
      else this.#engine.after(profile.requestMaxMs, () => this.#asked.delete(name));
    });
    return true;
  }
}

function nameOf(contact: Contact): string {
  return `${contact.id} ${contact.incarnation}`;
}
