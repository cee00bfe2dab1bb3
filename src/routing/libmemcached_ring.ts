/** libmemcached's ring, whose points and keys use the same hash function. @module */

import { checkChoice, checkNames } from "../option_checks.ts";
import { type KeyHash, namedHash } from "./hashes/key_hash.ts";
import { ketamaPlacement, labelsInFloat32 } from "./ketama_placement.ts";
import { checkWholeWeights, fullName, shortName } from "./labels_and_weights.ts";
import type { Locator, Server } from "./locator.ts";
import { CEILING, onePointPerLabel, ringLocator, type RingPlacement } from "./ring.ts";

/** The options of {@linkcode libmemcachedRing}; all are optional. */
export interface LibmemcachedRingOptions {
  /** `MEMCACHED_BEHAVIOR_HASH`, for points and keys; `"one_at_a_time"` by default. */
  readonly hash?: KeyHash | undefined;
  /**
   * The labels that points are hashed from; `"libmemcached"` by default:
   *
   * - `"libmemcached"`: `host-0`, or `host:port-0` when the port is not 11211
   * - `"spymemcached"`: `/host:port-0`, for `MEMCACHED_DISTRIBUTION_CONSISTENT_KETAMA_SPY`. libmemcached's emulation
   *   does not agree with spymemcached: it finds no more of spymemcached's keys than a random choice. Beside
   *   spymemcached itself, use {@linkcode spymemcachedKetama}.
   */
  readonly labels?: "libmemcached" | "spymemcached" | undefined;
  /**
   * How a label names a unix socket; `"path"` by default:
   *
   * - `"path"`: `memcached_server_add`, and so PHP's `addServer(path, 0)`; its port is 11211
   * - `"path:0"`: `memcached_server_add_unix_socket`, and so pylibmc; PHP's `addServers([[path, 0]])`
   */
  readonly socketLabel?: "path" | "path:0" | undefined;
}

const POINTS_PER_SERVER = 100;

/**
 * libmemcached's `MEMCACHED_DISTRIBUTION_CONSISTENT`, and also its `MEMCACHED_BEHAVIOR_KETAMA` without
 * `…_KETAMA_WEIGHTED`: 100 points per server, hashed with the same function as keys, so *not* with MD5 by default. As
 * in libmemcached, a weight above 1 changes all points to those of {@linkcode ketama}, and keys are hashed as before.
 *
 * @param servers The servers. Weights are used, and must be whole numbers.
 * @param options `hash`, `labels`, `socketLabel`.
 * @returns The locator. Locating allocates nothing.
 * @throws {ValidationException} When an option is not one of its names, or a weight is not a whole number.
 *
 * @example In a client
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { libmemcachedRing } from "@moecache/moecache/rings";
 *
 * await using client = new Client(["10.0.0.1", "10.0.0.2"], { locator: libmemcachedRing });
 * await using md5 = new Client(["10.0.0.1", "10.0.0.2"], {
 *   locator: (servers) => libmemcachedRing(servers, { hash: "md5" }),
 * });
 * ```
 */
export function libmemcachedRing(
  servers: readonly Server[],
  options: LibmemcachedRingOptions = {},
): Locator {
  checkNames(options, ["hash", "labels", "socketLabel"]);
  const { hash = "one_at_a_time", labels = "libmemcached", socketLabel = "path" } = options;
  checkChoice("labels", labels, ["libmemcached", "spymemcached"]);
  checkChoice("socketLabel", socketLabel, ["path", "path:0"]);
  const keyHash = namedHash("hash", hash);
  checkWholeWeights(servers, "libmemcachedRing");
  const label = labels === "libmemcached" ? shortLabel(socketLabel) : spyLabel(socketLabel);
  const name = `libmemcached ${labels} ${socketLabel}`;
  const weighted = servers.some(({ weight }) => weight > 1);
  const placement = weighted
    ? ketamaPlacement({ name, labels: labelsInFloat32, label })
    : onePointPerLabel({
      name: `${name} ${hash}`,
      labels: () => POINTS_PER_SERVER,
      label,
      hash: keyHash.hash,
    });
  return ringLocator(servers, {
    algorithm: "libmemcachedRing",
    placement,
    keyHash,
    search: CEILING,
  });
}

function shortLabel(socketLabel: "path" | "path:0"): RingPlacement["label"] {
  const behindPath = socketLabel === "path" ? "" : ":0";
  return ({ name }, number) => `${shortName(name, behindPath)}-${number}`;
}

function spyLabel(socketLabel: "path" | "path:0"): RingPlacement["label"] {
  const behindPath = socketLabel === "path" ? ":11211" : ":0";
  return ({ name }, number) => `/${fullName(name, behindPath)}-${number}`;
}
