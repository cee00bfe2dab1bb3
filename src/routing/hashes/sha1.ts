/** SHA-1, for choosing servers and for keys only. @module */

import { byteString } from "./text_hash.ts";

const WORDS = /* @__PURE__ */ new Int32Array(80);
const STATE = /* @__PURE__ */ new Int32Array(5);

/**
 * Hashes the UTF-8 bytes of a text.
 *
 * @param text The text to hash.
 * @param into Receives the digest's five words, big-endian as in SHA-1.
 */
export function sha1(text: string, into: Uint32Array): void {
  sha1OfBytes(byteString(text), into);
}

/** As {@linkcode sha1}, of bytes: one character for each. */
export function sha1OfBytes(bytes: string, into: Uint32Array): void {
  digest(bytes);
  into.set(STATE);
}

function digest(bytes: string): void {
  const { length } = bytes;
  STATE[0] = 0x67452301;
  STATE[1] = 0xefcdab89;
  STATE[2] = 0x98badcfe;
  STATE[3] = 0x10325476;
  STATE[4] = 0xc3d2e1f0;
  let at = 0;
  for (; length - at >= 64; at += 64) {
    load(bytes, at, at + 64);
    addBlock();
  }
  load(bytes, at, length);
  const rest = length - at;
  WORDS[rest >> 2]! |= 0x80 << (24 - (rest & 3) * 8);
  if (rest > 55) {
    addBlock();
    WORDS.fill(0, 0, 16);
  }
  WORDS[14] = length >>> 29;
  WORDS[15] = length << 3;
  addBlock();
}

function load(bytes: string, from: number, to: number): void {
  WORDS.fill(0, 0, 16);
  for (let i = from; i < to; i++) {
    WORDS[(i - from) >> 2]! |= bytes.charCodeAt(i) << (24 - (i & 3) * 8);
  }
}

function addBlock(): void {
  for (let i = 16; i < 80; i++) {
    const word = WORDS[i - 3]! ^ WORDS[i - 8]! ^ WORDS[i - 14]! ^ WORDS[i - 16]!;
    WORDS[i] = (word << 1) | (word >>> 31);
  }
  let a = STATE[0]!;
  let b = STATE[1]!;
  let c = STATE[2]!;
  let d = STATE[3]!;
  let e = STATE[4]!;
  for (let i = 0; i < 80; i++) {
    const next = (((a << 5) | (a >>> 27)) + chosen(i, b, c, d) + e + WORDS[i]!) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  STATE[0]! += a;
  STATE[1]! += b;
  STATE[2]! += c;
  STATE[3]! += d;
  STATE[4]! += e;
}

/** The value that a round adds, including its constant. */
function chosen(round: number, b: number, c: number, d: number): number {
  if (round < 20) return (d ^ (b & (c ^ d))) + 0x5a827999;
  if (round < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (round < 60) return ((b & c) | (d & (b | c))) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}
