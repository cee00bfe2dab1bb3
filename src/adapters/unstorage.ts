/**
 * A driver for npm's `unstorage`, version 1 and the beta of version 2, as Nitro and Nuxt use it. unstorage itself is
 * not imported.
 *
 * @example A storage on memcached
 * ```ts ignore
 * import { createStorage } from "unstorage";
 * import moecacheDriver from "@moecache/moecache/unstorage";
 *
 * const storage = createStorage({ driver: moecacheDriver({ servers: "127.0.0.1:11211" }) });
 * await storage.setItem("users:1", { name: "Ada" }, { ttl: 60 });
 * ```
 *
 * @module
 */

import { checkObject, checkOptions, invalidOption } from "../option_checks.ts";
import type { ClientOptions, KeyCommands, ServerAddress } from "../../mod.ts";
import {
  checkAdapterOptions,
  checkList,
  checkPrefix,
  checkRecord,
  clientFrom,
  withUnshownOptions,
} from "./adapter_options.ts";
import { ownValue } from "../views/own_value.ts";
import { checkText } from "./key_and_exptime.ts";
import { forEachKey, StoredValues } from "./stored_values.ts";

/** The options of {@linkcode moecacheDriver}. */
export interface MoecacheDriverOptions {
  /**
   * The client to use; the driver does not close it. A view of a client, such as a namespace, works too, but cannot
   * list keys. Either this or `servers` is required.
   */
  readonly client?: KeyCommands | undefined;
  /** The servers, as a `Client` takes them. The driver makes a client for them, and closes it. */
  readonly servers?: ServerAddress | readonly ServerAddress[] | undefined;
  /** The options of the client that the driver makes for `servers`. */
  readonly clientOptions?: ClientOptions | undefined;
  /**
   * The prefix of all keys in memcached, 1 to 50 characters, each from `!` to `~`; `"unstorage:"` by default.
   */
  readonly base?: string | undefined;
  /** The lifetime in seconds of items that are set without `ttl`. By default, and with 0, they never expire. */
  readonly ttl?: number | undefined;
  /** The name of the driver, which Nitro passes with the options. It has no effect. */
  readonly driver?: string | undefined;
}

/** The options of an operation. unstorage passes all options to every driver. */
export type MoecacheItemOptions = {
  /** The item's lifetime in seconds; with 0 it never expires. */
  readonly ttl?: number | undefined;
  /** Options of other drivers have no effect. */
  readonly [name: string]: unknown;
};

/** An entry for `getItems` and `setItems`. */
export interface MoecacheItem {
  /** The key. */
  readonly key: string;
  /** The options of this item. */
  readonly options?: MoecacheItemOptions;
}

/** The driver's methods, which match unstorage's `Driver`. */
export interface MoecacheDriver {
  /** `"moecache"`. */
  readonly name: string;
  /** unstorage reads here that the driver supports `ttl`. */
  readonly flags: { readonly ttl: boolean };
  /** The options that the driver was made with. */
  readonly options: MoecacheDriverOptions;
  /** The client. */
  getInstance(): KeyCommands;
  /** Whether a key exists. */
  hasItem(key: string): Promise<boolean>;
  /** Gets a value, `null` when the key does not exist. */
  getItem(key: string): Promise<string | null>;
  /** Gets many values in one round trip. */
  getItems(items: readonly MoecacheItem[]): Promise<{ key: string; value: string | null }[]>;
  /** Gets a value that `setItemRaw` stored, `null` when the key does not exist. */
  getItemRaw(key: string): Promise<unknown>;
  /** Sets a value. */
  setItem(key: string, value: string, options?: MoecacheItemOptions): Promise<void>;
  /**
   * Sets many values in one round trip. Where some fail, it rejects when all have ended, with an error that names those
   * that failed.
   */
  setItems(
    items: readonly (MoecacheItem & { readonly value: string })[],
    options?: MoecacheItemOptions,
  ): Promise<void>;
  /** Sets bytes, a string, or a value of any type that `moecacheTranscoder` can represent. */
  setItemRaw(key: string, value: unknown, options?: MoecacheItemOptions): Promise<void>;
  /** Deletes a key. */
  removeItem(key: string): Promise<void>;
  /** Lists the keys that begin with a base. */
  getKeys(base?: string): Promise<string[]>;
  /** Deletes the keys that begin with a base; when a server cannot be reached, those of the others, and then rejects. */
  clear(base?: string): Promise<void>;
  /** Closes the client if the driver made it. */
  dispose(): Promise<void>;
}

const OPTION_TYPES = {
  client: "any",
  servers: "any",
  clientOptions: "any",
  base: "string",
  ttl: "number",
  driver: "string",
} as const;

