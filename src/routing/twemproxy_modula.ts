/** twemproxy's modula. @module */

import { checkNames } from "../option_checks.ts";
import { type KeyHash, namedHash } from "./hashes/key_hash.ts";
import { byteString } from "./hashes/text_hash.ts";
import { shortName } from "./labels_and_weights.ts";
import type { Locator, Server } from "./locator.ts";
import { weightedModuloLocator } from "./modulo.ts";

/** The options of {@linkcode twemproxyModula}. */
export interface TwemproxyModulaOptions {
  /** twemproxy's `hash`; `"fnv1a_64"` by default, as in twemproxy. */
  readonly hash?: KeyHash | undefined;
}

/**
 * twemproxy's `distribution: modula`: the key's hash modulo the sum of the weights, over the servers *sorted* by their
 * names, shorter names first, each as many times as its weight. A name is `host:port`, or `host` when the port is
 * 11211, or `path:` for a unix socket. If a server has a name in twemproxy's configuration, give it the same name here.
 *
 * @param servers The servers. Weights are used, and must be whole numbers.
 * @param options `hash`.
 * @returns The locator. Locating allocates nothing.
 * @throws {ValidationException} When `hash` is not one of its names, or a weight is not a whole number.
 *
 * @example In a client
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { twemproxyModula } from "@moecache/moecache/rings";
 *
 * await using client = new Client(["10.0.0.1", "10.0.0.2"], {
 *   locator: (servers) => twemproxyModula(servers, { hash: "md5" }),
 * });
 * ```
 */
export function twemproxyModula(
  servers: readonly Server[],
  options: TwemproxyModulaOptions = {},
): Locator {
  checkNames(options, ["hash"]);
  const { hash = "fnv1a_64" } = options;
  return weightedModuloLocator(servers, {
    algorithm: "twemproxyModula",
    keyHash: namedHash("hash", hash),
    order: orderOfNames(servers),
  });
}

function orderOfNames(servers: readonly Server[]): readonly number[] {
  const names = servers.map(({ name }) => byteString(shortName(name, ":")));
  return Array.from(names.keys()).sort((a, b) => compareNames(names[a]!, names[b]!));
}

function compareNames(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : Number(a > b);
}
