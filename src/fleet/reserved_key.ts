/** Keys that the client uses besides those of its users. @module */

import { MAX_KEY_LENGTH } from "../protocol/key.ts";
import type { KeyFormat } from "../protocol/key_format.ts";
import { fnv1a32 } from "../routing/hashes/fnv.ts";

/**
 * The purpose of such a key: the lease beside a stale value, a lock's tokens, a namespace's generation; on a server
 * without meta commands, a value's mark, and the item that exists while the value is fresh.
 */
export type Purpose = "lease" | "token" | "generation" | "mark" | "fresh";

/** The number of hexadecimal digits of a hash. */
const HASH_LENGTH = 8;

/**
 * Makes the key for a purpose from a user's key, such as `page:1~moecache-lease`. If the user's key leaves no room, it
 * is truncated and its hash is added.
 *
 * @param format What the client makes of keys before they are sent: that needs room as well.
 */
export function reservedKey(key: string, purpose: Purpose, format?: KeyFormat): string {
  const suffix = `~moecache-${purpose}`;
  const room = MAX_KEY_LENGTH - suffix.length;
  let own = key.length <= room ? key : shortened(key, room);
  while (format !== undefined && own.length > HASH_LENGTH) {
    const excess = format.encode(own + suffix).length - MAX_KEY_LENGTH;
    if (excess <= 0) break;
    own = shortened(key, own.length - excess);
  }
  return own + suffix;
}

/** The beginning of a key, and its hash. */
function shortened(key: string, length: number): string {
  const hash = fnv1a32(key).toString(16).padStart(HASH_LENGTH, "0");
  // A pair of surrogates may be cut in two.
  return key.slice(0, Math.max(0, length - HASH_LENGTH)).toWellFormed() + hash;
}
