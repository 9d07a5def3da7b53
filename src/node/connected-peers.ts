// ConnectedPeers: the nodes that a connection is open to, as they were last heard of. It owns what users are
// told of a node when it connects and when it is gone; who is a member is the machine's to know.
import type { Contact } from '../core/contact.ts';
import type { Message } from '../core/message.ts';
import { type Peer, toPeer } from './peer.ts';

export class ConnectedPeers {
  readonly #peers = new Map<string, Peer>();

  get size(): number {
    return this.#peers.size;
  }

  get(id: string): Peer | undefined {
    return this.#peers.get(id);
  }

  /** Takes note of a connection; the peer where it is the first to that node. */
  add(contact: Contact): Peer | undefined {
    const isNew = !this.#peers.has(contact.id);
    const peer = toPeer(contact);
    this.#peers.set(contact.id, peer);
    return isNew ? peer : undefined;
  }

  /** The last connection is gone. */
  remove(id: string): void {
    this.#peers.delete(id);
  }

  /** What a node says of itself when it joins, moves or leaves is newer than what it said on connecting. */
  heard(id: string, { direction, body }: Message): void {
    if (direction !== 'request' || (body.type !== 'announce' && body.type !== 'leave')) return;
    if (body.self.id === id && this.#peers.has(id)) this.#peers.set(id, toPeer(body.self));
  }
}
