/** Paul Hsieh's SuperFastHash. @module */

import { byteString, type NamedHash, signedByte } from "./text_hash.ts";

/** As twemproxy and libmemcached compute it: it starts from 0, and the last of three remaining bytes is signed. */
export const HSIEH: NamedHash = { hash: hsieh, text: "Hsieh's SuperFastHash" };

function hsieh(text: string): number {
  const bytes = byteString(text);
  const rest = bytes.length & 3;
  const blocks = bytes.length - rest;
  let hash = 0;
  for (let i = 0; i < blocks; i += 4) {
    hash = (hash + pair(bytes, i)) | 0;
    hash = (hash << 16) ^ (pair(bytes, i + 2) << 11) ^ hash;
    hash = (hash + (hash >>> 11)) | 0;
  }
  return avalanche(addRest(hash, bytes, blocks, rest));
}

function addRest(start: number, bytes: string, at: number, rest: number): number {
  let hash = start;
  if (rest === 3) {
    hash = (hash + pair(bytes, at)) | 0;
    hash ^= (hash << 16) ^ (signedByte(bytes, at + 2) << 18);
    return (hash + (hash >>> 11)) | 0;
  }
  if (rest === 2) {
    hash = (hash + pair(bytes, at)) | 0;
    hash ^= hash << 11;
    return (hash + (hash >>> 17)) | 0;
  }
  if (rest === 1) {
    hash = (hash + bytes.charCodeAt(at)) | 0;
    hash ^= hash << 10;
    return (hash + (hash >>> 1)) | 0;
  }
  return hash;
}

function avalanche(start: number): number {
  let hash = start;
  hash ^= hash << 3;
  hash = (hash + (hash >>> 5)) | 0;
  hash ^= hash << 4;
  hash = (hash + (hash >>> 17)) | 0;
  hash ^= hash << 25;
  return (hash + (hash >>> 6)) >>> 0;
}

function pair(bytes: string, at: number): number {
  return bytes.charCodeAt(at) | (bytes.charCodeAt(at + 1) << 8);
}
