// Transcript: several values as one byte string that can be split in one way only, to be hashed, signed or
// authenticated.

const ENCODER = new TextEncoder();

/**
 * Each part with its length in front (4 bytes, big-endian), one after the other. A string counts as its UTF-8
 * bytes.
 */
export function lengthPrefixed(parts: readonly (string | Uint8Array)[]): Uint8Array {
  const blocks = parts.map((part) => (typeof part === 'string' ? ENCODER.encode(part) : part));
  const bytes = new Uint8Array(blocks.reduce((sum, block) => sum + 4 + block.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const block of blocks) {
    view.setUint32(at, block.length);
    bytes.set(block, at + 4);
    at += 4 + block.length;
  }
  return bytes;
}
