// What a command writes: data to standard output, everything else to standard error, colour only where it is
// wanted. Writes wait for a slow reader, and a reader that has gone away (`chord keys | head`) is no error.
// Data that cannot be written for another reason fails the command at its end; lines for people may be lost.
import { writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { styleText } from 'node:util';
import { CommandFailure } from './failure.ts';

/** The colours used; each has one meaning throughout. */
export type Colour = 'bold' | 'cyan' | 'dim' | 'green' | 'red' | 'yellow';

/** Why standard output takes no more. */
let loss: NodeJS.ErrnoException | undefined;
let isExpendable = false;
let watching = false;

/**
 * Lets the readers of this process go away, and disks be full, without ending it: of data, whoever writes it
 * hears of that by `writeBytes`; of what is written for people, nobody has to. Before the first byte is
 * written.
 */
export function letReadersGo(): void {
  if (watching) return;
  watching = true;
  process.stdout.on('error', noteLoss);
  // A log that is full must not end what it tells of: a member that is degraded may hold the last copies.
  process.stderr.on('error', () => undefined);
}

/** For what runs for others, as a node: it goes on without its output, and tries to write each time. */
export function goOnWithoutOutput(): void {
  isExpendable = true;
}

/** What the command has to fail with, because not all of its data was written though somebody reads it. */
export function outputFailure(): CommandFailure | undefined {
  if (loss === undefined || loss.code === 'EPIPE') return undefined;
  return new CommandFailure('ERR_OUTPUT', `standard output cannot be written: ${loss.message}`, {
    cause: loss,
  });
}

function noteLoss(error: NodeJS.ErrnoException): void {
  if (!isExpendable) loss ??= error;
}

/** Colours text for standard output, unless it is no terminal or NO_COLOR is set. */
export function paint(colour: Colour, text: string): string {
  return styleText(colour, text, { stream: process.stdout });
}

/** The same for standard error. */
export function paintError(colour: Colour, text: string): string {
  return styleText(colour, text, { stream: process.stderr });
}

/**
 * Writes bytes to standard output as they are. Resolves to false once nobody reads them any more, or they
 * cannot be written.
 */
export async function writeBytes(bytes: Uint8Array | string): Promise<boolean> {
  if (loss !== undefined) return false;
  const stream: unknown = process.stdout;
  const error = stream instanceof Socket ? await writeToStream(stream, bytes) : writeToFile(bytes);
  if (error !== undefined) noteLoss(error);
  return error === undefined;
}

/** To a pipe or a terminal. The callback comes in any case, also where the reader leaves meanwhile. */
async function writeToStream(stream: Socket, bytes: Uint8Array | string): Promise<Error | undefined> {
  return new Promise((resolve) => {
    stream.write(bytes, (error) => resolve(error ?? undefined));
  });
}

/** Whole or not: Node's stream for files takes a write that a full disk has cut short for a whole one. */
function writeToFile(bytes: Uint8Array | string): Error | undefined {
  try {
    writeFileSync(process.stdout.fd, bytes);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
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
