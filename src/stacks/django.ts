import type { ClientOptions } from "../client_options.ts";
import { checkNames, takeOptions } from "../option_checks.ts";
import { djangoKeys, type DjangoKeysOptions } from "../keys/django_keys.ts";
import { rendezvous } from "../routing/rendezvous.ts";
import { pythonMemcachedModulo } from "../routing/python_memcached_modulo.ts";
import { pylibmcTranscoder } from "../transcoding/formats/pylibmc.ts";
import { pymemcacheTranscoder } from "../transcoding/formats/pymemcache.ts";
import { pythonMemcachedTranscoder } from "../transcoding/formats/python_memcached.ts";
import {
  type LibmemcachedDistributionOptions,
  libmemcachedLocator,
} from "./libmemcached_locator.ts";

/**
 * The client options for a cache shared with Django's `PyMemcacheCache`: pymemcache's ring, its pickles, and
 * Django's keys.
 *
 * It corresponds to this setting of Django's:
 *
 * ```python
 * CACHES = {"default": {
 *     "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
 *     "LOCATION": ["10.0.0.1:11211", "10.0.0.2:11211"],
 *     "KEY_PREFIX": prefix, "VERSION": version,
 * }}
 * ```
 *
 * @param options `prefix`, empty by default, and `version`, 1 by default, as `KEY_PREFIX` and `VERSION`.
 * @returns `locator`, `transcoder` and `keys`.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example A view that Django has cached
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { django } from "@moecache/moecache/stacks";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, django({ prefix: "shop" }));
 *
 * await client.set("basket:7", { books: 3 }); // cache.get("basket:7") in Django
 * assertEquals(await client.get("basket:7"), { books: 3 });
 * ```
 */
export function django(
  options: DjangoKeysOptions = {},
): Required<Pick<ClientOptions, "locator" | "transcoder" | "keys">> {
  checkNames(options, ["prefix", "version"]);
  return {
    locator: rendezvous,
    transcoder: pymemcacheTranscoder,
    keys: djangoKeys(options),
  };
}

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
 * import { djangoPylibmc } from "@moecache/moecache/stacks";
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
): Required<Pick<ClientOptions, "locator" | "transcoder" | "keys">> {
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

/**
 * The client options for a cache shared with Django's `MemcachedCache`, which Django had up to version 4.0:
 * python-memcached's distribution and values, and Django's keys.
 *
 * It corresponds to this setting of Django's:
 *
 * ```python
 * CACHES = {"default": {
 *     "BACKEND": "django.core.cache.backends.memcached.MemcachedCache",
 *     "LOCATION": ["10.0.0.1:11211", "10.0.0.2:11211"],
 * }}
 * ```
 *
 * @param options `prefix` and `version`, as with {@linkcode django}.
 * @returns `locator`, `transcoder` and `keys`.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example A value that Django reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { djangoPythonMemcached } from "@moecache/moecache/stacks";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, djangoPythonMemcached());
 *
 * await client.set("visits", 5); // cache.get("visits") in Django
 * assertEquals(await client.get("visits"), 5);
 * ```
 */
export function djangoPythonMemcached(
  options: DjangoKeysOptions = {},
): Required<Pick<ClientOptions, "locator" | "transcoder" | "keys">> {
  return {
    locator: pythonMemcachedModulo,
    transcoder: pythonMemcachedTranscoder,
    keys: djangoKeys(options),
  };
}
