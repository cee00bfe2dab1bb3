/** Hot keys on several servers. @module */

import { type KeyCommands, ValidationException } from "../../mod.ts";
import { checkClient, checkInteger, checkNames, invalidOption } from "../option_checks.ts";
import { itemTranscoder } from "../transcoding/item_codec.ts";
import { HotKeys } from "./spread/hot_keys.ts";
import { type Heat, namingCopies, SpreadView } from "./spread/spread_view.ts";
import { sentKeysOf } from "./wrapped_commands.ts";

/** The options of {@linkcode spread}: `copies`, and either `keys` or `hotKeys`. */
export interface SpreadOptions {
  /**
   * On how many servers a hot key is stored, its own included: an integer from 2 to 16; 3 by default. All programs must
   * use the same, or those with fewer leave copies of the others as they are.
   */
  readonly copies?: number | undefined;
  /** The hot keys: a list, or a function that says whether a key is one. All programs must use the same. */
  readonly keys?: Iterable<string> | ((key: string) => boolean) | undefined;
  /** Finds the hot keys by their use in this process. */
  readonly hotKeys?: {
    /** From which share of the last reads on a key is hot: more than 0, up to 1. 0.01 is one of a hundred. */
    readonly share: number;
  } | undefined;
  /**
   * How long a copy lives at most, in seconds: an integer from 1 to 2,592,000; 60 by default. A copy may be old for
   * this long if a writer is killed, or loses a server, between writing the item and its copies.
   */
  readonly maxAge?: number | undefined;
}

/**
 * Makes a view that stores hot keys on several servers, so that reads of one key do not all go to one server. A read
 * of a hot key goes to one of the copies at random; if that server cannot be reached, to the key's own.
 *
 * The item under the key itself is the original: `set`, `incr`, `cas` and all other writes change it first, then copy
 * it to the other servers and check whether it has changed meanwhile, until the copies are those of the current item.
 * So a write of a hot key takes four round trips, and once it has resolved, every reader finds the new value on every
 * server. While it is under way, some readers find the old value and some the new one. A missing copy is made again
 * from the item by the reader that misses it. A write fails when the item or a copy cannot be reached; the copy may
 * then be old for up to `maxAge` seconds.
 *
 * Copies are under `copy`, a number, `~` and the key; the number is chosen so that the servers differ. Where there are
 * fewer servers than `copies`, there are fewer copies. Keys that are too long for that are not spread. Do not put a
 * `spread` on another one: their copies would have the same names.
 *
 * With `hotKeys`, a process finds by itself which keys it reads most. It stores a note for a key before it copies it,
 * and every write looks for the note after it has changed the item. This costs all writes one more round trip. Copies
 * end before their note: when it is old, a write deletes them, and the next reader stores both again. So does every
 * write on servers without meta commands, which do not tell how old a note is. If memcached evicts a note, writes do not
 * change the copies, which may be old then for up to `maxAge` seconds.
 *
 * @param client Where the values are stored: a client with several servers, a namespace of one, or another view.
 * @param options `copies`; `keys` or `hotKeys`; `maxAge`.
 * @returns The commands.
 * @throws {ValidationException} When an option is invalid, or neither or both of `keys` and `hotKeys` are given.
 *
 * @example A key that every request reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { spread } from "@moecache/moecache/views";
 * import { assertEquals } from "@std/assert";
 *
 * await using first = await MemcachedServer.listen();
 * await using second = await MemcachedServer.listen();
 * await using client = new Client([first.address, second.address]);
 *
 * const cache = spread(client, { copies: 2, keys: ["flags"] });
 * await cache.set("flags", { beta: true }, 60);
 * assertEquals(await cache.get("flags"), { beta: true });
 * ```
 */
export function spread(client: KeyCommands, options: SpreadOptions): KeyCommands {
  checkClient(client);
  checkNames(options, ["copies", "keys", "hotKeys", "maxAge"]);
  const { copies = 3, keys, hotKeys, maxAge = 60 } = options;
  checkInteger("copies", copies, 2, 16);
  checkInteger("maxAge", maxAge, 1, 2_592_000);
  if ((keys === undefined) === (hotKeys === undefined)) {
    const why = "either keys or hotKeys must be given";
    throw new ValidationException(`Cannot spread keys: ${why}`, options);
  }
  const items = client.withTranscoder(itemTranscoder);
  const settings = { copies, maxAge, items, ...heatOf(client, options) };
  return namingCopies(new SpreadView(client, settings));
}

function heatOf(client: KeyCommands, { keys, hotKeys }: SpreadOptions): Heat {
  if (typeof keys === "function") return { isHot: (key) => checkHot(keys(key), key) };
  if (keys !== undefined) {
    const isList = typeof keys === "object" && keys !== null && Symbol.iterator in keys;
    if (!isList) throw invalidOption("keys", keys, "a list of keys or a function");
    // Two keys of the caller's may be those of one item.
    const sentFor = sentKeysOf(client);
    const all = new Set<string>();
    for (const key of keys) {
      if (typeof key !== "string") {
        throw invalidOption("keys", keys, "a list of keys or a function");
      }
      all.add(sentFor(key));
    }
    return { isHot: (key) => all.has(sentFor(key)) };
  }
  checkNames(hotKeys ?? {}, ["share"]);
  const share = hotKeys?.share;
  if (typeof share !== "number" || !(share > 0 && share <= 1)) {
    throw invalidOption("hotKeys.share", share, "a number above 0, up to 1");
  }
  const counted = new HotKeys(share);
  return { isHot: (key) => counted.has(key), use: (key) => counted.use(key) };
}

/** A promise, which an asynchronous function returns, would count as `true` for every key. */
function checkHot(isHot: unknown, key: string): boolean {
  if (typeof isHot === "boolean") return isHot;
  const why = "keys must return a boolean";
  throw new ValidationException(`Cannot spread key ${JSON.stringify(key)}: ${why}`, isHot);
}
