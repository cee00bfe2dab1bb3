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
  readonly distribution?: "modula" | "consistent" | "ketama";
  /**
   * The hash: `OPT_HASH`, or pylibmc's behavior `hash`; by default the distribution's own: `"md5"` for `"ketama"`, and
   * `"one_at_a_time"` for the others, which libmemcached calls the default.
   */
  readonly hash?: KeyHash;
}

/** The locator of a distribution of libmemcached. */
export function libmemcachedLocator(
  { distribution = "modula", hash }: LibmemcachedDistributionOptions,
): LocatorFactory {
  checkChoice("distribution", distribution, ["modula", "consistent", "ketama"]);
  if (hash !== undefined) namedHash("hash", hash);
  if (distribution === "ketama") {
    return (servers) => ketama(servers, hash === undefined ? {} : { keyHash: hash });
  }
  const locator = distribution === "modula" ? modula : libmemcachedRing;
  return (servers) => locator(servers, hash === undefined ? {} : { hash });
}
