/** Keys that the client uses besides those of its users. @module */

import { MAX_KEY_LENGTH } from "../protocol/key.ts";
import { fnv1a32 } from "../routing/hashes/fnv.ts";

/**
 * The purpose of such a key: the lease beside a stale value, a lock's tokens, a namespace's generation; on a server
 * without meta commands, a value's mark, and what tells that it is fresh.
 */
export type Purpose = "lease" | "token" | "generation" | "mark" | "fresh";

/** The number of hexadecimal digits of a hash. */
const HASH_LENGTH = 8;

/**
 * Makes the key for a purpose from a user's key, such as `page:1~moecache-lease`. If the user's key leaves no room, it
 * is truncated and its hash is added.
 */
export function reservedKey(key: string, purpose: Purpose): string {
  const suffix = `~moecache-${purpose}`;
  const room = MAX_KEY_LENGTH - suffix.length;
  if (key.length <= room) return key + suffix;
  const hash = fnv1a32(key).toString(16).padStart(HASH_LENGTH, "0");
  return key.slice(0, room - HASH_LENGTH) + hash + suffix;
}
