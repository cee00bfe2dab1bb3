/** The keys of Ruby's dalli. @module */

import { checkOptions } from "../option_checks.ts";
import type { KeyFormat } from "../protocol/key_format.ts";
import { md5Hex } from "./digest.ts";
import { checkPrefix, withoutPrefix } from "./prefixed_keys.ts";
import { sentAsUtf8 } from "./utf8_keys.ts";

/** The options of dalli that concern keys. */
export interface DalliKeysOptions {
  /** dalli's `namespace`; none by default. */
  readonly namespace?: string | undefined;
}

const LONGEST = 250;
const SEPARATOR = ":md5:";
const DIGEST_LENGTH = 32;

/**
 * Makes keys as dalli does: `namespace:key`, and of what is longer than 250 characters then, its beginning, `:md5:`
 * and the MD5 of all of it. dalli chooses the server by the result.
 *
 * Two long keys with the same MD5 share an item, which does not happen by chance. `items` lists long keys as
 * memcached has them.
 *
 * @param options `namespace`.
 * @returns The format, for the client's option `keys`.
 * @throws {ValidationException} When the namespace is not a text of 1 to 249 bytes of UTF-8 without whitespace.
 *
 * @example The keys of a Ruby program with `Dalli::Client.new(servers, namespace: "app")`
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { dalliKeys } from "@moecache/moecache/keys";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { keys: dalliKeys({ namespace: "app" }) });
 * await using plain = new Client(server.address);
 *
 * await client.set("user", "Ada");
 * assertEquals(await plain.get("app:user"), "Ada");
 * ```
 */
export function dalliKeys(options: DalliKeysOptions = {}): KeyFormat {
  checkOptions(options, { namespace: "any" });
  const { namespace } = options;
  if (namespace !== undefined) checkPrefix(namespace, "namespace");
  const prefix = namespace === undefined ? "" : `${namespace}:`;
  // With a namespace, a shortened key has 250 characters, and without one 249.
  const length = LONGEST - (namespace === undefined ? 1 : 0) - SEPARATOR.length - DIGEST_LENGTH;
  return sentAsUtf8((key) => {
    const whole = prefix + key;
    if (whole.length <= LONGEST) return whole;
    // Ruby counts characters, and JavaScript has two units for some.
    const characters = [...whole];
    if (characters.length <= LONGEST) return whole;
    return characters.slice(0, length).join("") + SEPARATOR + md5Hex(whole);
  }, (text) => withoutPrefix(text, prefix));
}
