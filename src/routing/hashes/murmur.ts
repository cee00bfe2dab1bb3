/** Austin Appleby's MurmurHashes. @module */

import { byteString, type NamedHash } from "./text_hash.ts";

/** MurmurHash2, as libmemcached and twemproxy compute it. */
export const MURMUR2: NamedHash = { hash: murmur2, text: "MurmurHash2 seeded by the length" };

/** MurmurHash3, in its 32-bit form for x86, as libmemcached computes it. */
export const MURMUR3: NamedHash = { hash: murmur3, text: "MurmurHash3 seeded by the length" };

/** MurmurHash2's multiplier. */
const MULTIPLIER = 0x5bd1e995;

function murmur2(text: string): number {
  const bytes = byteString(text);
  const { length } = bytes;
  const blocks = length - (length & 3);
  let hash = Math.imul(0xdeadbeef, length) ^ length;
  for (let i = 0; i < blocks; i += 4) {
    hash = Math.imul(hash, MULTIPLIER) ^ mixed(bytes, i);
  }
  if (blocks < length) {
    for (let i = blocks; i < length; i++) hash ^= bytes.charCodeAt(i) << ((i - blocks) * 8);
    hash = Math.imul(hash, MULTIPLIER);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return (hash ^ (hash >>> 15)) >>> 0;
}

function mixed(bytes: string, at: number): number {
  const low = bytes.charCodeAt(at) | (bytes.charCodeAt(at + 1) << 8);
  const word = low | (bytes.charCodeAt(at + 2) << 16) | (bytes.charCodeAt(at + 3) << 24);
  const product = Math.imul(word, MULTIPLIER);
  return Math.imul(product ^ (product >>> 24), MULTIPLIER);
}

/** The state of a MurmurHash3 that can be continued with more bytes. */
export interface Murmur3State {
  /** The hash of all complete blocks of four bytes. */
  readonly hash: number;
  /** The bytes after the last complete block, in little-endian order. */
  readonly rest: number;
  /** How many bytes have been hashed. */
  readonly length: number;
}

// The current MurmurHash3. To continue a hash from a known beginning, its state is copied here and back.
let hash = 0;
let rest = 0;
let length = 0;

/** The state after the first bytes. */
export function startMurmur3(bytes: string, seed: number): Murmur3State {
  restore({ hash: seed, rest: 0, length: 0 });
  take(bytes);
  return { hash, rest, length };
}

/** The hash of a state's bytes followed by the last bytes. */
export function endMurmur3(state: Murmur3State, bytes: string): number {
  restore(state);
  take(bytes);
  return finish(hash ^ scramble(rest) ^ length);
}

function murmur3(text: string): number {
  const bytes = byteString(text);
  return endMurmur3(startMurmur3("", Math.imul(0xdeadbeef, bytes.length)), bytes);
}

function restore(state: Murmur3State): void {
  ({ hash, rest, length } = state);
}

/** Of a text, each character counts with its lowest byte, as in pymemcache. */
function take(bytes: string): void {
  for (let i = 0; i < bytes.length; i++) {
    const unit = bytes.charCodeAt(i);
    // The first half of a character: the lowest byte is in the second half.
    if ((unit & 0xfc00) === 0xd800) continue;
    rest |= (unit & 0xff) << ((length & 3) * 8);
    if ((++length & 3) !== 0) continue;
    hash = addBlock(hash, rest);
    rest = 0;
  }
}

function addBlock(start: number, block: number): number {
  const mixed = start ^ scramble(block);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function scramble(block: number): number {
  const product = Math.imul(block, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}

function finish(start: number): number {
  let mixed = start;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
