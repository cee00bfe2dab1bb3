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

import type { Client, Exptime } from "../../mod.ts";
import { checkPrefix, Keyspace } from "./keyspace.ts";
import { exptimeOf } from "./lifetime.ts";
import { clientFrom, type ClientSource } from "./own_client.ts";

export type { ClientSource };

/** How the driver stores. */
export interface MoecacheDriverOptions extends ClientSource {
  /**
   * What all keys begin with in memcached, 1 to 50 characters, each from `!` to `~`; `"unstorage:"`
   * unless given.
   */
  readonly base?: string;
  /** Seconds that items live for which no `ttl` is given; for ever unless given. */
  readonly ttl?: number;
}

/** What an operation may be told: `ttl`, the seconds that an item lives. */
export type MoecacheItemOptions = {
  /** Seconds that the item lives. */
  readonly ttl?: number;
  /** What others may be told. */
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
  getInstance(): Client;
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
  /** Sets a value of any type that the client's transcoder can represent, bytes for instance. */
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

/**
 * Makes a driver for unstorage. No socket is opened before the first operation needs one.
 *
 * Keys may be any strings. What memcached does not take in a key is escaped as in a URL, and a key that is
 * too long is stored under its SHA-256, in a list of key and value.
 *
 * Mind what listing costs: `getKeys`, and `clear` with a base, have memcached list all items it has,
 * whosever they are, which takes seconds on a large server, and it lists for one client at a
 * time. `clear` without a base empties what the driver stored, and nothing else on the servers, by counting
 * a generation up: one round trip. Items may be gone at any time: memcached forgets what it has no
 * room for. A lifetime ends up to two seconds late.
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
  const { client, close } = clientFrom(options);
  const keyspace = new Keyspace(client, checkPrefix(options.base ?? "unstorage:"));
  const set = (key: string, value: unknown, { ttl = options.ttl }: MoecacheItemOptions = {}) =>
    keyspace.set(key, value, exptimeOfSeconds(ttl));
  const getKeys = async (base?: string) => {
    const keys: string[] = [];
    for await (const key of keyspace.keys(base)) keys.push(key);
    return keys;
  };
  const getItem = async (key: string) => await keyspace.get(key) as string | null ?? null;
  return {
    name: "moecache",
    flags: { ttl: true },
    options,
    getInstance: () => client,
    hasItem: async (key) => await keyspace.get(key) !== undefined,
    getItem,
    getItems: async (items) => {
      const values = await keyspace.getMany(items.map(({ key }) => key)) as (string | undefined)[];
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
    setItemRaw: (key, value, options) =>
      set(key, value instanceof ArrayBuffer ? new Uint8Array(value) : value, options),
    removeItem: async (key) => {
      await keyspace.delete(key);
    },
    getKeys,
    clear: async (base) => {
      if (base) await keyspace.deleteMany(await getKeys(base));
      else await keyspace.clear();
    },
    dispose: close,
  };
}

export default moecacheDriver;

/** As unstorage's other drivers do, takes 0 for no lifetime. */
function exptimeOfSeconds(ttl: number | undefined): Exptime {
  return ttl ? exptimeOf(ttl * 1000) : 0;
}
