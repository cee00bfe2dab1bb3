/**
 * The client options beside Django's `PyLibMCCache`.
 *
 * @example A client with these options, and one of its own
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { djangoPylibmc } from "@moecache/moecache/stacks/django-pylibmc";
 *
 * const servers = ["10.0.0.1:11211", "10.0.0.2:11211"];
 * await using client = new Client(servers, { ...djangoPylibmc(), timeout: 500 });
 * console.log(client.locate("user:1").server);
 * ```
 *
 * @module
 */

import type { ClientOptions } from "../client_options.ts";
import { djangoKeys, type DjangoKeysOptions } from "../keys/django_keys.ts";
import { takeOptions } from "../option_checks.ts";
import { pylibmcTranscoder } from "../transcoding/formats/pylibmc.ts";
import {
  type LibmemcachedDistributionOptions,
  libmemcachedLocator,
} from "./libmemcached_locator.ts";

export type { DjangoKeysOptions } from "../keys/django_keys.ts";
export type { KeyHash } from "../routing/hashes/key_hash.ts";
export type { LibmemcachedDistributionOptions } from "./libmemcached_locator.ts";

/** The settings of Django's cache with pylibmc; all are optional. */
export interface DjangoPylibmcOptions extends DjangoKeysOptions, LibmemcachedDistributionOptions {}

/**
 * The client options for a cache shared with Django's `PyLibMCCache`: libmemcached's distribution, pylibmc's
 * values, and Django's keys. With `"ketama_weighted"`, pylibmc hashes keys with MD5, whatever its behavior `hash` is.
 *
 * `djangoPylibmc({ distribution: "consistent" })` corresponds to this setting of Django's; without the `OPTIONS`, leave
 * out `distribution`:
 *
 * ```python
 * CACHES = {"default": {
 *     "BACKEND": "django.core.cache.backends.memcached.PyLibMCCache",
 *     "LOCATION": ["10.0.0.1:11211", "10.0.0.2:11211"],
 *     "OPTIONS": {"behaviors": {"ketama": True}},
 * }}
 * ```
 *
 * @param options `prefix`, `version`, `distribution` and `hash`.
 * @returns `locator`, `transcoder` and `keys`.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example A value that Django reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { djangoPylibmc } from "@moecache/moecache/stacks/django-pylibmc";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, djangoPylibmc());
 *
 * await client.set("visits", 5); // cache.get("visits") in Django
 * assertEquals(await client.get("visits"), 5);
 * ```
 */
export function djangoPylibmc(
  options: DjangoPylibmcOptions = {},
): { readonly [Name in "locator" | "transcoder" | "keys"]: NonNullable<ClientOptions[Name]> } {
  const { distribution, hash, ...keys } = takeOptions(
    options,
    ["distribution", "hash", "prefix", "version"],
  );
  return {
    // pylibmc adds unix sockets with `memcached_server_add_unix_socket`.
    locator: libmemcachedLocator({
      ...(distribution === undefined ? {} : { distribution }),
      ...(hash === undefined ? {} : { hash }),
    }, "path:0"),
    transcoder: pylibmcTranscoder,
    keys: djangoKeys(keys),
  };
}
