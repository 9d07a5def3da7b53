// LateLinks: the links of a node, made when they are first needed, because a certificate takes a while and
// a constructor cannot wait. It owns that moment; before it there is nobody to send to.
import type { Contact } from '../core/contact.ts';
import type { Destination } from '../core/effect.ts';
import type { Message } from '../core/message.ts';
import { closedError, type Wires } from './driver.ts';
import type { DialOptions, Links } from './links.ts';

export class LateLinks implements Wires {
  readonly #make: () => Promise<Links>;
  #made: Promise<Links> | undefined;
  #links: Links | undefined;
  #isClosed = false;

  constructor(make: () => Promise<Links>) {
    this.#make = make;
  }

  /** ERR_CLOSED once it is closed; what else went wrong in making the links may go right the next time. */
  open(): Promise<Links> {
    if (this.#isClosed) return Promise.reject(closedError());
    this.#made ??= this.#make().then((links) => {
      this.#links = links;
      return links;
    });
    return this.#made;
  }

  async dial(host: string, port: number, options: DialOptions): Promise<Contact> {
    const links = await this.open();
    return links.dial(host, port, options);
  }

  async verify(contact: Contact): Promise<void> {
    const links = await this.open();
    await links.verify(contact);
  }

  send(to: Destination, message: Message): void {
    this.#links?.send(to, message);
  }

  hold(): void {
    this.#links?.hold();
  }

  flush(): void {
    this.#links?.flush();
  }

  /** Addresses of connections that have not proved yet who they are. */
  awaiting(): readonly string[] {
    return this.#links?.awaiting() ?? [];
  }

  /** Links that were never made are not made for this. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const links = await this.#made?.catch(() => undefined);
    await links?.close();
  }
}
