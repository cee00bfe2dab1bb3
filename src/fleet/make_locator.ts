/** Makes the distribution of keys over servers. @module */

import type { ResolvedOptions } from "../client_options.ts";
import { ValidationException } from "../errors.ts";
import type { KeyFormat } from "../protocol/key_format.ts";
import type { Locator } from "../routing/locator.ts";
import type { ResolvedServer } from "../server_address.ts";

/**
 * Makes the locator of some servers.
 *
 * @param options The client's options.
 * @throws {ValidationException} When the option `locator` does not make a locator.
 */
export function makeLocator(
  servers: readonly ResolvedServer[],
  { locator, keys }: Pick<ResolvedOptions, "locator" | "keys">,
): Locator {
  // A locator does not get certificates and passwords.
  const made = locator(servers.map(({ name, weight }) => ({ name, weight })));
  if (typeof made?.locate === "function") return keys === undefined ? made : routedBy(keys, made);
  throw new ValidationException("Cannot use locator: it made no object with locate", locator);
}

/** Has a locator find the servers of keys by what their format makes of them. */
function routedBy(keys: KeyFormat, inner: Locator): Locator {
  const routed = (key: string) => keys.route?.(key) ?? keys.encode(key);
  const { locateUp, explain, locateFormer } = inner;
  return {
    locate: (key) => inner.locate(routed(key)),
    ...locateUp && { locateUp: (key, isUp) => locateUp.call(inner, routed(key), isUp) },
    ...explain && { explain: (key) => explain.call(inner, routed(key)) },
    ...locateFormer && { locateFormer: (key) => locateFormer.call(inner, routed(key)) },
  };
}
