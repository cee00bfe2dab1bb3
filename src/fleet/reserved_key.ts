/** Keys that the client keeps beside those of its users. @module */

import { MAX_KEY_LENGTH } from "../protocol/key.ts";
import { fnv1a32 } from "../routing/hashes/fnv.ts";

/**
 * What a key is kept for: the lease beside a stale value, a lock's tokens, a namespace's generation; on a server
 * without meta commands, what is known of a value, and whether it is fresh.
 */
export type Purpose = "lease" | "token" | "generation" | "mark" | "fresh";

/** The hexadecimal digits of a hash. */
const HASH_LENGTH = 8;

/**
 * Makes the key for a purpose beside a user's, such as `page:1~moecache-lease`, which nobody comes by
 * without meaning to. A user's key that leaves no room for that is cut, and told by its hash instead.
 */
export function reservedKey(key: string, purpose: Purpose): string {
  const suffix = `~moecache-${purpose}`;
  const room = MAX_KEY_LENGTH - suffix.length;
  if (key.length <= room) return key + suffix;
  const hash = fnv1a32(key).toString(16).padStart(HASH_LENGTH, "0");
  return key.slice(0, room - HASH_LENGTH) + hash + suffix;
}
