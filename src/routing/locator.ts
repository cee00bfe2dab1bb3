/** Which server a key belongs to. @module */

/** A server, as locators see it. */
export interface Server {
  /**
   * The name that rings hash: `host:port` as the user wrote it, or the path of a unix socket. An IPv6 address is
   * written as .NET does: `[2001:db8::1]:11211`, `[::ffff:10.0.0.1]:11211`.
   */
  readonly name: string;
  /**
   * Its weight relative to the other servers, 1 by default. The documentation of each locator says whether it uses
   * weights.
   */
  readonly weight: number;
}

/** A point of a ring. */
export interface RingPoint {
  /** Its hash, an unsigned 32-bit integer. */
  readonly hash: number;
  /** The text that was hashed, for example `"10.0.0.1:11211-37"`. */
  readonly label: string;
  /** Its position among the ring's points in ascending order, from 1. */
  readonly position: number;
  /** The number of points of the ring. */
  readonly of: number;
}

/** Why a key belongs to its server, for debugging a deployment. */
export interface Explanation {
  /** The name of the locator, for example `"ketama"`. */
  readonly algorithm: string;
  /** The reason, in words: how the server follows from the other properties. */
  readonly why: string;
  /** In words, what was hashed and how; absent when nothing was. */
  readonly hashFunction?: string;
  /** The hash. */
  readonly keyHash?: number | bigint;
  /** The point of the ring that the key belongs to; absent without a ring. */
  readonly point?: RingPoint;
}

/** Which server a key lives on. */
export interface KeyLocation {
  /** The key as it is sent to memcached: in a namespace, with prefix and generation. */
  readonly key: string;
  /** The server's name: `host:port` as the user wrote it, or the path of a unix socket. */
  readonly server: string;
  /** The server's index in the client's current list. */
  readonly index: number;
}

/** Which server a key lives on, and why. Properties that the locator does not know are absent. */
export interface KeyExplanation extends KeyLocation, Explanation {}

/** Chooses the server of each key. */
export interface Locator {
  /**
   * Finds the server of a key.
   *
   * @param key A valid key.
   * @returns An index into the list of servers that the locator was made for.
   */
  locate(key: string): number;

  /**
   * Finds the server of a key while some servers are down and removed, as with `failover: "remove"`. For a locator
   * without this method, the client makes another locator for the servers that are up.
   *
   * @param key A valid key.
   * @param isUp Tells whether the server with this index is up; at least one is.
   * @returns An index into the list of servers that the locator was made for, or -1 when the key has no server.
   */
  locateUp?(key: string, isUp: (index: number) => boolean): number;

  /**
   * Explains the result of {@linkcode locate}. This method is optional.
   *
   * @param key A valid key.
   * @returns Why the key belongs to its server.
   */
  explain?(key: string): Explanation;

  /**
   * Finds the server that a key moves from. Only locators that move keys have this method, such as those that `migrate`
   * makes.
   *
   * @param key A valid key.
   * @returns An index, as {@linkcode locate} returns it; the same index for a key that does not move.
   */
  locateFormer?(key: string): number;
}

/** Makes a locator for a list of at least one server. */
export type LocatorFactory = (servers: readonly Server[]) => Locator;

/** The explanation for a locator without `explain`. */
export const UNEXPLAINED: Explanation = {
  algorithm: "custom",
  why: "the client's locator chose it, and has no method explain to tell more",
};

/**
 * The first server that is up, of those that the hashes lead to; or -1.
 *
 * @param hashes The hashes of a key, in turn.
 * @param serverOf The server that a hash leads to.
 */
export function firstUp(
  hashes: Iterable<number>,
  serverOf: (hash: number) => number,
  isUp: (server: number) => boolean,
): number {
  for (const hash of hashes) {
    const server = serverOf(hash);
    if (isUp(server)) return server;
  }
  return -1;
}

/** The locator for a list of one server. No program computes a hash for it. */
export function onlyServer(algorithm: string): Locator {
  return {
    locate: () => 0,
    explain: () => ({ algorithm, why: "there is no other server" }),
  };
}
