/**
 * The client options beside PHP's Memcached.
 *
 * @example A client with these options, and one of its own
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { php } from "@moecache/moecache/stacks/php";
 *
 * const servers = ["10.0.0.1:11211", "10.0.0.2:11211"];
 * await using client = new Client(servers, { ...php(), timeout: 500 });
 * console.log(client.locate("user:1").server);
 * ```
 *
 * @module
 */

import type { ClientOptions } from "../client_options.ts";
import { prefixedKeys } from "../keys/prefixed_keys.ts";
import { utf8Keys } from "../keys/utf8_keys.ts";
import { checkBoolean, takeOptions } from "../option_checks.ts";
import {
  phpMemcachedTranscoder,
  type PhpMemcachedTranscoderOptions,
} from "../transcoding/formats/php/php_memcached_transcoder.ts";
import {
  type LibmemcachedDistributionOptions,
  libmemcachedLocator,
} from "./libmemcached_locator.ts";

export type { KeyHash } from "../routing/hashes/key_hash.ts";
export type { PhpCompression } from "../transcoding/formats/php/php_compression.ts";
export type {
  PhpMemcachedTranscoderOptions,
  PhpSerializer,
} from "../transcoding/formats/php/php_memcached_transcoder.ts";
export type { LibmemcachedDistributionOptions } from "./libmemcached_locator.ts";

const NAMES = [
  ...["distribution", "hash", "prefix", "hashPrefix", "socketLabel"],
  ...["serializer", "compression"],
];

/** How php-memcached is configured; all options are optional. */
export interface PhpOptions extends PhpMemcachedTranscoderOptions, LibmemcachedDistributionOptions {
  /** `OPT_PREFIX_KEY`; none by default. */
  readonly prefix?: string | undefined;
  /** `OPT_HASH_WITH_PREFIX_KEY`: whether the prefix helps to choose the server; `false` by default. */
  readonly hashPrefix?: boolean | undefined;
  /**
   * How PHP has added unix sockets: `"path"`, the default, for `addServer(path, 0)`; `"path:0"` for
   * `addServers([[path, 0]])`. They are hashed differently.
   */
  readonly socketLabel?: "path" | "path:0" | undefined;
}

/**
 * The client options for a cache shared with php-memcached, Debian's `php-memcached`: libmemcached's distribution,
 * PHP's values, and the prefix of keys.
 *
 * Without options it corresponds to this, with php-memcached's own defaults:
 *
 * ```php
 * $cache = new Memcached();
 * $cache->addServers([["10.0.0.1", 11211], ["10.0.0.2", 11211]]);
 * ```
 *
 * and `php({ distribution: "ketama", prefix: "shop:" })` to this:
 *
 * ```php
 * $cache = new Memcached();
 * $cache->setOption(Memcached::OPT_LIBKETAMA_COMPATIBLE, true);
 * $cache->setOption(Memcached::OPT_PREFIX_KEY, "shop:");
 * $cache->addServers([["10.0.0.1", 11211], ["10.0.0.2", 11211]]);
 * ```
 *
 * @param options `distribution`, `hash`, `prefix`, `hashPrefix`, `socketLabel`, `serializer` and `compression`.
 * @returns `locator`, `transcoder` and `keys`.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example A cart that PHP reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { php } from "@moecache/moecache/stacks/php";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, php({ prefix: "shop:" }));
 *
 * await client.set("cart", { books: 3 }); // $cache->get("cart") in PHP
 * assertEquals(await client.get("cart"), { books: 3 });
 * ```
 */
export function php(
  options: PhpOptions = {},
): { readonly [Name in "locator" | "transcoder" | "keys"]: NonNullable<ClientOptions[Name]> } {
  const taken = takeOptions(options, NAMES);
  const { distribution, hash, prefix, hashPrefix, socketLabel = "path", ...values } = taken;
  const locator = libmemcachedLocator({
    ...(distribution === undefined ? {} : { distribution }),
    ...(hash === undefined ? {} : { hash }),
  }, socketLabel);
  if (hashPrefix !== undefined) checkBoolean("hashPrefix", hashPrefix);
  const transcoder = phpMemcachedTranscoder(values);
  if (prefix === undefined) return { locator, transcoder, keys: utf8Keys };
  const keys = prefixedKeys(prefix, hashPrefix === undefined ? {} : { hashPrefix });
  return { locator, transcoder, keys };
}
