/** The keys of spymemcached. @module */

import type { KeyFormat } from "../protocol/key_format.ts";
import { utf8Keys } from "./utf8_keys.ts";

/**
 * Makes keys as spymemcached does: they are sent as UTF-8, up to 250 bytes without whitespace, and none is replaced by
 * a digest. spymemcached chooses the server by the text of the key.
 *
 * @example A key that is not ASCII
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { spymemcachedKeys } from "@moecache/moecache/keys";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { keys: spymemcachedKeys });
 *
 * await client.set("café", "open");
 * assertEquals(await client.get("café"), "open");
 * ```
 */
export const spymemcachedKeys: KeyFormat = utf8Keys;
