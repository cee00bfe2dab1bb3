/** Austin Appleby's MurmurHash3, its 32-bit form for x86. @module */

/** A hash that has taken some bytes and can take more. */
export interface Murmur3State {
  /** What all whole blocks of four bytes have made of the seed. */
  readonly hash: number;
  /** The bytes after the last whole block, the first one lowest. */
  readonly rest: number;
  /** How many bytes it has taken. */
  readonly length: number;
}

// The state at work. Copying it in and out is all that a hash with a known beginning costs.
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

/** Hashes bytes as libmemcached does: with a seed that depends on the length. */
export function murmur3(bytes: string): number {
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
