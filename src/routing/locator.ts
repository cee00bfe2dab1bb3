/** Which server a key belongs to. @module */

/** A server as routing sees it. */
export interface Server {
  /**
   * `host:port` as the user gave it, or the path of a unix socket: what rings hash. An IPv6 address is
   * written as .NET does: `[2001:db8::1]:11211`, `[::ffff:10.0.0.1]:11211`.
   */
  readonly name: string;
  /** Its share relative to the others, 1 by default. Each locator says whether it uses it. */
  readonly weight: number;
}

/** The place of a server on a ring. */
export interface RingPoint {
  /** Where it stands, an unsigned 32-bit integer. */
  readonly hash: number;
  /** The text it comes from: `"10.0.0.1:11211-37"`. */
  readonly label: string;
  /** Which of the ring's points it is, in ascending order, the first being 1. */
  readonly position: number;
  /** How many points the ring has. */
  readonly of: number;
}

/** Why a key belongs to its server, for those who debug a deployment. */
export interface Explanation {
  /** The name of the locator: `"ketama"`. */
  readonly algorithm: string;
  /** In words, why this server: how it follows from the other particulars. */
  readonly why: string;
  /** In words, what was hashed and how; absent where nothing was. */
  readonly hashFunction?: string;
  /** What it came to. */
  readonly keyHash?: number | bigint;
  /** The point of the ring that owns the key; absent where there is no ring. */
  readonly point?: RingPoint;
}

/** Which server a key lives on. */
export interface KeyLocation {
  /** The key as memcached has it: that of a namespace with its prefix and generation. */
  readonly key: string;
  /** The server's name, `host:port` as the client was given it, or the path of a unix socket. */
  readonly server: string;
  /** The server's index in the list that the client has at present. */
  readonly index: number;
}

/** Which server a key lives on, and why. What the locator does not tell is absent. */
export interface KeyExplanation extends KeyLocation, Explanation {}

/** Chooses the server of each key. */
export interface Locator {
  /**
   * Finds the server of a key.
   *
   * @param key A valid key.
   * @returns An index into the server list the locator was made for.
   */
  locate(key: string): number;

  /**
   * Finds the server of a key while some are down and have left the ring, as with `failover: "remove"`.
   * For a locator without it, the client makes another one of the servers that are up.
   *
   * @param key A valid key.
   * @param isUp Whether the server of this index is up; at least one is.
   * @returns An index into the server list the locator was made for, or -1 when the key has no server.
   */
  locateUp?(key: string, isUp: (index: number) => boolean): number;

  /**
   * Explains what {@linkcode locate} says of a key. A locator need not have it.
   *
   * @param key A valid key.
   * @returns Why the key is there.
   */
  explain?(key: string): Explanation;

  /**
   * Finds the server that a key moves from. Only locators that move keys have it, as those that `migrate`
   * makes.
   *
   * @param key A valid key.
   * @returns An index as {@linkcode locate} gives it: the same for a key that stays.
   */
  locateFormer?(key: string): number;
}

/** Makes a locator for a list of servers, which has at least one. */
export type LocatorFactory = (servers: readonly Server[]) => Locator;

/** The explanation of a locator that has none of its own. */
export const UNEXPLAINED: Explanation = {
  algorithm: "custom",
  why: "the client's locator says so, and has no explain to tell more",
};

/**
 * The server of the first hash that leads to one that is up, or -1.
 *
 * @param hashes What a key is hashed to, in turn.
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

/** The locator of a list of one server, for which no program computes a hash. */
export function onlyServer(algorithm: string): Locator {
  return {
    locate: () => 0,
    explain: () => ({ algorithm, why: "there is no other server" }),
  };
}
