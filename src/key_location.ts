/** Where a key lives. @module */

import type { Explanation } from "./routing/locator.ts";

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

/** What is said of a locator that the user wrote without `explain`. */
export const UNEXPLAINED: Explanation = {
  algorithm: "custom",
  why: "the client's locator says so, and has no explain to tell more",
};
