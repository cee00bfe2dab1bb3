/** Keys as UTF-8. @module */

import { ValidationException } from "../errors.ts";
import type { KeyFormat } from "../protocol/key_format.ts";
import { byteString } from "../routing/hashes/text_hash.ts";
import { textOfUtf8 } from "./digest.ts";

/**
 * Sends keys as UTF-8, as clients do that take any characters: php-memcached, pylibmc, python-memcached, and
 * EnyimMemcached without a key transformer. What is sent has at most 250 bytes and no whitespace.
 *
 * With memcached's text protocol, php-memcached refuses keys that are not ASCII, and EnyimMemcached sends `?` for each
 * such character. With the binary protocol, which is EnyimMemcached's default, both send UTF-8.
 *
 * @example A key that is not ASCII
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { utf8Keys } from "@moecache/moecache/keys";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { keys: utf8Keys });
 *
 * await client.set("café", "open"); // $cache->get("café") in PHP
 * assertEquals(await client.get("café"), "open");
 * ```
 */
export const utf8Keys: KeyFormat = /* @__PURE__ */ sentAsUtf8((key) => key, (text) => text);

/**
 * A format that makes a text of the key, and sends it as UTF-8. The ring gets the text.
 *
 * @param textOf Makes the text.
 * @param keyOf Makes the key of a text again; `undefined` if it is that of none.
 */
export function sentAsUtf8(
  textOf: (key: string) => string,
  keyOf: (text: string) => string | undefined,
): KeyFormat {
  return {
    encode: (key) => {
      checkWellFormed(key);
      return byteString(textOf(key));
    },
    route: textOf,
    decode: (sent) => {
      const text = textOfUtf8(sent);
      return text === undefined ? undefined : keyOf(text);
    },
  };
}

/** Checks that a key has a form in UTF-8 and UTF-16. */
export function checkWellFormed(key: string): void {
  if (key.isWellFormed()) return;
  const why = "keys must be well-formed";
  throw new ValidationException(`Cannot use key ${JSON.stringify(key)}: ${why}`, key);
}
