// Shell watches: what is watched in the background, and how an event is told. Watching is the socket's; a
// release whose sockets cannot watch has a shell without the command.
import { GAP, showBytes } from './shell-output.ts';

interface WatchEvent {
  readonly type: string;
  readonly key: Uint8Array;
  readonly value?: Uint8Array;
}

type Watching = AsyncIterable<WatchEvent> & { readonly ready: Promise<void> };

/** The part of a socket that is used here. */
export interface Watchable {
  watch(what: string | { prefix: string }, options: { signal: AbortSignal }): Watching;
}

export function canWatch(socket: object): socket is Watchable {
  return 'watch' in socket && typeof socket.watch === 'function';
}

export class ShellWatches {
  readonly #socket: Watchable;
  readonly #tell: (line: string) => void;
  readonly #running = new Map<string, AbortController>();

  /** `tell` shows a line while something else may be being typed. */
  constructor(socket: Watchable, tell: (line: string) => void) {
    this.#socket = socket;
    this.#tell = tell;
  }

  /** What is watched, as it was given. */
  get names(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** Watches a key, or with a star at the end all keys that begin so; resolves once changes are told. */
  async begin(name: string, signal: AbortSignal): Promise<void> {
    if (this.#running.has(name)) return;
    const controller = new AbortController();
    const what = name.endsWith('*') ? { prefix: name.slice(0, -1) } : name;
    const watch = this.#socket.watch(what, { signal: controller.signal });
    this.#running.set(name, controller);
    const giveUp = (): void => void this.end(name);
    signal.addEventListener('abort', giveUp, { once: true, signal: controller.signal });
    try {
      await watch.ready;
    } catch (error) {
      this.end(name);
      throw error;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
    void this.#follow(name, watch, controller.signal);
  }

  /** Whether it was watched. */
  end(name: string): boolean {
    const controller = this.#running.get(name);
    controller?.abort();
    return this.#running.delete(name);
  }

  endAll(): void {
    for (const name of this.names) this.end(name);
  }

  async #follow(name: string, watch: Watching, signal: AbortSignal): Promise<void> {
    try {
      for await (const { type, key, value } of watch) {
        const shown = value === undefined ? '' : ` ${showBytes(value)}`;
        this.#tell(type === 'gap' ? `${GAP} (${name})` : `${type} ${showBytes(key)}${shown}`);
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#tell(`the watch of ${name} ended: ${error instanceof Error ? error.message : String(error)}`);
    }
    // It may be watched anew already.
    if (!signal.aborted) this.#running.delete(name);
  }
}
