/** Rings that were made before. @module */

import type { Server } from "./locator.ts";
import type { Ring } from "./ring.ts";

interface Entry {
  readonly placement: string;
  readonly names: readonly string[];
  readonly weights: readonly number[];
  readonly ring: Ring;
}

/** A process has few server lists; the second bound, of 8 MiB, is for those that have large ones. */
const MAX_RINGS = 8;
const MAX_POINTS = 2 ** 20;

/** The most recently used first. */
const entries: Entry[] = [];

/**
 * The ring of a server list: of the last time, or made now. A ring takes up to milliseconds to make, and
 * programs that make a client per request, as on edge runtimes, make the same one each time.
 *
 * @param placement Says how servers are placed; the same text must mean the same ring.
 * @param servers The servers; names, weights and order matter.
 * @param make Makes the ring.
 */
export function remembered(
  placement: string,
  servers: readonly Server[],
  make: () => Ring,
): Ring {
  const at = entries.findIndex((entry) => entry.placement === placement && isOf(entry, servers));
  const [entry] = at < 0 ? [newEntry(placement, servers, make())] : entries.splice(at, 1);
  entries.unshift(entry!);
  if (at < 0) forget();
  return entry!.ring;
}

function isOf({ names, weights }: Entry, servers: readonly Server[]): boolean {
  return servers.length === names.length &&
    servers.every(({ name, weight }, i) => name === names[i] && weight === weights[i]);
}

function newEntry(
  placement: string,
  servers: readonly Server[],
  ring: Ring,
): Entry {
  const names = servers.map(({ name }) => name);
  const weights = servers.map(({ weight }) => weight);
  return { placement, names, weights, ring };
}

function forget(): void {
  let points = 0;
  const kept = entries.findIndex(({ ring }, i) => {
    points += ring.points.length;
    return i === MAX_RINGS || points > MAX_POINTS;
  });
  if (kept >= 0) entries.length = kept;
}
