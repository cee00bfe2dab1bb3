/** The distributions of libmemcached, which php-memcached and pylibmc choose from. @module */

import { checkChoice } from "../option_checks.ts";
import { type KeyHash, namedHash } from "../routing/hashes/key_hash.ts";
import { ketama } from "../routing/ketama.ts";
import { libmemcachedRing } from "../routing/libmemcached_ring.ts";
import type { LocatorFactory } from "../routing/locator.ts";
import { modula } from "../routing/modula.ts";

/** How a program with libmemcached chooses servers; both options are optional. */
export interface LibmemcachedDistributionOptions {
  /**
   * The distribution; `"modula"` by default, as in libmemcached:
   *
   * | | php-memcached | pylibmc |
   * | --- | --- | --- |
   * | `"modula"` | no option | no behavior |
   * | `"consistent"` | `OPT_DISTRIBUTION` is `DISTRIBUTION_CONSISTENT` | `"ketama": True`, or `"distribution": "consistent"` |
   * | `"ketama"` | `OPT_LIBKETAMA_COMPATIBLE` | `"ketama_weighted": True` |
   */
  readonly distribution?: "modula" | "consistent" | "ketama" | undefined;
  /**
   * The hash: `OPT_HASH`, or pylibmc's behavior `hash`; by default the distribution's own: `"md5"` for `"ketama"`, and
   * `"one_at_a_time"` for the others, which libmemcached calls the default.
   */
  readonly hash?: KeyHash | undefined;
}

/**
 * The locator of a distribution of libmemcached.
 *
 * @param socketLabel How the program names unix sockets, as in {@linkcode ketama}.
 */
export function libmemcachedLocator(
  { distribution = "modula", hash }: LibmemcachedDistributionOptions,
  socketLabel: "path" | "path:0",
): LocatorFactory {
  checkChoice("distribution", distribution, ["modula", "consistent", "ketama"]);
  checkChoice("socketLabel", socketLabel, ["path", "path:0"]);
  if (hash !== undefined) namedHash("hash", hash);
  if (distribution === "ketama") {
    const keyHash = hash === undefined ? {} : { keyHash: hash };
    return (servers) => ketama(servers, { ...keyHash, socketLabel });
  }
  const hashes = hash === undefined ? {} : { hash };
  if (distribution === "modula") return (servers) => modula(servers, hashes);
  return (servers) => libmemcachedRing(servers, { ...hashes, socketLabel });
}
