/** The keys of Rails' `:mem_cache_store`. @module */

import { quote, ValidationException } from "../errors.ts";
import { checkChoice, checkOptions, holdsNames } from "../option_checks.ts";
import type { KeyFormat } from "../protocol/key_format.ts";
import { byteString } from "../routing/hashes/text_hash.ts";
import { md5Hex, sha1Hex, sha256Hex, textOfUtf8 } from "./digest.ts";
import { checkPrefix, withoutPrefix } from "./prefixed_keys.ts";
import { checkWellFormed } from "./utf8_keys.ts";

/** The options of Rails' `:mem_cache_store`, and the settings of Rails, that concern keys. */
export interface RailsKeysOptions {
  /** The store's `namespace`; none by default. */
  readonly namespace?: string | undefined;
  /**
   * What is before the digest of a key that is too long; `":hash:"` by default, as in Rails 7.0 and later. Rails 6.1
   * and older have `":md5:"`, whatever the digest is.
   */
  readonly separator?: ":hash:" | ":md5:" | undefined;
  /**
   * `config.active_support.hash_digest_class`; `"sha256"` by default, as with `config.load_defaults 7.0` and later.
   * `load_defaults` from 5.2 to 6.1 has `"sha1"`, and ActiveSupport without Rails has `"md5"`.
   */
  readonly digest?: "sha256" | "sha1" | "md5" | undefined;
}

/** A key as Rails' cache takes it: texts, numbers, and arrays and objects of these. */
export type RailsKey =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly RailsKey[]
  | { readonly [name: string]: string | number | bigint | boolean | null };

const LONGEST = 250;
/** Rails uses 32 hexadecimal digits of each digest. */
const DIGEST_LENGTH = 32;
const DIGESTS = { sha256: sha256Hex, sha1: sha1Hex, md5: md5Hex } as const;

/**
 * Makes keys as ActiveSupport's `MemCacheStore` does, Rails' `:mem_cache_store`: `namespace:key`, whose bytes that are
 * not from `!` to `~`, and `%`, become `%` and their number in hexadecimal. If that has more than 250 characters, its
 * end is replaced by a digest of it. The server is chosen by the result. `items` lists keys with a digest as memcached
 * has them.
 *
 * Rails also takes arrays and hashes as keys; {@linkcode railsKey} makes the text of these.
 *
 * @param options `namespace`, `separator` and `digest`.
 * @returns The format, for the client's option `keys`.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example The keys of Rails with `config.cache_store = :mem_cache_store, servers, { namespace: "shop" }`
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { railsKeys } from "@moecache/moecache/keys";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { keys: railsKeys({ namespace: "shop" }) });
 * await using plain = new Client(server.address);
 *
 * await client.set("open late?", "yes");
 * assertEquals(await plain.get("shop:open%20late?"), "yes");
 * ```
 */
export function railsKeys(options: RailsKeysOptions = {}): KeyFormat {
  checkOptions(options, { namespace: "any", separator: "any", digest: "any" });
  const { namespace, separator = ":hash:", digest = "sha256" } = options;
  // Whitespace in it is escaped.
  if (namespace !== undefined) checkPrefix(escapedText(namespace), "namespace");
  checkChoice("separator", separator, [":hash:", ":md5:"]);
  checkChoice("digest", digest, ["sha256", "sha1", "md5"]);
  const prefix = namespace === undefined ? "" : escaped(`${namespace}:`);
  const kept = LONGEST - separator.length - DIGEST_LENGTH;
  const hash = DIGESTS[digest];
  return {
    encode: (key) => {
      checkWellFormed(key);
      const whole = prefix + escaped(key);
      if (whole.length <= LONGEST) return whole;
      return whole.slice(0, kept) + separator + hash(whole).slice(0, DIGEST_LENGTH);
    },
    decode: (sent) => {
      const key = withoutPrefix(sent, prefix);
      return key === undefined ? undefined : unescaped(key);
    },
  };
}

/**
 * The text that Rails makes of a key: the parts of an array and the entries of an object, which are sorted, with `/`
 * between them.
 *
 * @param key The key as Rails has it. Of a record, pass its `cache_key`, such as `"products/7"`.
 * @returns The text.
 * @throws {ValidationException} When it holds anything else, such as a `Date`.
 *
 * @example The key of `Rails.cache.read(["products", 7, { currency: "EUR" }])`
 * ```ts
 * import { railsKey } from "@moecache/moecache/keys";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(railsKey(["products", 7, { currency: "EUR" }]), "products/7/currency=EUR");
 * ```
 */
export function railsKey(key: RailsKey): string {
  if (Array.isArray(key)) return key.map(railsKey).join("/");
  if (typeof key !== "object" || key === null) return textOf(key);
  if (!holdsNames(key)) throw noKey(key);
  return Object.entries(key).map(([name, value]) => `${name}=${textOf(value)}`).toSorted().join(
    "/",
  );
}

/** The text of a part of a key. Rails makes another one of what is neither a text, a number nor a boolean. */
function textOf(part: unknown): string {
  if (part === null) return "";
  if (!/str|num|big|boo/.test(typeof part)) throw noKey(part);
  return String(part);
}

function noKey(part: unknown): ValidationException {
  const why = "it must be a string, a number, a boolean or null, or an array or object of these";
  return new ValidationException(`Cannot use key part ${quote(part)}: ${why}`, part);
}

/** The namespace as it is sent; what is no text stays, and is refused. */
function escapedText(namespace: unknown): unknown {
  return typeof namespace === "string" && namespace.isWellFormed() ? escaped(namespace) : namespace;
}

function escaped(key: string): string {
  return byteString(key).replace(/[^!-~]|%/g, (byte) => {
    return `%${byte.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

/**
 * The bytes below 16 become `%` and a single digit, so what is escaped can be read in two ways: with two digits first,
 * then with one. What is neither is left as it is.
 */
function unescaped(sent: string): string {
  return [/%([1-9A-F][0-9A-F]|[0-9A-F])/g, /%([0-9A-F])/g]
    .map((escape) => textOfUtf8(sent.replace(escape, (_, digits) => characterOf(digits))))
    .find((key) => key !== undefined && escaped(key) === sent) ?? sent;
}

function characterOf(digits: string): string {
  return String.fromCharCode(Number.parseInt(digits, 16));
}