/**
 * Makes a driver for unstorage. No socket is opened before the first operation needs one.
 *
 * Keys may be any strings. Characters that memcached does not allow in a key are escaped as in a URL. A key that is too
 * long is stored under its SHA-256 hash, with the key beside the value. Values do not depend on the client's
 * transcoder: strings and bytes are stored unchanged, other values as `moecacheTranscoder` writes them.
 *
 * Listing is expensive. For `getKeys`, and for `clear` with a base, memcached lists all its items. That takes seconds
 * on a large server, and a server lists for one client at a time: others wait for up to 20 seconds, and no longer than
 * the client's `timeout`. `clear` without a base deletes what the driver stored
 * and nothing else on the servers. It increments a generation, which takes one round trip. memcached may evict items at
 * any time when it needs room. A key may be listed up to two seconds after its value has expired.
 *
 * @param options `client`, or `servers` and `clientOptions`; `base`; `ttl`, in seconds.
 * @returns The driver. Its methods throw the client's errors.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example The calls that unstorage makes
 * ```ts
 * import { moecacheDriver } from "@moecache/moecache/unstorage";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * const driver = moecacheDriver({ servers: server.address });
 *
 * await driver.setItem("users:1", "Ada", { ttl: 60 });
 * assertEquals(await driver.getItem("users:1"), "Ada");
 * assertEquals(await driver.getKeys("users:"), ["users:1"]);
 * await driver.dispose();
 * ```
 */
export function moecacheDriver(options: MoecacheDriverOptions): MoecacheDriver {
  checkAdapterOptions(options ?? {}, OPTION_TYPES);
  const { client, close } = clientFrom(options ?? {});
  const stored = new StoredValues(client, checkPrefix(options.base ?? "unstorage:"));
  const set = async (
    key: string,
    value: unknown,
    item?: MoecacheItemOptions,
  ) => {
    const { ttl = options.ttl } = takeItemOptions(item);
    checkOptions({ ttl }, { ttl: "number" });
    // 0 means no expiry, as in unstorage's other drivers.
    await stored.set(key, ownValue(value), ttl ? Date.now() + ttl * 1000 : Infinity);
  };
  const getItem = async (key: string) => await stored.get(key) as string | null ?? null;
  const driver: Omit<MoecacheDriver, "options"> = {
    name: "moecache",
    flags: { ttl: true },
    getInstance: () => client,
    hasItem: async (key) => await stored.get(key) !== undefined,
    getItem,
    getItems: async (items) => {
      const keys = checkList("items", items).map((item) => item?.key);
      const values = await stored.getMany(keys) as (string | undefined)[];
      return keys.map((key, i) => ({ key, value: values[i] ?? null }));
    },
    getItemRaw: getItem,
    setItem: set,
    setItems: async (items, common) => {
      const all = entriesOf(items, common);
      await forEachKey("set", all.map(({ key }) => key), async (key, i) => {
        await set(key, all[i]?.value, all[i]?.options);
      });
    },
    setItemRaw: set,
    removeItem: async (key) => {
      await stored.delete(key);
    },
    getKeys: async (base) => {
      checkBase(base);
      const keys: string[] = [];
      for await (const key of stored.keys(base)) keys.push(key);
      return keys;
    },
    clear: async (base) => {
      checkBase(base);
      if (base) await clearBase(stored, base);
      else await stored.clear();
    },
    dispose: close,
  };
  return withUnshownOptions(driver, options);
}

/** The entries of `setItems`. The options of all count for an item that has no `ttl` of its own. */
function entriesOf(
  items: readonly (MoecacheItem & { readonly value: string })[],
  common: MoecacheItemOptions | undefined,
) {
  takeItemOptions(common);
  return checkList("items", items).map((item) => {
    checkRecord("item", item);
    const { key, value, options } = item;
    const isOwn = takeItemOptions(options).ttl !== undefined;
    return { key: checkText(key), value, options: isOwn ? options : common };
  });
}

/** Deletes what is listed, also when a server cannot be listed. */
async function clearBase(stored: StoredValues, base: string): Promise<void> {
  const keys: string[] = [];
  try {
    for await (const key of stored.keys(base)) keys.push(key);
  } finally {
    await stored.deleteMany(keys);
  }
}

/** Without this, `clear(null)` would delete all. */
function checkBase(base: unknown): void {
  if (base !== undefined && typeof base !== "string") throw invalidOption("base", base, "a string");
}

/** Checks that the options of an item are an object, which may have any names. */
function takeItemOptions(options: MoecacheItemOptions | undefined): MoecacheItemOptions {
  if (options === undefined) return {};
  checkObject(options, "a plain object such as { ttl }");
  return options;
}

export default moecacheDriver;
