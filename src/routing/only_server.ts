/** No choice at all. @module */

import type { Locator } from "./locator.ts";

/** The locator of a list of one server, for which no program computes a hash. */
export function onlyServer(algorithm: string): Locator {
  return {
    locate: () => 0,
    explain: () => ({ algorithm, why: "there is no other server" }),
  };
}
