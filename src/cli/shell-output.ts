// Shell output: how values are shown to people. Stored bytes may be anything, so nothing that a terminal
// would obey gets through.

/** What a watch says where it may have missed a change. */
export const GAP = 'gap: something may have been missed; read again what you need to know';

/** As text where the bytes are UTF-8, with control characters escaped; else as hexadecimal. */
export function showBytes(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return `<${bytes.length} bytes> ${Buffer.from(bytes).toString('hex')}`;
  }
  return showText(text);
}

/** Line feeds and tabs stay; every other control character is shown as its escape. */
export function showText(text: string): string {
  // C0 and C1: a terminal acts on them.
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\x${code.toString(16).padStart(2, '0')}`;
  });
}
