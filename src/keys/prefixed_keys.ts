/** Keys with a prefix. @module */

import { ValidationException } from "../errors.ts";
import { checkBoolean, checkOptions } from "../option_checks.ts";
import type { KeyFormat } from "../protocol/key_format.ts";
import { byteString } from "../routing/hashes/text_hash.ts";
import { sentAsUtf8 } from "./utf8_keys.ts";

/** How keys get a prefix. */
export interface PrefixedKeysOptions {
  /** Whether the locator gets the prefix, too: libmemcached's `HASH_WITH_PREFIX_KEY`; `false` by default. */
  readonly hashPrefix?: boolean | undefined;
}

/**
 * Puts a prefix before each key, as libmemcached does with `PREFIX_KEY` (`NAMESPACE`), and php-memcached with
 * `Memcached::OPT_PREFIX_KEY`. By default they choose the server by the key without the prefix. Keys are sent as
 * UTF-8.
 *
 * @param prefix The prefix, 1 to 249 bytes of UTF-8 without whitespace.
 * @param options `hashPrefix`.
 * @returns The format, for the client's option `keys`.
 * @throws {ValidationException} When the prefix or an option is invalid.
 *
 * @example The keys of a PHP program with `setOption(Memcached::OPT_PREFIX_KEY, "shop:")`
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { prefixedKeys } from "@moecache/moecache/keys";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { keys: prefixedKeys("shop:") });
 * await using plain = new Client(server.address);
 *
 * await client.set("cart", "3 books");
 * assertEquals(await plain.get("shop:cart"), "3 books");
 * ```
 */
export function prefixedKeys(prefix: string, options: PrefixedKeysOptions = {}): KeyFormat {
  checkOptions(options, { hashPrefix: "any" });
  const { hashPrefix = false } = options;
  checkBoolean("hashPrefix", hashPrefix);
  checkPrefix(prefix);
  const format = sentAsUtf8((key) => prefix + key, (text) => withoutPrefix(text, prefix));
  return hashPrefix ? format : { ...format, route: (key) => key };
}

/** How many bytes a prefix may have, so that one is left for a key. */
const LONGEST_PREFIX = 249;

/** Checks what is put before keys, and sent as UTF-8. */
export function checkPrefix(prefix: unknown, name = "prefix"): asserts prefix is string {
  const isText = typeof prefix === "string" && prefix !== "" && prefix.isWellFormed();
  const isSent = isText && !/[\0- \x7f]/.test(prefix);
  if (isSent && byteString(prefix).length <= LONGEST_PREFIX) return;
  const why = `it must be 1 to ${LONGEST_PREFIX} bytes of UTF-8 without whitespace`;
  throw new ValidationException(`Cannot use ${name}: ${why}`, prefix);
}

/** What follows a prefix; `undefined` for a key without it, or that ends with it. */
export function withoutPrefix(sent: string, prefix: string): string | undefined {
  return sent.startsWith(prefix) && sent.length > prefix.length
    ? sent.slice(prefix.length)
    : undefined;
}
