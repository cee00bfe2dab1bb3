/** Ketama, as libmemcached, twemproxy and npm `memcached` have it. @module */

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

/** What sets one {@linkcode ketama} apart from another. Every option may be left out. */
export interface KetamaOptions {
  /** What keys are hashed with: twemproxy's `hash`; `digest` by default. */
  readonly keyHash?: KeyHash;
  /** What points are cut from: npm `memcached`'s `algorithm`; `"md5"` by default. */
  readonly digest?: "md5" | "sha1";
  /** Points from each digest: 3 for npm `memcached`'s `compatibility: "hash_ring"`; 4 by default. */
  readonly pointsPerDigest?: 3 | 4;
  /**
   * Whether a label says port 11211: not for libmemcached and its kin, yes for `hash_ring` and npm
   * `hashring` by itself. `"omitted"` by default.
   */
  readonly defaultPort?: "omitted" | "written";
  /**
   * How shares are computed: in single precision as in C, or in double precision as in JavaScript, which
   * differs for some numbers of servers and weights: of equal servers for 25, 47, 49 and 50 among others.
   * `"float32"` by default; `"float64"` is npm `memcached`'s.
   */
  readonly arithmetic?: "float32" | "float64";
  /**
   * What a label says of a unix socket; `"path"` by default:
   *
   * - `"path"`: `memcached_server_add`, and so PHP's `addServer(path, 0)`; npm `memcached`
   * - `"path:0"`: `memcached_server_add_unix_socket`, and so pylibmc; PHP's `addServers([[path, 0]])`
   * - `"path:"`: twemproxy
   */
  readonly socketLabel?: "path" | "path:0" | "path:";
}

/**
 * Ketama by weight: libmemcached's `MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED` (PHP's `OPT_LIBKETAMA_COMPATIBLE`),
 * twemproxy's `distribution: ketama`, npm `memcached`. A server has 160 points at an equal share, 4 from each
 * MD5 of `host-0`, `host-1`, …, or `host:port-0` when the port is not 11211; an IPv6 address has no brackets
 * there. A key belongs to the first point that is not below its hash.
 *
 * twemproxy hashes the name that a server has in its configuration, where it has one: give the servers
 * those names, as the second example does.
 *
 * @param servers The servers. Weights count, and must be whole numbers.
 * @param options `keyHash`, `digest`, `pointsPerDigest`, `defaultPort`, `arithmetic`, `socketLabel`.
 * @returns The locator. Locating allocates nothing.
 * @throws {ValidationException} When an option is not one of the names it can be, or a weight not whole.
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
 * @example Servers that have names of their own in twemproxy's configuration
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
  const keyHash = options.keyHash === undefined && digest === "sha1"
    ? SHA1_WORD
    : namedHash("keyHash", options.keyHash ?? "md5");
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

/** SHA-1's words as MD5 has its own: each four bytes with the first one lowest. */
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
