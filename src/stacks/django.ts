/**
 * The client options beside Django's `PyMemcacheCache`.
 *
 * @example A client with these options, and one of its own
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { django } from "@moecache/moecache/stacks/django";
 *
 * const servers = ["10.0.0.1:11211", "10.0.0.2:11211"];
 * await using client = new Client(servers, { ...django(), timeout: 500 });
 * console.log(client.locate("user:1").server);
 * ```
 *
 * @module
 */

import type { ClientOptions } from "../client_options.ts";
import { djangoKeys, type DjangoKeysOptions } from "../keys/django_keys.ts";
import { checkNames } from "../option_checks.ts";
import { rendezvous } from "../routing/rendezvous.ts";
import { pymemcacheTranscoder } from "../transcoding/formats/pymemcache.ts";

export type { DjangoKeysOptions } from "../keys/django_keys.ts";

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
 * import { django } from "@moecache/moecache/stacks/django";
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
): { readonly [Name in "locator" | "transcoder" | "keys"]: NonNullable<ClientOptions[Name]> } {
  checkNames(options, ["prefix", "version"]);
  return {
    locator: rendezvous,
    transcoder: pymemcacheTranscoder,
    keys: djangoKeys(options),
  };
}
