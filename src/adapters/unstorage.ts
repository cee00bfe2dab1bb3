/**
 * A driver for npm's `unstorage`, version 1, as Nitro and Nuxt use it. unstorage itself is not imported.
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

import { checkOptions } from "../option_checks.ts";
import type { ClientOptions, KeyCommands, ServerAddress } from "../../mod.ts";
import { checkPrefix, clientFrom } from "./adapter_options.ts";
import { StoredValues } from "./stored_values.ts";

/** How the driver stores. */
export interface MoecacheDriverOptions {
  /**
   * The client to use, which the driver does not close; or a view of one, a namespace for instance, which
   * cannot list keys. Either this or `servers` has to be given.
   */
  readonly client?: KeyCommands | undefined;
  /** The servers, as a `Client` takes them; the driver closes the client that it makes for them. */
  readonly servers?: ServerAddress | readonly ServerAddress[] | undefined;
  /** The options of the client for `servers`. */
  readonly clientOptions?: ClientOptions | undefined;
  /**
   * What all keys begin with in memcached, 1 to 50 characters, each from `!` to `~`; `"unstorage:"`
   * by default.
   */
  readonly base?: string | undefined;
  /** Seconds that items live for which no `ttl` is given; for ever by default, and with 0. */
  readonly ttl?: number | undefined;
  /** The name of the driver, which Nitro passes along with the options. It has no effect. */
  readonly driver?: string | undefined;
}

/** The options of an operation. unstorage passes on what it is given, for any driver. */
export type MoecacheItemOptions = {
  /** Seconds that the item lives; for ever with 0. */
  readonly ttl?: number | undefined;
  /** Options of other drivers, which have no effect. */
  readonly [name: string]: unknown;
};

/** One of many items. */
export interface MoecacheItem {
  /** The key. */
  readonly key: string;
  /** The options of this one. */
  readonly options?: MoecacheItemOptions;
}

/** What the driver consists of, which fits unstorage's `Driver`. */
export interface MoecacheDriver {
  /** `"moecache"`. */
  readonly name: string;
  /** That lifetimes are kept. */
  readonly flags: { readonly ttl: boolean };
  /** What the driver was made with. */
  readonly options: MoecacheDriverOptions;
  /** The client. */
  getInstance(): KeyCommands;
  /** Whether a key exists. */
  hasItem(key: string): Promise<boolean>;
  /** Gets a value, `null` when the key does not exist. */
  getItem(key: string): Promise<string | null>;
  /** Gets many values in one round trip. */
  getItems(items: readonly MoecacheItem[]): Promise<{ key: string; value: string | null }[]>;
  /** Gets a value as `setItemRaw` took it, `null` when the key does not exist. */
  getItemRaw(key: string): Promise<unknown>;
  /** Sets a value. */
  setItem(key: string, value: string, options?: MoecacheItemOptions): Promise<void>;
  /** Sets many values in one round trip. */
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
  /** Deletes the keys that begin with a base. */
  clear(base?: string): Promise<void>;
  /** Closes the client, if the driver has made it. */
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
 * Keys may be any strings. What memcached does not take in a key is escaped as in a URL, and a key that is
 * too long is stored under its SHA-256, with the key beside the value. Values are stored in the driver's own
 * format, which does not depend on the client's transcoder: strings and bytes as they are, others as `moecacheTranscoder`
 * does.
 *
 * Mind what listing costs: for `getKeys`, and for `clear` with a base, memcached lists all items that it has,
 * which takes seconds on a large server, and it lists for one client at a time. `clear` without a base
 * empties what the driver stored, and nothing else on the servers, by counting a generation up: one round
 * trip. Items may be gone at any time: memcached forgets what it has no room for. A key is listed up to two
 * seconds longer than its value lives.
 *
 * @param options `client`, or `servers` and `clientOptions`; `base`; `ttl`, in seconds.
 * @returns The driver. Its methods throw what those of the client do.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example What unstorage does with it
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
  checkOptions(options ?? {}, OPTION_TYPES);
  const { client, close } = clientFrom(options ?? {});
  const stored = new StoredValues(client, checkPrefix(options.base ?? "unstorage:"));
  const set = async (
    key: string,
    value: unknown,
    { ttl = options.ttl }: MoecacheItemOptions = {},
  ) => {
    checkOptions({ ttl }, { ttl: "number" });
    // As other drivers of unstorage do, it takes 0 for no lifetime.
    await stored.set(key, value, ttl ? Date.now() + ttl * 1000 : Infinity);
  };
  const getKeys = async (base?: string) => {
    const keys: string[] = [];
    for await (const key of stored.keys(base)) keys.push(key);
    return keys;
  };
  const getItem = async (key: string) => await stored.get(key) as string | null ?? null;
  return {
    name: "moecache",
    flags: { ttl: true },
    options,
    getInstance: () => client,
    hasItem: async (key) => await stored.get(key) !== undefined,
    getItem,
    getItems: async (items) => {
      const values = await stored.getMany(items.map(({ key }) => key)) as (string | undefined)[];
      return items.map(({ key }, i) => ({ key, value: values[i] ?? null }));
    },
    getItemRaw: getItem,
    setItem: set,
    setItems: async (items, common) => {
      const sets = items.map(({ key, value, options }) =>
        set(key, value, { ...common, ...options })
      );
      await Promise.all(sets);
    },
    setItemRaw: set,
    removeItem: async (key) => {
      await stored.delete(key);
    },
    getKeys,
    clear: async (base) => {
      if (base) await stored.deleteMany(await getKeys(base));
      else await stored.clear();
    },
    dispose: close,
  };
}

export default moecacheDriver;
