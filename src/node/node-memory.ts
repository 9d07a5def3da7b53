// NodeMemory: what a node knows of itself before it speaks with anybody, with or without a store. It owns
// the moment at which the store is opened, once, and its records are given to the machine; persistence.ts
// does the rest.
import type { Contact } from '../core/contact.ts';
import type { SavedRecord } from '../core/saved.ts';
import type { Address } from './address.ts';
import type { DebugLog } from './debug-log.ts';
import { Identity } from './identity.ts';
import type { SocketConfig } from './options.ts';
import { Persistence, type SaveListener } from './persistence.ts';

export interface NodeMemoryView extends SaveListener {
  /** The machine begins with these records; called once, before anything else reaches it. */
  restore(records: readonly SavedRecord[], birth: number): void;
  /** Members that were known; they are tried until they answer. */
  rememberMembers(members: readonly Address[]): void;
}

/** A node without a store is born with its process. */
const FIRST = 1;

export class NodeMemory {
  readonly identity: Identity;
  readonly incarnation: number;
  readonly birth: number;
  /** Of the position before the restart. */
  readonly preferredSalt: number | undefined;
  readonly #persistence: Persistence | undefined;
  #opening: Promise<void> | undefined;
  #members: readonly Address[] = [];

  constructor(config: SocketConfig, log: DebugLog, fault: (error: Error) => void) {
    const { storage, k, protocol, limits } = config;
    this.#persistence =
      storage === undefined
        ? undefined
        : new Persistence({
            store: storage,
            terms: { k, subnet: protocol.subnet },
            log,
            queueBytes: limits.storeQueueBytes,
            fault,
          });
    this.identity = this.#persistence?.identity ?? Identity.create();
    this.incarnation = this.#persistence?.incarnation ?? FIRST;
    this.birth = this.#persistence?.birth ?? FIRST;
    this.preferredSalt = this.#persistence?.salt;
  }

  /** Whether what is saved outlives the process. */
  get isDurable(): boolean {
    return this.#persistence !== undefined;
  }

  /** Members that were known before the restart. */
  get members(): readonly Address[] {
    return this.#members;
  }

  /** Opens the store, once; after ERR_STORE it may be tried again. */
  async open(view: NodeMemoryView): Promise<void> {
    if (this.#persistence === undefined) return;
    this.#opening ??= this.#open(this.#persistence, view).catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    await this.#opening;
  }

  save(token: number, records: readonly SavedRecord[]): void {
    this.#persistence?.save(token, records);
  }

  /** For the next start: where the node stands, and the members that it knows. */
  note(self: Contact, known: readonly Contact[]): void {
    const others = known.filter(({ id, port }) => id !== self.id && port !== 0);
    this.#persistence?.note(
      self.salt,
      others.map(({ host, port }) => ({ host, port })),
    );
  }

  async close(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    await this.#persistence?.close();
  }

  async #open(persistence: Persistence, view: NodeMemoryView): Promise<void> {
    const { records, birth, members } = await persistence.open(view);
    this.#members = members;
    view.restore(records, birth);
    view.rememberMembers(members);
  }
}
