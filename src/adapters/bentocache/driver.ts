/** A driver for bentocache. @module */

import {
  ClientException,
  type ClientOptions,
  type KeyCommands,
  type ServerAddress,
  ValidationException,
} from "../../../mod.ts";
import { checkOptions, copyOptions, type OptionTypes, show } from "../../option_checks.ts";
import {
  type AdapterClient,
  checkAdapterOptions,
  checkList,
  checkPrefix,
  clientFrom,
  withUnshownOptions,
} from "../adapter_options.ts";
import type { StoredValue } from "../item_format.ts";
import { checkText, exptimeOf, onItem } from "../key_and_exptime.ts";
import { forEachKey, valueOf } from "../stored_values.ts";
import { NamespaceTree, type Place } from "./namespace_tree.ts";

/** The options of {@linkcode moecacheDriver}. */
export interface MoecacheBentoDriverOptions {
  /** The client to use; the driver does not close it. Either this or `servers` is required. */
  readonly client?: KeyCommands | undefined;
  /** The servers, as a `Client` takes them. The driver makes a client for them, and closes it. */
  readonly servers?: ServerAddress | readonly ServerAddress[] | undefined;
  /** The options of the client that the driver makes for `servers`. */
  readonly clientOptions?: ClientOptions | undefined;
  /**
   * The prefix of all keys in memcached, 1 to 50 characters, each from `!` to `~`. bentocache passes its own, which is
   * `"bentocache"` by default. Colons at the end are left out.
   */
  readonly prefix?: string | undefined;
  /** The logger, which bentocache passes with the options. It has no effect. */
  readonly logger?: unknown;
}

/** bentocache's second layer on memcached. Every method rejects as a `Client` does. */
export interface MoecacheBentoDriver extends AsyncDisposable {
  /** bentocache reads here that the driver is one of the second layer. */
  readonly type: "l2";
  /**
   * Makes the driver of a namespace, which shares the client.
   *
   * @param namespace The name; colons in it lead into namespaces within.
   * @returns The driver.
   * @throws {ValidationException} When a key has no room for one more namespace.
   */
  namespace(namespace: string): MoecacheBentoDriver;
  /** Gets a value, `undefined` when the key does not exist. */
  get(key: string): Promise<string | undefined>;
  /** Gets a value and deletes it. When several processes pull a key, one of them gets the value. */
  pull(key: string): Promise<string | undefined>;
  /**
   * Sets a value.
   *
   * @param key Any string.
   * @param value The value: a string, as bentocache's serializers make.
   * @param ttl Its lifetime in milliseconds; 0 or none for one that never expires.
   * @returns `true`.
   */
  set(key: string, value: string, ttl?: number): Promise<boolean>;
  /** Makes all keys of the namespace, and of those within it, miss, in every process. */
  clear(): Promise<void>;
  /** Deletes a key; resolves to whether it existed. */
  delete(key: string): Promise<boolean>;
  /** Deletes many keys at once; resolves to `true`. Where some fail, it rejects when all have ended. */
  deleteMany(keys: string[]): Promise<boolean>;
  /** Closes the client, for all namespaces, if the driver made it. */
  disconnect(): Promise<void>;
}

/** What {@linkcode moecacheDriver} makes, for `useL2Layer` of bentocache. */
export interface MoecacheBentoDriverFactory {
  /** The options. */
  readonly options: MoecacheBentoDriverOptions;
  /** Makes the driver; bentocache adds its prefix and its logger to the options. */
  readonly factory: (options: MoecacheBentoDriverOptions) => MoecacheBentoDriver;
}

const DEFAULT_PREFIX = "bentocache";
const OPTION_TYPES: OptionTypes<MoecacheBentoDriverOptions> = {
  client: "any",
  servers: "any",
  clientOptions: "any",
  prefix: "string",
  logger: "any",
};

/** How often `pull` reads a value again that changes each time. */
const MOST_ATTEMPTS = 26;
const DAY = 86_400_000;

/**
 * Makes a driver for `useL2Layer` of bentocache. No socket is opened before the first operation needs one.
 *
 * Keys may be any strings. Characters that memcached does not allow in a key are escaped as in a URL; a key that is too
 * long is stored under its SHA-256 hash. As in bentocache's other drivers, a namespace is the beginning of a key:
 * `driver.get("users:1")` and `driver.namespace("users").get("1")` read the same value.
 *
 * Each namespace has a generation, a counter in memcached, and so has each part of a key that ends with a colon. `clear`
 * increments a generation: the keys of a namespace, and of those within it, are misses after one round trip, however
 * many there are. An operation asks for the generations in the turn in which it asks for the value. A key of memcached
 * has room for about six namespaces in each other; further colons are part of the key.
 *
 * A value expires to the millisecond, by the clock of the process that reads it. memcached counts whole seconds, and
 * removes the item up to two seconds later. A value must fit into an item, which is 1 MiB by default.
 *
 * When memcached cannot be reached or refuses, every method rejects. bentocache then continues with its first layer;
 * where there is none, or with `suppressL2Errors: false`, it throws `E_L2_CACHE_ERROR`. With a client that has
 * `failover: "miss"`, reads are misses and writes are dropped, but `clear` rejects.
 *
 * @param options `client`, or `servers` and `clientOptions`; `prefix`.
 * @returns The options, and what makes a driver of them.
 * @throws {ValidationException} When an option is invalid. What is wrong with the servers is thrown when bentocache
 *   makes the driver.
 *
 * @example The calls that bentocache makes
 * ```ts
 * import { moecacheDriver } from "@moecache/moecache/bentocache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * const { options, factory } = moecacheDriver({ servers: server.address });
 * await using driver = factory({ prefix: "bentocache", ...options });
 *
 * const users = driver.namespace("users");
 * await users.set("1", '{"value":"Ada"}', 60_000);
 * assertEquals(await driver.get("users:1"), '{"value":"Ada"}');
 * await users.clear();
 * assertEquals(await driver.get("users:1"), undefined);
 * ```
 */
