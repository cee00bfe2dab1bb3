/** Ketama, as in libmemcached, twemproxy and npm `memcached`. @module */

import { checkChoice, checkNames } from "../option_checks.ts";
import { type KeyHash, namedHash } from "./hashes/key_hash.ts";
import { sha1 } from "./hashes/sha1.ts";
import { type NamedHash, swapBytes } from "./hashes/text_hash.ts";
import {
  ketamaPlacement,
  labelsInFloat32,
  labelsInFloat64,
  type WordDigest,
} from "./ketama_placement.ts";
import { checkWholeWeights, fullName, shortName } from "./labels_and_weights.ts";
import type { Locator, Server } from "./locator.ts";
import { CEILING, ringLocator } from "./ring.ts";

/** The options of {@linkcode ketama}; all are optional. */
export interface KetamaOptions {
  /** The hash of keys: twemproxy's `hash`; `digest` by default. */
  readonly keyHash?: KeyHash | undefined;
  /** The digest that points are made from: npm `memcached`'s `algorithm`; `"md5"` by default. */
  readonly digest?: "md5" | "sha1" | undefined;
  /** Points from each digest: 3 for npm `memcached`'s `compatibility: "hash_ring"`; 4 by default. */
  readonly pointsPerDigest?: 3 | 4 | undefined;
  /**
   * Whether a label includes port 11211: `"omitted"`, the default, for libmemcached and clients like it; `"written"`
   * for `hash_ring`, and for npm `hashring` used alone.
   */
  readonly defaultPort?: "omitted" | "written" | undefined;
  /**
   * How shares are computed: `"float32"`, the default, as in C; `"float64"` as in npm `memcached`. They differ for some
   * numbers of servers and weights; with equal weights for 25, 47, 49 and 50 servers, among others.
   */
  readonly arithmetic?: "float32" | "float64" | undefined;
  /**
   * How a label names a unix socket; `"path"` by default:
   *
   * - `"path"`: `memcached_server_add`, and so PHP's `addServer(path, 0)`; npm `memcached`
   * - `"path:0"`: `memcached_server_add_unix_socket`, and so pylibmc; PHP's `addServers([[path, 0]])`
   * - `"path:"`: twemproxy
   */
  readonly socketLabel?: "path" | "path:0" | "path:" | undefined;
}

/**
 * Ketama by weight: libmemcached's `MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED` (PHP's `OPT_LIBKETAMA_COMPATIBLE`), twemproxy's
 * `distribution: ketama`, npm `memcached`. With equal weights, each server has 160 points: 4 from each MD5 of `host-0`,
 * `host-1`, …, or `host:port-0` when the port is not 11211; an IPv6 address is written without brackets. A key belongs
 * to the first point that is not below its hash.
 *
 * If a server has a name in twemproxy's configuration, twemproxy hashes that name. Then give the servers the same
 * names, as in the second example.
 *
 * @param servers The servers. Weights are used, and must be whole numbers.
 * @param options `keyHash`, `digest`, `pointsPerDigest`, `defaultPort`, `arithmetic`, `socketLabel`.
 * @returns The locator. Locating allocates nothing.
 * @throws {ValidationException} When an option is not one of its names, or a weight is not a whole number.
 *
 * @example In a client
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { ketama } from "@moecache/moecache/rings";
 *
 * await using plain = new Client(["10.0.0.1", "10.0.0.2"], { locator: ketama });
 * await using twemproxy = new Client(["10.0.0.1", "10.0.0.2"], {
 *   locator: (servers) => ketama(servers, { keyHash: "fnv1a_64" }),
 * });
 * ```
 *
 * @example Servers with names in twemproxy's configuration
 * ```ts
 * import type { LocatorFactory } from "@moecache/moecache";
 * import { ketama } from "@moecache/moecache/rings";
 * import { assertEquals } from "@std/assert";
 *
 * const names = ["alpha", "beta"];
 * const locator: LocatorFactory = (servers) =>
 *   ketama(servers.map(({ weight }, i) => ({ name: names[i]!, weight })));
 *
 * const { locate } = locator([
 *   { name: "10.0.0.1:11211", weight: 1 },
 *   { name: "10.0.0.2:11211", weight: 1 },
 * ]);
 * assertEquals([locate("user:1"), locate("user:2")], [0, 1]);
 * ```
 */
export function ketama(servers: readonly Server[], options: KetamaOptions = {}): Locator {
  checkNames(options, [
    "keyHash",
    "digest",
    "pointsPerDigest",
    "defaultPort",
    "arithmetic",
    "socketLabel",
  ]);
  const { digest = "md5", pointsPerDigest = 4 } = options;
  const { defaultPort = "omitted", arithmetic = "float32", socketLabel = "path" } = options;
  checkChoice("digest", digest, ["md5", "sha1"]);
  checkChoice("pointsPerDigest", pointsPerDigest, [3, 4]);
  checkChoice("defaultPort", defaultPort, ["omitted", "written"]);
  checkChoice("arithmetic", arithmetic, ["float32", "float64"]);
  checkChoice("socketLabel", socketLabel, ["path", "path:0", "path:"]);
  const { keyHash: named = "md5" } = options;
  const keyHash = options.keyHash === undefined && digest === "sha1"
    ? SHA1_WORD
    : namedHash("keyHash", named);
  checkWholeWeights(servers, "ketama");
  const labelName = defaultPort === "omitted" ? shortName : fullName;
  const behindPath = socketLabel.slice("path".length);
  const placement = ketamaPlacement({
    name: `ketama ${digest} ${pointsPerDigest} ${defaultPort} ${arithmetic} ${socketLabel}`,
    labels: arithmetic === "float32" ? labelsInFloat32 : labelsInFloat64,
    label: (server, number) => `${labelName(server.name, behindPath)}-${number}`,
    ...(digest === "sha1" && { digest: sha1LowestFirst }),
    pointsPerDigest,
  });
  return ringLocator(servers, { algorithm: "ketama", placement, keyHash, search: CEILING });
}

/** SHA-1's words in MD5's byte order, little-endian. */
const sha1LowestFirst: WordDigest = (text, into) => {
  sha1(text, into);
  for (let i = 0; i < into.length; i++) into[i] = swapBytes(into[i]!);
};

const WORDS = /* @__PURE__ */ new Uint32Array(5);

const SHA1_WORD: NamedHash = {
  hash(key) {
    sha1LowestFirst(key, WORDS);
    return WORDS[0]!;
  },
  text: "SHA-1, its first four bytes, the first one lowest",
};
