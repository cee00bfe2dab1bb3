/** The keys of pymemcache. @module */

import { checkBoolean, checkOptions, invalidOption } from "../option_checks.ts";
import type { KeyFormat } from "../protocol/key_format.ts";
import { ValidationException } from "../errors.ts";
import { byteString } from "../routing/hashes/text_hash.ts";
import { textOfUtf8 } from "./digest.ts";
import { checkPrefix, withoutPrefix } from "./prefixed_keys.ts";

/** The options of pymemcache that concern keys. */
export interface PymemcacheKeysOptions {
  /** `key_prefix`; none by default. */
  readonly prefix?: string | undefined;
  /** `allow_unicode_keys`: whether keys may have characters that are not ASCII; `false` by default. */
  readonly allowUnicodeKeys?: boolean | undefined;
  /** Whether the Python program passes its keys as `bytes`, which its ring then hashes as `b'…'`; `false` by default. */
  readonly bytes?: boolean | undefined;
}

/**
 * Makes keys as pymemcache does: `key_prefix` and the key, whose characters may be any but whitespace with
 * `allow_unicode_keys`, and are sent as UTF-8. pymemcache chooses the server by the key without the prefix.
 *
 * @param options `prefix`, `allowUnicodeKeys` and `bytes`.
 * @returns The format, for the client's option `keys`.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example The keys of a program with `HashClient(servers, allow_unicode_keys=True)`
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { pymemcacheKeys } from "@moecache/moecache/keys";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * const keys = pymemcacheKeys({ allowUnicodeKeys: true });
 * await using client = new Client(server.address, { keys });
 *
 * await client.set("café", "open");
 * assertEquals(await client.getMany(["café", "thé"]), new Map([["café", "open"]]));
 * ```
 */
export function pymemcacheKeys(options: PymemcacheKeysOptions = {}): KeyFormat {
  checkOptions(options, { prefix: "any", allowUnicodeKeys: "any", bytes: "any" });
  const { prefix, allowUnicodeKeys = false, bytes = false } = options;
  checkBoolean("allowUnicodeKeys", allowUnicodeKeys);
  checkBoolean("bytes", bytes);
  if (prefix !== undefined) {
    checkPrefix(prefix);
    // pymemcache encodes it so, and the key as UTF-8.
    if (!/^[!-~]+$/.test(prefix)) throw invalidOption("prefix", prefix, "ASCII");
  }
  return {
    encode: (key) => {
      const isAscii = /^[!-~]+$/.test(key);
      if (isAscii) return (prefix ?? "") + key;
      if (allowUnicodeKeys && key.isWellFormed()) return (prefix ?? "") + byteString(key);
      const why = allowUnicodeKeys
        ? "keys must be well-formed"
        : "keys must be ASCII without whitespace";
      throw new ValidationException(`Cannot use key ${JSON.stringify(key)}: ${why}`, key);
    },
    route: (key) => bytes ? bytesRepr(allowUnicodeKeys ? byteString(key) : key) : key,
    decode: (sent) => {
      const key = withoutPrefix(sent, prefix ?? "");
      if (key === undefined || /^[!-~]+$/.test(key)) return key;
      return textOfUtf8(key);
    },
  };
}

/** Python's `repr` of bytes without whitespace, a character for each. */
function bytesRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(/[^ -~]|[\\'"]/g, (char) => {
    if (char === "\\" || char === quote) return `\\${char}`;
    if (char === "'" || char === '"') return char;
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `b${quote}${escaped}${quote}`;
}
