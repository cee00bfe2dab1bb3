/** MD5, for choosing servers only. @module */

import { byteString, type NamedHash } from "./text_hash.ts";

/** RFC 1321 defines the constants by the sine function. */
const SINES = /* @__PURE__ */ Int32Array.from(
  { length: 64 },
  (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32),
);
const BLOCK = /* @__PURE__ */ new Int32Array(16);
const STATE = /* @__PURE__ */ new Int32Array(4);

/** The first four bytes of the digest, as ketama hashes a key. */
export const MD5_WORD: NamedHash = {
  hash: md5Word,
  text: "MD5, its first four bytes, the first one lowest",
};

/**
 * Hashes the UTF-8 bytes of a text. It is implemented here because choosing a server must be synchronous, and the
 * platform's digests return promises.
 *
 * @param text The text to hash.
 * @param into Receives the digest's four words, little-endian as in MD5.
 */
export function md5(text: string, into: Uint32Array): void {
  digest(byteString(text));
  into.set(STATE);
}

function md5Word(text: string): number {
  digest(byteString(text));
  return STATE[0]! >>> 0;
}

function digest(bytes: string): void {
  const { length } = bytes;
  STATE[0] = 0x67452301;
  STATE[1] = 0xefcdab89;
  STATE[2] = 0x98badcfe;
  STATE[3] = 0x10325476;
  let at = 0;
  for (; length - at >= 64; at += 64) {
    load(bytes, at, at + 64);
    addBlock();
  }
  load(bytes, at, length);
  const rest = length - at;
  BLOCK[rest >> 2]! |= 0x80 << ((rest & 3) * 8);
  if (rest > 55) {
    addBlock();
    BLOCK.fill(0);
  }
  BLOCK[14] = length << 3;
  BLOCK[15] = length >>> 29;
  addBlock();
}

function load(bytes: string, from: number, to: number): void {
  BLOCK.fill(0);
  for (let i = from; i < to; i++) {
    BLOCK[(i - from) >> 2]! |= bytes.charCodeAt(i) << ((i & 3) * 8);
  }
}

function addBlock(): void {
  let a = STATE[0]!;
  let b = STATE[1]!;
  let c = STATE[2]!;
  let d = STATE[3]!;
  for (let i = 0; i < 16; i += 4) {
    a = step(a + (d ^ (b & (c ^ d))), i, i, 7, b);
    d = step(d + (c ^ (a & (b ^ c))), i + 1, i + 1, 12, a);
    c = step(c + (b ^ (d & (a ^ b))), i + 2, i + 2, 17, d);
    b = step(b + (a ^ (c & (d ^ a))), i + 3, i + 3, 22, c);
  }
  for (let i = 16; i < 32; i += 4) {
    a = step(a + (c ^ (d & (b ^ c))), i, (5 * i + 1) & 15, 5, b);
    d = step(d + (b ^ (c & (a ^ b))), i + 1, (5 * i + 6) & 15, 9, a);
    c = step(c + (a ^ (b & (d ^ a))), i + 2, (5 * i + 11) & 15, 14, d);
    b = step(b + (d ^ (a & (c ^ d))), i + 3, (5 * i + 16) & 15, 20, c);
  }
  for (let i = 32; i < 48; i += 4) {
    a = step(a + (b ^ c ^ d), i, (3 * i + 5) & 15, 4, b);
    d = step(d + (a ^ b ^ c), i + 1, (3 * i + 8) & 15, 11, a);
    c = step(c + (d ^ a ^ b), i + 2, (3 * i + 11) & 15, 16, d);
    b = step(b + (c ^ d ^ a), i + 3, (3 * i + 14) & 15, 23, c);
  }
  for (let i = 48; i < 64; i += 4) {
    a = step(a + (c ^ (b | ~d)), i, (7 * i) & 15, 6, b);
    d = step(d + (b ^ (a | ~c)), i + 1, (7 * i + 7) & 15, 10, a);
    c = step(c + (a ^ (d | ~b)), i + 2, (7 * i + 14) & 15, 15, d);
    b = step(b + (d ^ (c | ~a)), i + 3, (7 * i + 21) & 15, 21, c);
  }
  STATE[0]! += a;
  STATE[1]! += b;
  STATE[2]! += c;
  STATE[3]! += d;
}

function step(sum: number, round: number, word: number, by: number, base: number): number {
  const total = (sum + BLOCK[word]! + SINES[round]!) | 0;
  return (((total << by) | (total >>> (32 - by))) + base) | 0;
}
