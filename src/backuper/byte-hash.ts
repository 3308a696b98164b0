/** Two halves of 32 bits, from the latest call of a function here: a value of its own for each would cost more. */
export const latestHash = { high: 0, low: 0 };

/**
 * Hashes bytes to 64 bits, into `latestHash`. Two entries of 2 million share a hash once in ten million trees; no
 * secret and no rights hang on it, and a cryptographic hash takes ten times as long.
 */
export function hashBytes(bytes: Uint8Array, seed = 0): void {
  let high = 0xdeadbeef ^ seed;
  let low = 0x41c6ce57 ^ seed;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    high = Math.imul(high ^ byte, 2654435761);
    low = Math.imul(low ^ byte, 1597334677);
  }
  finish(high, low);
}

/** The same for a text of ASCII characters. */
export function hashText(text: string, seed = 0): void {
  let high = 0xdeadbeef ^ seed;
  let low = 0x41c6ce57 ^ seed;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  finish(high, low);
}

/** Lets every bit of either half decide about every bit of both, with the constants of MurmurHash3's last steps. */
function finish(high: number, low: number): void {
  let one = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  const other = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
  one = Math.imul(one ^ (other >>> 16), 2654435761);
  latestHash.high = one >>> 0;
  latestHash.low = other >>> 0;
}
