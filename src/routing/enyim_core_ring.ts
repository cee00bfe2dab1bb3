/** EnyimMemcachedCore's default ring. @module */

import { checkNames } from "../option_checks.ts";
import { fnv1a32 } from "./hashes/fnv.ts";
import type { Locator, Server } from "./locator.ts";
import { enyimPrefix } from "./moecache_ring.ts";
import { ENYIM_CEILING, onePointPerLabel, ringLocator } from "./ring.ts";

/** The options of {@linkcode enyimCoreRing}. */
export interface EnyimCoreRingOptions {
  /**
   * The name of a server in the ring's labels, which differs between releases; `"ip"` by default:
   *
   * - `"ip"`, `10.0.0.1:11211`: 3.4.2 and later; 3.3.0 to 3.4.1 for servers given by IP address; 3.0.0 to 3.2.4
   *   without TLS, with the address that a host name resolved to
   * - `"unspecified"`, `Unspecified/cache.example.com:11211`: 3.3.0 to 3.4.1 for host names and with TLS; 3.0.0
   *   to 3.2.4 with TLS
   */
  readonly label?: "ip" | "unspecified" | undefined;
}

const POINTS_PER_SERVER = 100;

/**
 * EnyimMemcachedCore's `DefaultNodeLocator` since 3.0.0: 100 points per server, the 32-bit FNV-1a of `0-address:port`,
 * `1-address:port`, …, with EnyimMemcached's wrap-around. Releases up to 2.x, and from 3.2.0 on with
 * `UseLegacyNodeLocator`, use {@linkcode moecacheRing}.
 *
 * @param servers The servers, with the names that EnyimMemcachedCore uses; weights are not used.
 * @param options `label`, which depends on the release.
 * @returns The locator. Locating allocates nothing.
 * @throws {ValidationException} When `label` is not one of these names.
 *
 * @example In a client
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { enyimCoreRing } from "@moecache/moecache/rings";
 *
 * await using client = new Client(["10.0.0.1", "10.0.0.2"], { locator: enyimCoreRing });
 * await using older = new Client(["cache-a.example.com", "cache-b.example.com"], {
 *   locator: (servers) => enyimCoreRing(servers, { label: "unspecified" }),
 * });
 * ```
 */
export function enyimCoreRing(
  servers: readonly Server[],
  options: EnyimCoreRingOptions = {},
): Locator {
  checkNames(options, ["label"]);
  const prefix = enyimPrefix(options.label);
  return ringLocator(servers, {
    algorithm: "enyimCoreRing",
    placement: onePointPerLabel({
      name: `enyimCoreRing ${prefix}`,
      labels: () => POINTS_PER_SERVER,
      label: ({ name }, number) => `${number}-${prefix}${name}`,
      hash: fnv1a32,
      laterOwns: true,
    }),
    keyHash: { hash: (key) => fnv1a32(key), text: "32-bit FNV-1a" },
    search: ENYIM_CEILING,
  });
}
