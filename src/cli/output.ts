// What a command writes: data to standard output, everything else to standard error, colour only where it is
// wanted. Writes wait for a slow reader, and a reader that has gone away (`chord keys | head`) is no error.
import { once } from 'node:events';
import { styleText } from 'node:util';

/** The colours used; each has one meaning throughout. */
export type Colour = 'bold' | 'cyan' | 'dim' | 'green' | 'red' | 'yellow';

let readerGone = false;
let watching = false;

/**
 * Lets the readers of this process go away without ending it: of data, whoever writes it hears of that by
 * `writeBytes`; of what is written for people, nobody has to. Before the first byte is written.
 */
export function letReadersGo(): void {
  if (watching) return;
  watching = true;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (stream === process.stdout) readerGone = true;
    });
  }
}

/** Colours text for standard output, unless it is no terminal or NO_COLOR is set. */
export function paint(colour: Colour, text: string): string {
  return styleText(colour, text, { stream: process.stdout });
}

/** The same for standard error. */
export function paintError(colour: Colour, text: string): string {
  return styleText(colour, text, { stream: process.stderr });
}

/** Writes bytes to standard output as they are. Resolves to false once nobody reads them any more. */
export async function writeBytes(bytes: Uint8Array | string): Promise<boolean> {
  if (readerGone) return false;
  if (!process.stdout.write(bytes) && !readerGone) {
    // A reader that leaves while we wait ends the wait with 'close'.
    await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')]).catch(() => undefined);
  }
  return !readerGone;
}

/** Writes a line of data to standard output. */
export async function writeLine(line: string): Promise<boolean> {
  return writeBytes(`${line}\n`);
}

/** Writes a value as one line of JSON to standard output. */
export async function writeJson(value: unknown): Promise<boolean> {
  return writeLine(JSON.stringify(value));
}

/** Writes a line for people to standard error. */
export function stderrLine(line: string): void {
  process.stderr.write(`${line}\n`);
}

/**
 * Bytes as a property of a JSON object: `{[name]: text}` where they are UTF-8, else `{[name]Base64: …}`, so
 * that a reader can tell the two apart.
 */
export function jsonBytes(name: string, bytes: Uint8Array): Record<string, string> {
  const text = utf8(bytes);
  return text === undefined ? { [`${name}Base64`]: Buffer.from(bytes).toString('base64') } : { [name]: text };
}

/** The text that the bytes encode, or undefined where they are not UTF-8. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
