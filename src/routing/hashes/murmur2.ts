/** Austin Appleby's MurmurHash2. @module */

const M = 0x5bd1e995;

/** Hashes bytes as libmemcached and twemproxy do: with a seed that depends on the length. */
export function murmur2(bytes: string): number {
  const { length } = bytes;
  const blocks = length - (length & 3);
  let hash = Math.imul(0xdeadbeef, length) ^ length;
  for (let i = 0; i < blocks; i += 4) {
    hash = Math.imul(hash, M) ^ mixed(bytes, i);
  }
  if (blocks < length) {
    for (let i = blocks; i < length; i++) hash ^= bytes.charCodeAt(i) << ((i - blocks) * 8);
    hash = Math.imul(hash, M);
  }
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return (hash ^ (hash >>> 15)) >>> 0;
}

function mixed(bytes: string, at: number): number {
  const low = bytes.charCodeAt(at) | (bytes.charCodeAt(at + 1) << 8);
  const word = low | (bytes.charCodeAt(at + 2) << 16) | (bytes.charCodeAt(at + 3) << 24);
  const product = Math.imul(word, M);
  return Math.imul(product ^ (product >>> 24), M);
}
