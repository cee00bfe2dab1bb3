/** Where a key lives. @module */

import type { Explanation } from "./routing/locator.ts";

/** Which server a key lives on, and why. What the locator does not tell is absent. */
export interface KeyLocation extends Explanation {
  /** The key. */
  readonly key: string;
  /** The server's name, `host:port` as the client was given it, or the path of a unix socket. */
  readonly server: string;
  /** The server's index in the list that the client has at present. */
  readonly index: number;
}

/** What is said of a locator that the user wrote without `explain`. */
export const UNEXPLAINED: Explanation = {
  algorithm: "custom",
  why: "the client's locator says so, and has no explain to tell more",
};
