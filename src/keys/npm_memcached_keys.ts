import type { KeyFormat } from "../protocol/key_format.ts";
import { md5Hex } from "./digest.ts";

const LONGEST = 250;

/**
 * Makes keys as the npm client `memcached` does: one of more than 250 characters is sent as its MD5, in hexadecimal
 * digits. It chooses the server by the key, not by its MD5.
 *
 * Two long keys with the same MD5 would share an item, and so would a long key and a short one that is its MD5.
 * `items` lists long keys as memcached has them.
 *
 * @example A long key
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { npmMemcachedKeys } from "@moecache/moecache/keys";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { keys: npmMemcachedKeys });
 *
 * const key = `search:${"q".repeat(300)}`;
 * await client.set(key, ["result"]);
 * assertEquals(await client.get(key), ["result"]);
 * ```
 */
export const npmMemcachedKeys: KeyFormat = {
  encode: (key) => key.length > LONGEST ? md5Hex(key) : key,
  route: (key) => key,
  decode: (sent) => sent,
};
