/** Servers as other programs see them: the name in a label, and the weight. @module */

import { quote, ValidationException } from "../errors.ts";
import type { Server } from "./locator.ts";

/** A server's name as C, Ruby and Python programs write it: an IPv6 address without its brackets. */
export function bareName(name: string): string {
  return name.replace(/^\[(.*)\](?=:\d+$)/, "$1");
}

/**
 * The name that libmemcached, twemproxy and npm `memcached` hash: without the port if it is 11211.
 *
 * @param behindPath The text after the path of a unix socket.
 */
export function shortName(name: string, behindPath: string): string {
  return isPath(name) ? name + behindPath : bareName(name).replace(/:11211$/, "");
}

/**
 * The name with its port, even 11211.
 *
 * @param behindPath The text after the path of a unix socket.
 */
export function fullName(name: string, behindPath: string): string {
  return isPath(name) ? name + behindPath : bareName(name);
}

function isPath(name: string): boolean {
  return name.startsWith("/");
}

/** The largest weight: C programs keep it in 32 bits. */
const LARGEST_WEIGHT = 0x7fffffff;

/**
 * Checks that all weights are whole numbers. The other programs have only such weights.
 *
 * @throws {ValidationException} When a weight is not a whole number, or is too large.
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
