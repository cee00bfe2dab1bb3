/** The keys of EnyimMemcached and EnyimMemcachedCore. @module */

import { checkChoice, checkInteger, checkObject, checkOptions } from "../option_checks.ts";
import type { KeyFormat } from "../protocol/key_format.ts";
import { byteString } from "../routing/hashes/text_hash.ts";
import { sha1Digest, textOfUtf8, utf16Bytes } from "./digest.ts";
import { checkWellFormed, utf8Keys } from "./utf8_keys.ts";
import { tiger } from "./tiger.ts";

/** The options of EnyimMemcached and EnyimMemcachedCore that concern keys. */
export interface EnyimKeysOptions {
  /**
   * The configuration's `keyTransformer`:
   *
   * - `"base64"`, `Base64KeyTransformer`: the Base64 of the key's UTF-8
   * - `"sha1"`, `SHA1KeyTransformer`: the Base64 of the SHA-1 of its UTF-16
   * - `"tiger"`, `TigerHashKeyTransformer`: the Base64 of the Tiger hash of its UTF-16
   */
  readonly transformer: "base64" | "sha1" | "tiger";
  /**
   * Shorter keys, of up to this many characters, are sent as they are, 0 to 250; 0 by default. Some .NET programs
   * have a hybrid transformer of their own that does so; those of EnyimMemcached transform every key.
   */
  readonly longerThan?: number | undefined;
}

const TRANSFORMERS: Readonly<Record<EnyimKeysOptions["transformer"], (key: string) => string>> = {
  base64: (key) => btoa(byteString(key)),
  sha1: (key) => base64(sha1Digest(utf16Bytes(key))),
  tiger: (key) => base64(tiger(utf16Bytes(key))),
};

/**
 * Makes keys as the key transformers of EnyimMemcached and EnyimMemcachedCore do. The server is chosen by the result.
 * Without a transformer in its configuration, EnyimMemcached sends keys as UTF-8: see {@linkcode utf8Keys}.
 *
 * With `"sha1"` and `"tiger"`, keys may have any length, and any characters. `items` lists them as memcached has them.
 * With `"base64"`, keys may have up to 186 bytes.
 *
 * @param options `transformer` and `longerThan`.
 * @returns The format, for the client's option `keys`.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example The keys of a .NET program with `TigerHashKeyTransformer`
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { enyimKeys } from "@moecache/moecache/keys";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * const keys = enyimKeys({ transformer: "tiger" });
 * await using client = new Client(server.address, { keys });
 *
 * await client.set("a search for café", 3);
 * assertEquals(await client.get("a search for café"), 3);
 * ```
 */
export function enyimKeys(options: EnyimKeysOptions): KeyFormat {
  checkObject(options, "a plain object such as { transformer }");
  checkOptions(options, { transformer: "any", longerThan: "any" });
  const { transformer, longerThan = 0 } = options;
  checkChoice("transformer", transformer, ["base64", "sha1", "tiger"]);
  checkInteger("longerThan", longerThan, 0, 250);
  const transform = TRANSFORMERS[transformer];
  const textOf = (key: string) => key.length <= longerThan ? key : transform(key);
  const encode = (key: string) => {
    checkWellFormed(key);
    return byteString(textOf(key));
  };
  if (longerThan > 0) return { encode, route: textOf };
  return transformer === "base64" ? { encode, decode: keyOfBase64 } : { encode };
}

/** The keys of a key transformer, or of none. */
export function enyimKeysOf(transformer: EnyimKeysOptions["transformer"] | undefined): KeyFormat {
  return transformer === undefined ? utf8Keys : enyimKeys({ transformer });
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** The key whose Base64 this is; `undefined` if it is that of none. */
function keyOfBase64(sent: string): string | undefined {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(sent)) {
    return undefined;
  }
  const bytes = atob(sent);
  return btoa(bytes) === sent ? textOfUtf8(bytes) : undefined;
}
