/** The ring of Python moecache and of EnyimMemcached. @module */

import { checkChoice, checkFewNames } from "../option_checks.ts";
import { fnv1a32 } from "./hashes/fnv.ts";
import type { NamedHash } from "./hashes/text_hash.ts";
import type { Locator, Server } from "./locator.ts";
import { ENYIM_CEILING, ringLocator, type RingPlacement } from "./ring.ts";

/** The options of {@linkcode moecacheRing}. */
export interface MoecacheRingOptions {
  /**
   * The name of a server in the ring's labels, which differs between the releases of EnyimMemcachedCore's
   * `LegacyNodeLocator`; `"ip"` by default:
   *
   * - `"ip"`, `10.0.0.1:11211`: 3.4.2 and later; 3.3.0 to 3.4.1 for servers given by IP address; 2018 to 3.2.4
   *   without TLS, with the address that a host name resolved to
   * - `"unspecified"`, `Unspecified/cache.example.com:11211`: 2.1.9 for every server; 3.3.0 to 3.4.1 for host
   *   names and with TLS; 2018 to 3.2.4 with TLS
   */
  readonly label?: "ip" | "unspecified" | undefined;
}

const POINTS_PER_SERVER = 100;

const KEY_HASH: NamedHash = {
  hash: (key) => fnv1a32(key, 0),
  text: "32-bit FNV-1a from 0, as in EnyimMemcached",
};

/**
 * The ring that Python moecache, EnyimMemcached's `DefaultNodeLocator` and EnyimMemcachedCore's `LegacyNodeLocator`
 * share. Two oddities are needed for compatibility. A server's first point and every key are hashed by an FNV-1a that
 * starts at 0, because EnyimMemcached uses its hash object before initializing it. And a key below the first point goes
 * to the server of the *last* point.
 *
 * A server's points depend on its name only. So the name must be the one that those programs use: the IP address and
 * port for EnyimMemcached, the host as configured for Python moecache.
 *
 * @param servers The servers; weights are not used.
 * @param options `label`.
 * @returns The locator. Making it takes about a millisecond for 50 servers; locating allocates nothing.
 * @throws {ValidationException} When `label` is not one of these names.
 *
 * @example Where a key lives
 * ```ts
 * import { moecacheRing } from "@moecache/moecache";
 * import { assertEquals } from "@std/assert";
 *
 * const ring = moecacheRing([
 *   { name: "10.0.0.1:11211", weight: 1 },
 *   { name: "10.0.0.2:11211", weight: 1 },
 * ]);
 *
 * assertEquals(ring.locate("s_PP20VaJ7mLEZ"), 1);
 * ```
 */
export function moecacheRing(
  servers: readonly Server[],
  options: MoecacheRingOptions = {},
): Locator {
  checkFewNames(options, ["label"]);
  return ringLocator(servers, {
    algorithm: "moecacheRing",
    placement: placementBehind(enyimPrefix(options.label)),
    keyHash: KEY_HASH,
    search: ENYIM_CEILING,
  });
}

/** The text before a server's name in the labels of EnyimMemcachedCore's rings. */
export function enyimPrefix(label: MoecacheRingOptions["label"] = "ip"): string {
  checkChoice("label", label, ["ip", "unspecified"]);
  return label === "ip" ? "" : "Unspecified/";
}

function placementBehind(prefix: string): RingPlacement {
  return {
    name: `moecacheRing ${prefix}`,
    label: ({ name }, number) => `${prefix}${name}-${number}`,
    laterOwns: true,
    place({ name }, _servers, put) {
      put(fnv1a32(`${prefix}${name}-0`, 0), 0);
      // The common beginning of all other labels is hashed once.
      const beginning = fnv1a32(`${prefix}${name}-`);
      for (let i = 1; i < POINTS_PER_SERVER; i++) put(fnv1a32(`${i}`, beginning), i);
    },
  };
}
