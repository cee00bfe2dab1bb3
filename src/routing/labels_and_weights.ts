/** What other programs make of a server: its name in a label, and its weight. @module */

import { quote, ValidationException } from "../errors.ts";
import type { Server } from "./locator.ts";

/** A server's name as C, Ruby and Python programs have it: an IPv6 address without its brackets. */
export function bareName(name: string): string {
  return name.replace(/^\[(.*)\](?=:\d+$)/, "$1");
}

/**
 * What libmemcached hashes, and twemproxy and npm `memcached` after it: without memcached's own port.
 *
 * @param behindPath What follows the path of a unix socket.
 */
export function shortName(name: string, behindPath: string): string {
  return isPath(name) ? name + behindPath : bareName(name).replace(/:11211$/, "");
}

/**
 * What libmemcached hashes where it writes every port.
 *
 * @param behindPath What follows the path of a unix socket.
 */
export function fullName(name: string, behindPath: string): string {
  return isPath(name) ? name + behindPath : bareName(name);
}

function isPath(name: string): boolean {
  return name.startsWith("/");
}

/** What C programs keep a weight in. */
const LARGEST_WEIGHT = 0x7fffffff;

/**
 * Checks that all weights are whole numbers, as they are in the programs whose choices are repeated: those
 * programs have no answer for half a weight.
 *
 * @throws {ValidationException} When one is not, or is above the largest.
 */
export function checkWholeWeights(
  servers: readonly Server[],
  algorithm: string,
  largest: number = LARGEST_WEIGHT,
): void {
  for (const { name, weight } of servers) {
    if (Number.isInteger(weight) && weight >= 1 && weight <= largest) continue;
    const why = `${algorithm} takes whole numbers from 1 to ${largest}`;
    throw new ValidationException(
      `Cannot give server ${quote(name)} a weight of ${weight}: ${why}`,
      weight,
    );
  }
}
