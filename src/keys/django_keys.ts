/** The keys of Django's cache. @module */

import { checkInteger, checkOptions } from "../option_checks.ts";
import type { KeyFormat } from "../protocol/key_format.ts";
import { checkPrefix, withoutPrefix } from "./prefixed_keys.ts";
import { sentAsUtf8 } from "./utf8_keys.ts";

/** The settings of Django's cache that concern keys. */
export interface DjangoKeysOptions {
  /** `KEY_PREFIX`; empty by default. */
  readonly prefix?: string | undefined;
  /** `VERSION`, or the argument `version` of Django's methods, from 0 on; 1 by default. */
  readonly version?: number | undefined;
}

/**
 * Makes keys as Django's cache does by default, `prefix:version:key`. Django chooses the server by the result.
 *
 * @param options `prefix` and `version`.
 * @returns The format, for the client's option `keys`.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example The keys of a Django program without settings about keys
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { djangoKeys } from "@moecache/moecache/keys";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { keys: djangoKeys() });
 * await using plain = new Client(server.address);
 *
 * await client.set("user", "Ada");
 * assertEquals(await plain.get(":1:user"), "Ada");
 * ```
 */
export function djangoKeys(options: DjangoKeysOptions = {}): KeyFormat {
  checkOptions(options, { prefix: "any", version: "any" });
  const { prefix = "", version = 1 } = options;
  if (prefix !== "") checkPrefix(prefix);
  checkInteger("version", version, 0, Number.MAX_SAFE_INTEGER);
  const start = `${prefix}:${version}:`;
  return sentAsUtf8((key) => start + key, (text) => withoutPrefix(text, start));
}
