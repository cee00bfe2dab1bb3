/** How long an attempt to connect to one address of a name lasts before the next begins. @module */

/** The maximum and minimum milliseconds between two attempts, as recommended by RFC 8305. */
const LONGEST_ATTEMPT = 250;
const SHORTEST_ATTEMPT = 10;

/**
 * How long to wait for one of a name's addresses before the next is tried as well: a part of the total time.
 *
 * @param connectTimeout The time limit for connecting in milliseconds, or `undefined` for none.
 * @param addresses The number of addresses, or the likely number.
 * @returns Milliseconds, a whole number.
 */
export function timeToNextAddress(connectTimeout: number | undefined, addresses: number): number {
  const share = Math.min((connectTimeout ?? Infinity) / (addresses + 1), LONGEST_ATTEMPT);
  return Math.ceil(Math.max(share, SHORTEST_ATTEMPT));
}
