/** Lifetimes in milliseconds, as memcached takes them. @module */

import type { Exptime } from "../../mod.ts";

/** memcached takes more seconds than 30 days have for an absolute time. */
const LONGEST_RELATIVE = 60 * 60 * 24 * 30;
/** The last time that memcached's 32 bits hold, in milliseconds. */
const LATEST = 0x7fffffff * 1000;

/**
 * Turns a lifetime into an exptime that is never too early: memcached counts the ticks of a clock that
 * ticks once a second, so that an item of one second may be gone at once.
 *
 * @param milliseconds The lifetime; `Infinity` for never, below 0 for gone already.
 * @returns An exptime that is up to two seconds late.
 */
export function exptimeOf(milliseconds: number): Exptime {
  if (milliseconds === Infinity) return 0;
  const seconds = Math.ceil(milliseconds / 1000) + 1;
  if (milliseconds > 0 && seconds <= LONGEST_RELATIVE) return seconds;
  const late = milliseconds > 0 ? 1000 : 0;
  return new Date(Math.min(Date.now() + milliseconds + late, LATEST));
}
