// Shell output: how values and changes are shown to people. Stored bytes may be anything, so nothing that a
// terminal would obey gets through.
import { jsonBytes, utf8 } from './output.ts';

/** What a watch says where it may have missed a change. */
export const GAP = 'gap: something may have been missed; read again what you need to know';

/** What a watch tells. */
export interface ShownEvent {
  readonly type: string;
  readonly key: Uint8Array;
  readonly value?: Uint8Array | undefined;
  readonly version: string;
}

/** As text where the bytes are UTF-8, with control characters escaped; else as hexadecimal. */
export function showBytes(bytes: Uint8Array): string {
  const text = utf8(bytes);
  return text === undefined ? hexadecimal(bytes) : showText(text);
}

/** Line feeds and tabs stay; every other control character is shown as its escape. */
export function showText(text: string): string {
  // C0 and C1: a terminal acts on them.
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, (character) => `\\x${codeOf(character, 2)}`);
}

/** A change as one line, whatever it holds. */
export function showEvent({ type, key, value }: ShownEvent): string {
  if (type === 'gap') return GAP;
  return value === undefined ? `${type} ${showWord(key)}` : `${type} ${showWord(key)} ${showWord(value)}`;
}

/** A change as an object for JSON. */
export function eventJson({ type, key, value, version }: ShownEvent): object {
  const bytes = value === undefined ? {} : jsonBytes('value', value);
  return { type, ...jsonBytes('key', key), ...bytes, version };
}

/** As it is, but a JSON string where there are control characters: a line feed would begin another line. */
export function showWord(bytes: Uint8Array): string {
  const text = utf8(bytes);
  if (text === undefined) return hexadecimal(bytes);
  if (!/\p{Cc}/u.test(text)) return text;
  return JSON.stringify(text).replaceAll(/\p{Cc}/gu, (character) => `\\u${codeOf(character, 4)}`);
}

function hexadecimal(bytes: Uint8Array): string {
  return `<${bytes.length} bytes> ${Buffer.from(bytes).toString('hex')}`;
}

function codeOf(character: string, digits: number): string {
  return (character.codePointAt(0) ?? 0).toString(16).padStart(digits, '0');
}
