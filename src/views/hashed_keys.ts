/** Keys that may be any strings. @module */

import { concat } from "@std/bytes/concat";
import { startsWith } from "@std/bytes/starts-with";
import { type KeyCommands, type Transcoder, ValidationException } from "../../mod.ts";
import { checkChoice, checkClient, checkNames, show } from "../option_checks.ts";
import { takesKey } from "../protocol/longest_key.ts";
import {
  isReserved,
  itemTranscoder,
  LEASE_FLAGS,
  type RawItem,
} from "../transcoding/item_codec.ts";
import { envelope, escapeValue, openEnvelope, unescapeValue } from "./envelope.ts";
import { ALGORITHMS, hashOf, type KeyHash, LONGEST_HASH_KEY } from "./key_hash.ts";
import { namingKeys } from "./partial_errors.ts";
import { ValueView } from "./value_view.ts";
import type { ValueRules } from "./value_view/value_rules.ts";
import { keyFormatOf, longestKeyOf } from "./wrapped_commands.ts";

/** The options of {@linkcode hashedKeys}. */
export interface HashedKeysOptions {
  /**
   * The hash of the keys that memcached does not take: `"sha256"` by default; `"sha1"`, `"sha384"`, `"sha512"`, or
   * a function that returns 1 to 100 characters from `!` to `~`, or a promise of them.
   */
  readonly hash?: KeyHash | ((key: string) => string | Promise<string>) | undefined;
}

const NAME = "key";
/** What looks like `#` and one of the hashes, in base64url. */
const HASHED = /^#(?:[\w-]{27}|[\w-]{43}|[\w-]{64}|[\w-]{86})$/;

/**
 * Makes a view that takes any string as a key, the empty one included.
 *
 * A key that memcached takes (1 to 250 characters from `!` to `~`; fewer in a namespace, and on `largeValues` in
 * mcrouter's format) is used as it is, so that other clients find its item. Any other key is replaced by `#` and its
 * hash. Its item is a list of the original key, as JSON, and the value. The original key is compared when the item is
 * read: two keys with one hash never get each other's value; the one that was not stored last misses. A key that looks
 * like `#` and such a hash is hashed itself; with a function as `hash`, every key that begins with `#`.
 *
 * Items under hashed keys are counted and appended to by `gets` and `cas`, in two round trips, since memcached
 * cannot look into a list. `replace`, `touch`, `delete`, `invalidate` and `inspect` act on the item of the hash. The
 * transcoder must be able to represent lists: `rawTranscoder`, `enyimTranscoder`, `memjsTranscoder` and
 * `npmMemcacheTranscoder` cannot.
 *
 * @param client Where the values are stored: a client, a namespace, or another view.
 * @param options `hash`.
 * @returns The commands. Their keys, errors and results have the caller's keys.
 * @throws {ValidationException} When an option is invalid; later, when a key is not a string.
 *
 * @example A URL as a key
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { hashedKeys } from "@moecache/moecache/views";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * const pages = hashedKeys(client);
 * const url = `https://example.com/søk?q=${"long ".repeat(100)}`;
 * await pages.set(url, "<h1>Found</h1>", 60);
 * assertEquals(await pages.getMany([url]), new Map([[url, "<h1>Found</h1>"]]));
 * ```
 */
export function hashedKeys(client: KeyCommands, options: HashedKeysOptions = {}): KeyCommands {
  checkClient(client);
  checkNames(options, ["hash"]);
  const { hash = "sha256" } = options;
  if (typeof hash !== "function") checkChoice("hash", hash, Object.keys(ALGORITHMS));
  const longest = longestKeyOf(client);
  const format = keyFormatOf(client);
  const looksHashed = typeof hash === "function" ? /^#/ : HASHED;
  const isPlain = (key: string) => {
    return checkString(key).length <= longest && /^[!-~]+$/.test(key) && !looksHashed.test(key) &&
      (format === undefined || takesKey(format, key));
  };
  const keyOf = (key: string) => isPlain(key) ? key : hashedKey(checkString(key), hash);
  const rules = { isPlain, checkKey, keyOf, ...valueRules(isPlain) };
  const view = new ValueView(client, rules, withTranscoder);
  return namingKeys(view, async (key) => isPlain(key) ? [] : [await keyOf(key)]);

  function withTranscoder(transcoder: Transcoder): KeyCommands {
    const inner = client.withTranscoder(transcoder);
    if (transcoder !== itemTranscoder) return hashedKeys(inner, options);
    const rules = { isPlain, checkKey, keyOf, ...itemRules(isPlain) };
    return new ValueView(inner, rules, withTranscoder);
  }
}

type IsPlain = (key: string) => boolean;

/** How values are stored: under a hash, with the key. */
function valueRules(isPlain: IsPlain): Pick<ValueRules, "toStored" | "fromStored"> {
  return {
    toStored(value, key) {
      const escaped = escapeValue(value);
      return isPlain(key) ? escaped : envelope(NAME, JSON.stringify(key), escaped);
    },
    fromStored(stored, key) {
      // What another program has stored under a hash of its own does not belong to this key.
      const isHashed = openEnvelope(NAME, stored) !== undefined;
      if (isPlain(key)) return isHashed ? undefined : unescapeValue(stored);
      const [original, value] = openEnvelope(NAME, stored) ?? [];
      // As JSON, which tells halves of surrogate pairs apart that no transcoder can represent.
      return original === JSON.stringify(key) ? unescapeValue(value) : undefined;
    },
  };
}

/** How the marks of `lock` and `once` are stored: under a hash, the key stands before their text. */
function itemRules(isPlain: IsPlain): Pick<ValueRules, "toStored" | "fromStored"> {
  const nameOf = (key: string) => new TextEncoder().encode(`${JSON.stringify(key)}\n`);
  return {
    toStored(item, key) {
      const { flags, data } = item as RawItem;
      if (isPlain(key) || !isReserved(flags)) return item;
      return { flags, data: concat([nameOf(key), data]) };
    },
    fromStored(stored, key) {
      const { flags, data } = stored as RawItem;
      if (isPlain(key) || !isReserved(flags)) return stored;
      const name = nameOf(key);
      // The mark of another key with the same hash says only that the place is taken.
      if (!startsWith(data, name)) return { flags: LEASE_FLAGS, data };
      return { flags, data: data.subarray(name.length) };
    },
  };
}

function checkKey(key: unknown): void {
  checkString(key);
}

function checkString(key: unknown): string {
  if (typeof key === "string") return key;
  throw new ValidationException(`Cannot use key ${show(key)}: it must be a string`, key);
}

async function hashedKey(
  key: string,
  hash: NonNullable<HashedKeysOptions["hash"]>,
): Promise<string> {
  const digest = typeof hash === "function" ? await hash(key) : await hashOf(key, hash);
  if (typeof digest === "string" && /^[!-~]+$/.test(digest) && digest.length <= LONGEST_HASH_KEY) {
    return `#${digest}`;
  }
  const why = `hash must return 1 to ${LONGEST_HASH_KEY} characters from ! to ~`;
  throw new ValidationException(`Cannot use key ${JSON.stringify(key)}: ${why}`, digest);
}
