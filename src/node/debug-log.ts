// DebugLog: what a node says about itself, to a logger and to standard error.
// It owns the five levels and their form; what is worth saying is decided where it happens.

/** The part of pino's interface that is used; any logger of that shape will do. */
export interface Logger {
  error(details: object, message: string): void;
  warn(details: object, message: string): void;
  info(details: object, message: string): void;
  debug(details: object, message: string): void;
  trace(details: object, message: string): void;
}

export type LogLevel = keyof Logger;

/** Level n of `debugLevel` prints the first n of these; 0 prints nothing. */
export const LOG_LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug', 'trace'];

export interface DebugLogOptions {
  readonly logger: Logger | undefined;
  /** 0..5. */
  readonly debugLevel: number;
  /** Tells nodes of one process apart: each printed line begins with the port, as the reference's do. */
  readonly port: () => number;
  readonly print?: (line: string) => void;
}

export class DebugLog {
  readonly #options: DebugLogOptions;
  readonly #print: (line: string) => void;

  constructor(options: DebugLogOptions) {
    this.#options = options;
    this.#print = options.print ?? ((line) => console.error(line));
  }

  /** Whether anybody reads this level: saves building what nobody reads. */
  hears(level: LogLevel): boolean {
    return this.#options.logger !== undefined || this.#prints(level);
  }

  write(level: LogLevel, message: string, details: object = {}): void {
    try {
      this.#options.logger?.[level](details, message);
    } catch {
      // A line may be lost, as one is that the console cannot print; the node goes on.
    }
    if (!this.#prints(level)) return;
    const rest = Object.keys(details).length === 0 ? '' : ` ${show(details)}`;
    this.#print(`${this.#options.port()} ${message}${rest}`);
  }

  #prints(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) < this.#options.debugLevel;
  }
}

function show(details: object): string {
  return JSON.stringify(details, (_name, value: unknown) => (value instanceof Error ? value.message : value));
}
