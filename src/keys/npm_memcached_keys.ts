/** The keys of npm's `memcached`. @module */

import type { KeyFormat } from "../protocol/key_format.ts";
import { byteString } from "../routing/hashes/text_hash.ts";
import { md5Hex, textOfUtf8 } from "./digest.ts";
import { checkWellFormed } from "./utf8_keys.ts";

const LONGEST = 250;

/**
 * Makes keys as the npm client `memcached` does: in UTF-8, and one of more than 250 characters as its MD5, in
 * hexadecimal digits. It chooses the server by the key itself, even by a long one.
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
  encode: (key) => {
    checkWellFormed(key);
    return key.length > LONGEST ? md5Hex(key) : byteString(key);
  },
  route: (key) => key,
  decode: textOfUtf8,
};