export function moecacheDriver(options: MoecacheBentoDriverOptions): MoecacheBentoDriverFactory {
  // bentocache spreads them, which leaves out the getters of a class.
  return withUnshownOptions({ factory: makeDriver }, checkDriverOptions(options));
}

function makeDriver(options: MoecacheBentoDriverOptions): MoecacheBentoDriver {
  const { client, close } = clientFrom(checkDriverOptions(options));
  const [root = "", ...path] = namesOf(options.prefix ?? DEFAULT_PREFIX);
  const tree = new NamespaceTree(client, `${root}:`);
  return new Driver({ tree, close }, path);
}

function checkDriverOptions(options: MoecacheBentoDriverOptions): MoecacheBentoDriverOptions {
  checkAdapterOptions(options, OPTION_TYPES);
  checkPrefix(options?.prefix ?? DEFAULT_PREFIX);
  return copyOptions(options ?? {}, Object.keys(OPTION_TYPES));
}

/** The names of namespaces in each other; colons at the end are left out, as bentocache does. */
function namesOf(prefix: string): string[] {
  return prefix.replace(/:+$/, "").split(":");
}

/** What a driver shares with its namespaces. */
interface Shared {
  readonly tree: NamespaceTree;
  readonly close: AdapterClient["close"];
}

class Driver implements MoecacheBentoDriver {
  readonly type = "l2";
  readonly #shared: Shared;
  /** The names of the namespaces that lead here. */
  readonly #path: readonly string[];

  constructor(shared: Shared, path: readonly string[]) {
    shared.tree.check(path);
    this.#shared = shared;
    this.#path = path;
  }

  namespace(namespace: string): MoecacheBentoDriver {
    checkOptions({ namespace }, { namespace: "string" });
    const [_root, ...path] = namesOf(["", ...this.#path, namespace].join(":"));
    return new Driver(this.#shared, path);
  }

  async get(key: string): Promise<string | undefined> {
    const { items, itemKey } = await this.#placeOf(key);
    return textOf(await onItem(key, itemKey, (itemKey) => items.get<StoredValue>(itemKey)));
  }

  async pull(key: string): Promise<string | undefined> {
    const { items, itemKey } = await this.#placeOf(key);
    return await onItem(key, itemKey, (itemKey) => this.#pull(key, items, itemKey));
  }

  async #pull(
    key: string,
    items: Place["items"],
    itemKey: string,
  ): Promise<string | undefined> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const found = await items.gets<StoredValue>(itemKey);
      if (found === undefined) return undefined;
      // An item that has expired: no other command that every version knows deletes by the cas unique.
      const past = new Date(Date.now() - DAY);
      const outcome = await items.cas(itemKey, found.value, found.cas, past);
      if (outcome === "stored") return textOf(found.value);
      if (outcome === "not_found") return undefined;
    }
    const why = `it changed during each of ${MOST_ATTEMPTS} attempts`;
    throw new ClientException(`Cannot pull key ${JSON.stringify(key)}: ${why}`, key);
  }

  async set(key: string, value: string, ttl?: number): Promise<boolean> {
    if (typeof value !== "string") {
      const why = "it must be a string, as bentocache's serializers make";
      throw new ValidationException(`Cannot set value ${show(value)}: ${why}`, value);
    }
    checkOptions({ ttl }, { ttl: "number" });
    const { items, itemKey } = await this.#placeOf(key);
    // 0 means no expiry, as in bentocache's other drivers.
    const stored: StoredValue = ttl ? { value, expires: Date.now() + ttl } : { value };
    await onItem(key, itemKey, (itemKey) => {
      return items.set(itemKey, stored, exptimeOf(ttl || Infinity));
    });
    return true;
  }

  async clear(): Promise<void> {
    const namespace = await this.#shared.tree.namespaceOf(this.#path);
    await namespace.invalidateAll();
  }

  async delete(key: string): Promise<boolean> {
    const { items, itemKey } = await this.#placeOf(key);
    return await onItem(key, itemKey, (itemKey) => items.delete(itemKey));
  }

  async deleteMany(keys: string[]): Promise<boolean> {
    const all = checkList("keys", keys).map(checkText);
    await forEachKey("delete", all, (key) => this.delete(key));
    return true;
  }

  async disconnect(): Promise<void> {
    await this.#shared.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  async #placeOf(key: string): Promise<Place> {
    return await this.#shared.tree.placeOf([...this.#path, ...checkText(key).split(":")]);
  }
}

function textOf(stored: StoredValue | undefined): string | undefined {
  return valueOf(stored) as string | undefined;
}
