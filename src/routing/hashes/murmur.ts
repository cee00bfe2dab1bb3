/** Austin Appleby's MurmurHashes. @module */

import { byteString, type NamedHash } from "./text_hash.ts";

/** As libmemcached and twemproxy compute it. */
export const MURMUR2: NamedHash = { hash: murmur2, text: "MurmurHash2 seeded by the length" };

/** In its 32-bit form for x86, as libmemcached computes it. */
export const MURMUR3: NamedHash = { hash: murmur3, text: "MurmurHash3 seeded by the length" };

/** MurmurHash2's. */
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

/** A MurmurHash3 that has taken some bytes and can take more. */
export interface Murmur3State {
  /** What all whole blocks of four bytes have made of the seed. */
  readonly hash: number;
  /** The bytes after the last whole block, the first one lowest. */
  readonly rest: number;
  /** How many bytes it has taken. */
  readonly length: number;
}

// The MurmurHash3 at work. Copying it in and out is all that a hash with a known beginning costs.
let hash = 0;
let rest = 0;
let length = 0;

/** The state after some first bytes. */
export function startMurmur3(bytes: string, seed: number): Murmur3State {
  restore({ hash: seed, rest: 0, length: 0 });
  take(bytes);
  return { hash, rest, length };
}

/** The hash of what a state has taken and of the last bytes. */
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

function take(bytes: string): void {
  for (let i = 0; i < bytes.length; i++) {
    rest |= (bytes.charCodeAt(i) & 0xff) << ((length & 3) * 8);
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
