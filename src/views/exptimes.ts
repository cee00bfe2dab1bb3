/** When an item expires that is stored because of another one. @module */

import type { Exptime, ItemInfo } from "../../mod.ts";
import { FIRST_UNIX_TIME, LARGEST_EXPTIME } from "../protocol/exptime.ts";

/** An exptime that is later by some seconds, as far as there is one; 0, for never, stays. */
export function deferExptime(exptime: Exptime, seconds: number): Exptime {
  if (exptime instanceof Date) {
    return new Date(Math.min(exptime.getTime() + seconds * 1000, LARGEST_EXPTIME * 1000));
  }
  if (exptime === 0) return 0;
  const deferred = exptime + seconds;
  // A relative time of that length ends after the latest time.
  const becomesUnix = exptime < FIRST_UNIX_TIME && deferred >= FIRST_UNIX_TIME;
  return becomesUnix ? LARGEST_EXPTIME : Math.min(deferred, LARGEST_EXPTIME);
}

/**
 * The exptime of what is stored after an item: what the item has left, and no more than this many seconds. A server
 * without meta commands does not tell what is left: what the item was stored with counts then, and never where that is
 * not known.
 */
export function remainingExptime(info: ItemInfo, most: number, stored?: Exptime): Exptime {
  const { ttl = -1 } = info;
  if (info.ttl === undefined && stored !== undefined && most === Infinity) return stored;
  const left = ttl === -1 ? most : Math.min(Math.max(ttl, 1), most);
  return left === Infinity ? 0 : left;
}
