/**
 * How other clients change keys before they send them, for the client's option `keys`.
 *
 * @example Keys as dalli, Ruby's client, makes them
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { dalliKeys } from "@moecache/moecache/keys";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { keys: dalliKeys({ namespace: "app" }) });
 *
 * await client.set("x".repeat(300), "a key that is too long for memcached");
 * assertEquals(await client.get("x".repeat(300)), "a key that is too long for memcached");
 * ```
 *
 * @module
 */

export type { KeyFormat } from "../protocol/key_format.ts";
export { dalliKeys, type DalliKeysOptions } from "./dalli_keys.ts";
export { djangoKeys, type DjangoKeysOptions } from "./django_keys.ts";
export { enyimKeys, type EnyimKeysOptions } from "./enyim_keys.ts";
export { npmMemcachedKeys } from "./npm_memcached_keys.ts";
export { prefixedKeys, type PrefixedKeysOptions } from "./prefixed_keys.ts";
export { pymemcacheKeys, type PymemcacheKeysOptions } from "./pymemcache_keys.ts";
export { type RailsKey, railsKey, railsKeys, type RailsKeysOptions } from "./rails_keys.ts";
export { spymemcachedKeys } from "./spymemcached_keys.ts";
export { utf8Keys } from "./utf8_keys.ts";
