// Shell watches: what is watched in the background, how an event is told, and what is still to be told of the
// changes that the shell itself has made. Watching is the socket's; a release whose sockets cannot watch has
// a shell without the command.
import { stderrLine } from './output.ts';
import { eventJson, GAP, showEvent, type ShownEvent } from './shell-output.ts';

type Watching = AsyncIterable<ShownEvent> & { readonly ready: Promise<void> };

interface WatchCall {
  readonly timeoutMs?: number | undefined;
  readonly signal: AbortSignal;
}

/** The part of a socket that is used here. */
export interface Watchable {
  watch(what: string | { prefix: string }, options: WatchCall): Watching;
}

/** What was told last of a key. */
type Told = Pick<ShownEvent, 'type' | 'version'> | undefined;

interface Running {
  readonly controller: AbortController;
  /** Of each key that this shell has changed meanwhile, what was told since. */
  readonly told: Map<string, Told>;
}

/** Changed keys that are kept in mind for each watch; of more, the newest. */
const CHANGED_MAX = 10_000;

export function canWatch(socket: object): socket is Watchable {
  return 'watch' in socket && typeof socket.watch === 'function';
}

export class ShellWatches {
  readonly #socket: Watchable;
  readonly #tell: (line: string) => void;
  readonly #json: boolean;
  readonly #running = new Map<string, Running>();
  /** Called when something was told. */
  #heard: () => void = () => {};

  /** `tell` shows a line while something else may be being typed. */
  constructor(socket: Watchable, tell: (line: string) => void, json = false) {
    this.#socket = socket;
    this.#tell = tell;
    this.#json = json;
  }

  /** What is watched, as it was given. */
  get names(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** Watches a key, or with a star at the end all keys that begin so; resolves once changes are told. */
  async begin(name: string, { signal, timeoutMs }: WatchCall): Promise<void> {
    if (this.#running.has(name)) return;
    const controller = new AbortController();
    const what = name.endsWith('*') ? { prefix: name.slice(0, -1) } : name;
    const watch = this.#socket.watch(what, { timeoutMs, signal: controller.signal });
    const running = { controller, told: new Map<string, Told>() };
    this.#running.set(name, running);
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
    void this.#follow(name, watch, running);
  }

  /** Whether it was watched. */
  end(name: string): boolean {
    this.#running.get(name)?.controller.abort();
    return this.#running.delete(name);
  }

  endAll(): void {
    for (const name of this.names) this.end(name);
  }

  /** Makes a change of a key; `settle` waits until it is told, where it succeeds. */
  async changing(key: string, change: () => Promise<void>): Promise<void> {
    const watching = [...this.#running].filter(([name]) => covers(name, key)).map(([, { told }]) => told);
    // From before the change on, because it may be told before it is acknowledged.
    const first = watching.filter((told) => !told.has(key));
    for (const told of first) keepInMind(told, key);
    try {
      await change();
    } catch (error) {
      for (const told of first) told.delete(key);
      throw error;
    }
  }

  /** Resolves once what the ring has now of every key that was changed here is told, or the signal aborts. */
  async settle(
    latest: (key: string) => Promise<{ readonly version: string } | undefined>,
    signal: AbortSignal,
  ): Promise<void> {
    signal.addEventListener('abort', () => this.#heard(), { once: true });
    for (const [name, { told }] of this.#running) {
      for (const key of told.keys()) {
        const entry = await latest(key);
        const isDue = (): boolean => this.#running.has(name) && told.has(key);
        while (!signal.aborted && isDue() && !isTold(told.get(key), entry?.version)) await this.#next();
      }
    }
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#heard = resolve;
    });
  }

  async #follow(name: string, watch: Watching, { controller: { signal }, told }: Running): Promise<void> {
    try {
      for await (const event of watch) {
        this.#show(name, event);
        const { type, version } = event;
        const key = Buffer.from(event.key).toString();
        // Who is told of a gap reads again.
        if (type === 'gap') told.clear();
        else if (told.has(key)) told.set(key, { type, version });
        this.#heard();
      }
    } catch (error) {
      if (signal.aborted) return;
      const line = `the watch of ${name} ended: ${error instanceof Error ? error.message : String(error)}`;
      if (this.#json) stderrLine(line);
      else this.#tell(line);
    }
    // It may be watched anew already.
    if (!signal.aborted) this.#running.delete(name);
    this.#heard();
  }

  #show(name: string, event: ShownEvent): void {
    if (this.#json) this.#tell(JSON.stringify(eventJson(event)));
    else this.#tell(event.type === 'gap' ? `${GAP} (${name})` : showEvent(event));
  }
}

function covers(name: string, key: string): boolean {
  return name.endsWith('*') ? key.startsWith(name.slice(0, -1)) : name === key;
}

function keepInMind(told: Map<string, Told>, key: string): void {
  const [oldest] = told.keys();
  if (told.size >= CHANGED_MAX && oldest !== undefined) told.delete(oldest);
  told.set(key, undefined);
}

/** Whether that is what the ring has; without a version, it has no value. */
function isTold(told: Told, version: string | undefined): boolean {
  if (told === undefined) return false;
  return version === undefined ? told.type !== 'set' : told.version >= version;
}
