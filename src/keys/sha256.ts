/** SHA-256, for keys only: the platform's digests return promises, and keys are made synchronously. @module */

const PRIMES = /* @__PURE__ */ primesBelow(312);
/** FIPS 180-4 defines both by the fractions of roots of the first primes. */
const ROUND_CONSTANTS = /* @__PURE__ */ Uint32Array.from(
  PRIMES,
  (prime) => fraction(Math.cbrt(prime)),
);
const INITIAL = /* @__PURE__ */ Uint32Array.from(
  PRIMES.slice(0, 8),
  (prime) => fraction(Math.sqrt(prime)),
);
const BLOCK_BYTES = 64;

/**
 * @param bytes The bytes to hash, one character for each.
 * @returns The eight words of the digest, big-endian as in SHA-256.
 */
export function sha256(bytes: string): Uint32Array {
  const { length } = bytes;
  const view = new DataView(new ArrayBuffer(Math.ceil((length + 9) / BLOCK_BYTES) * BLOCK_BYTES));
  for (let i = 0; i < length; i++) view.setUint8(i, bytes.charCodeAt(i));
  view.setUint8(length, 0x80);
  view.setBigUint64(view.byteLength - 8, BigInt(length) * 8n);
  const state = INITIAL.slice();
  for (let at = 0; at < view.byteLength; at += BLOCK_BYTES) addBlock(state, scheduleOf(view, at));
  return state;
}

function scheduleOf(view: DataView, from: number): Uint32Array {
  const words = new Uint32Array(64);
  for (let i = 0; i < 16; i++) words[i] = view.getUint32(from + 4 * i);
  for (let i = 16; i < 64; i++) {
    const early = words[i - 15]!;
    const late = words[i - 2]!;
    const earlyMix = rotated(early, 7) ^ rotated(early, 18) ^ early >>> 3;
    const lateMix = rotated(late, 17) ^ rotated(late, 19) ^ late >>> 10;
    words[i] = words[i - 16]! + earlyMix + words[i - 7]! + lateMix;
  }
  return words;
}

function addBlock(state: Uint32Array, words: Uint32Array): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let i = 0; i < 64; i++) {
    const eMix = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const first = h + eMix + (g ^ (e & (f ^ g))) + ROUND_CONSTANTS[i]! + words[i]!;
    const aMix = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
    const second = aMix + ((a & b) | (c & (a | b)));
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => state[i]! += word);
}

function rotated(word: number, by: number): number {
  return word >>> by | word << (32 - by);
}

/** The first 32 bits of a number's fraction. */
function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32);
}

function primesBelow(limit: number): number[] {
  const primes: number[] = [];
  for (let number = 2; number < limit; number++) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  }
  return primes;
}
