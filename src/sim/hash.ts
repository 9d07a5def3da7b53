// Hashes for simulations: fast, even and pure, and not for anything else.

/**
 * 64 well-mixed bits of the bytes (two rounds of a 32-bit FNV-1a, finished as in MurmurHash3), as 8 bytes.
 */
export function simulationHash(bytes: Uint8Array): Uint8Array {
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  // By index: a joiner hashes thousands of salts, and an iterator takes most of the time.
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul(high ^ byte, 0x85ebca6b) ^ (low >>> 15);
  }
  const digest = new Uint8Array(8);
  const first = finish(low ^ Math.imul(high, 0x27d4eb2f));
  const second = finish(high ^ Math.imul(low, 0x165667b1));
  for (let i = 0; i < 4; i++) {
    digest[i] = first >>> (24 - 8 * i);
    digest[i + 4] = second >>> (24 - 8 * i);
  }
  return digest;
}

function finish(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
