/** Which server a key belongs to. @module */

/** A server as routing sees it. */
export interface Server {
  /** `host:port` as the user gave it, or the path of a unix socket: what rings hash. */
  readonly name: string;
  /** Its share relative to the others, 1 unless given. {@linkcode moecacheRing} does not use it. */
  readonly weight: number;
}

/** Chooses the server of each key. */
export interface Locator {
  /**
   * Finds the server of a key.
   *
   * @param key A valid key.
   * @returns An index into the server list the locator was made for.
   */
  locate(key: string): number;
}

/** Makes a locator for a list of servers, which has one at least. */
export type LocatorFactory = (servers: readonly Server[]) => Locator;
