/** Bob Jenkins's one-at-a-time hash. @module */

import { signedByte } from "./byte_string.ts";

/** Hashes bytes as libmemcached and twemproxy do, which take them for signed. */
export function oneAtATime(bytes: string): number {
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
