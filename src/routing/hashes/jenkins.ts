/** Bob Jenkins's two hashes. @module */

import { byteString, type NamedHash, signedByte } from "./text_hash.ts";

/** one_at_a_time over signed bytes, as libmemcached and twemproxy compute it. */
export const ONE_AT_A_TIME: NamedHash = { hash: oneAtATime, text: "Jenkins's one-at-a-time" };

/** lookup3's `hashlittle`, with the initial value of libmemcached and twemproxy. */
export const LOOKUP3: NamedHash = { hash: lookup3, text: "Jenkins's lookup3 from 13" };

function oneAtATime(text: string): number {
  const bytes = byteString(text);
  let hash = 0;
  for (let i = 0; i < bytes.length; i++) {
    hash = (hash + signedByte(bytes, i)) | 0;
    hash = (hash + (hash << 10)) | 0;
    hash ^= hash >>> 6;
  }
  hash = (hash + (hash << 3)) | 0;
  hash ^= hash >>> 11;
  return (hash + (hash << 15)) >>> 0;
}

/** The three words that lookup3 mixes. */
const LANES = /* @__PURE__ */ new Int32Array(3);

function lookup3(text: string): number {
  const bytes = byteString(text);
  const { length } = bytes;
  LANES.fill(0xdeadbeef + length + 13);
  let at = 0;
  for (; length - at > 12; at += 12) {
    addBytes(bytes, at, at + 12);
    mix();
  }
  if (at < length) {
    addBytes(bytes, at, length);
    finish();
  }
  return LANES[2]! >>> 0;
}

/** Adds up to twelve bytes, four to each lane, in little-endian order. */
function addBytes(bytes: string, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const offset = i - from;
    LANES[offset >> 2]! += bytes.charCodeAt(i) << ((offset & 3) * 8);
  }
}

function mix(): void {
  let a = LANES[0]!;
  let b = LANES[1]!;
  let c = LANES[2]!;
  a = (a - c) ^ rotate(c, 4);
  c = (c + b) | 0;
  b = (b - a) ^ rotate(a, 6);
  a = (a + c) | 0;
  c = (c - b) ^ rotate(b, 8);
  b = (b + a) | 0;
  a = (a - c) ^ rotate(c, 16);
  c = (c + b) | 0;
  b = (b - a) ^ rotate(a, 19);
  a = (a + c) | 0;
  c = (c - b) ^ rotate(b, 4);
  b = (b + a) | 0;
  LANES[0] = a;
  LANES[1] = b;
  LANES[2] = c;
}

function finish(): void {
  let a = LANES[0]!;
  let b = LANES[1]!;
  let c = LANES[2]!;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  LANES[2] = (c ^ b) - rotate(b, 24);
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
