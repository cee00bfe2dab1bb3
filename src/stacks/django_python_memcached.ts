/**
 * The client options beside Django's `MemcachedCache`, of python-memcached.
 *
 * @example A client with these options, and one of its own
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { djangoPythonMemcached } from "@moecache/moecache/stacks/django-python-memcached";
 *
 * const servers = ["10.0.0.1:11211", "10.0.0.2:11211"];
 * await using client = new Client(servers, { ...djangoPythonMemcached(), timeout: 500 });
 * console.log(client.locate("user:1").server);
 * ```
 *
 * @module
 */

import type { ClientOptions } from "../client_options.ts";
import { djangoKeys, type DjangoKeysOptions } from "../keys/django_keys.ts";
import { pythonMemcachedModulo } from "../routing/python_memcached_modulo.ts";
import { pythonMemcachedTranscoder } from "../transcoding/formats/python_memcached.ts";

export type { DjangoKeysOptions } from "../keys/django_keys.ts";

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
 * @param options `prefix` and `version`, as `KEY_PREFIX` and `VERSION`.
 * @returns `locator`, `transcoder` and `keys`.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example A value that Django reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { djangoPythonMemcached } from "@moecache/moecache/stacks/django-python-memcached";
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
): { readonly [Name in "locator" | "transcoder" | "keys"]: NonNullable<ClientOptions[Name]> } {
  return {
    locator: pythonMemcachedModulo,
    transcoder: pythonMemcachedTranscoder,
    keys: djangoKeys(options),
  };
}
