/** The web standard's `CacheStorage`. @module */

import { checkOptions, copyOptions } from "../../option_checks.ts";
import { type KeyCommands, ValidationException } from "../../../mod.ts";
import { withCallersStack } from "../../views/partial_errors.ts";
import { checkPrefix, clientOfAdapter } from "../adapter_options.ts";
import { itemKeyOf } from "../key_and_exptime.ts";
import { cacheFormat } from "./bodies.ts";
import { MoecacheCache, type MoecacheCacheQuery, QUERY_TYPES } from "./cache.ts";
import { askedOf } from "./exchanges.ts";
import { Lists } from "./lists.ts";
import { Variants } from "./variants.ts";

/** The options of a {@linkcode MoecacheCacheStorage}. */
export interface MoecacheCacheStorageOptions {
  /**
   * The prefix of all keys in memcached, 1 to 50 characters, each from `!` to `~`; `"cache:"` by default.
   */
  readonly prefix?: string | undefined;
  /**
   * How many bytes of a body are stored in one item, 1,024 to 2^30; 500,000 by default. It must be less than
   * memcached's item size limit (`-I`), which is 1 MiB by default.
   */
  readonly chunkByteLength?: number | undefined;
  /** The clock, in milliseconds since 1970; `Date.now` by default. */
  readonly now?: (() => number) | undefined;
}

/** Leaves room for a hashed address after the prefix. */
const LONGEST_NAME = 80;

/**
 * The web standard's `CacheStorage` on memcached: caches by name, shared by all programs that use the same servers and
 * prefix. Frameworks use it when it replaces the global `caches`, as in the example.
 *
 * The list of names is one item, and memcached may evict it. Then `has` and `keys` do not know a cache until it is
 * opened again: by a new `MoecacheCacheStorage`, or by one that has missed the name with `has`, `keys` or `match`.
 *
 * @example Replacing the runtime's `caches`, for example for Hono's `cache()`
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MoecacheCacheStorage } from "@moecache/moecache/cache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * const value = new MoecacheCacheStorage(client);
 * Object.defineProperty(globalThis, "caches", { value, configurable: true });
 * await caches.open("pages");
 * assertEquals(await caches.has("pages"), true);
 * ```
 */
export class MoecacheCacheStorage {
  readonly #commands: KeyCommands;
  readonly #bytes: KeyCommands;
  readonly #prefix: string;
  readonly #chunkByteLength: number;
  readonly #now: () => number;
  readonly #names: Lists<string>;
  /** The caches that are in the list of names. */
  readonly #opened = new Map<string, Promise<MoecacheCache>>();
  /** All caches that have been used: each remembers its generation, which saves a round trip. */
  readonly #caches = new Map<string, Promise<MoecacheCache>>();
  /** What opens or deletes the cache of a name and was asked for last, while it is under way. */
  readonly #lastOf = new Map<string, Promise<unknown>>();

  /**
   * Makes a storage of caches. Nothing is sent before the first operation.
   *
   * @param client The client to store with, or a view of one. Its transcoder is not used.
   * @param options `prefix`, `chunkByteLength`, `now`.
   * @throws {ValidationException} When there is no client, or an option is invalid.
   */
  constructor(client: KeyCommands, options: MoecacheCacheStorageOptions = {}) {
    checkOptions(options, { prefix: "string", chunkByteLength: "number", now: "function" });
    this.#commands = clientOfAdapter(client);
    this.#bytes = client.withTranscoder(cacheFormat);
    this.#prefix = checkPrefix(options.prefix ?? "cache:");
    this.#chunkByteLength = checkChunk(options.chunkByteLength ?? 500_000);
    this.#now = options.now ?? Date.now;
    this.#names = new Lists(this.#bytes, {
      isElement: (name) => typeof name === "string",
      exptimeOf: () => 0,
    });
  }

  /**
   * Opens a cache, and adds its name to the list.
   *
   * @param name Any string.
   * @returns The cache. Opening it again costs nothing.
   * @throws {TypeError} When there is no name.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When a server cannot be reached.
   *
   * @example A cache for pages
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MoecacheCacheStorage } from "@moecache/moecache/cache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const caches = new MoecacheCacheStorage(client);
   * const pages = await caches.open("pages");
   * assertEquals(await pages.match("https://example.com/"), undefined);
   * ```
   */
  async open(name: string): Promise<MoecacheCache> {
    const text = nameOf(name, arguments.length);
    const present = this.#opened.get(text);
    if (present !== undefined) return await present;
    const opened = this.#inTurn(text, () => this.#open(text));
    this.#opened.set(text, opened);
    try {
      return await opened;
    } catch (error) {
      // After a failure, the next call tries again.
      if (this.#opened.get(text) === opened) this.#opened.delete(text);
      throw withCallersStack(error);
    }
  }

  /**
   * Tells whether a cache exists.
   *
   * @param name Its name.
   * @returns Whether it has been opened, and not deleted since.
   * @throws As {@linkcode open} does.
   *
   * @example Before and after
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MoecacheCacheStorage } from "@moecache/moecache/cache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const caches = new MoecacheCacheStorage(client);
   * assertEquals(await caches.has("pages"), false);
   * await caches.open("pages");
   * assertEquals(await caches.has("pages"), true);
   * ```
   */
  async has(name: string): Promise<boolean> {
    const text = nameOf(name, arguments.length);
    return (await this.keys()).includes(text);
  }

  /**
   * Deletes a cache and everything in it, for all programs. It does not list what the cache holds.
   *
   * @param name Its name.
   * @returns Whether it existed.
   * @throws As {@linkcode open} does.
   *
   * @example All pages at once
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MoecacheCacheStorage } from "@moecache/moecache/cache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const caches = new MoecacheCacheStorage(client);
   * const pages = await caches.open("pages");
   * await pages.put("https://example.com/", new Response("Hello"));
   * assertEquals(await caches.delete("pages"), true);
   * assertEquals(await pages.match("https://example.com/"), undefined);
   * ```
   */
  async delete(name: string): Promise<boolean> {
    const text = nameOf(name, arguments.length);
    this.#opened.delete(text);
    return await this.#inTurn(text, () => this.#delete(text));
  }

  /**
   * Lists the names of the caches.
   *
   * @returns The names, in the order in which the caches were made.
   * @throws As {@linkcode open} does.
   *
   * @example Two caches
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MoecacheCacheStorage } from "@moecache/moecache/cache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const caches = new MoecacheCacheStorage(client);
   * await caches.open("pages");
   * await caches.open("images");
   * assertEquals(await caches.keys(), ["pages", "images"]);
   * ```
   */
  async keys(): Promise<string[]> {
    const names = await this.#names.read(this.#namesKey);
    // What the list has lost is added when it is opened again.
    const listed = new Set(names);
    for (const name of this.#opened.keys()) if (!listed.has(name)) this.#opened.delete(name);
    return names;
  }

  /**
   * Gets the response to a request from the first cache that has one.
   *
   * @param request The request, or its address.
   * @param options How it is compared; `cacheName` to search one cache only.
   * @returns The response, or `undefined` for a miss.
   * @throws As the cache's `match` does.
   *
   * @example From any of the caches
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MoecacheCacheStorage } from "@moecache/moecache/cache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const caches = new MoecacheCacheStorage(client);
   * const pages = await caches.open("pages");
   * await pages.put("https://example.com/", new Response("Hello"));
   * assertEquals(await (await caches.match("https://example.com/"))?.text(), "Hello");
   * ```
   */
  async match(
    request: Request | string | URL,
    options: MoecacheCacheQuery & { readonly cacheName?: string | undefined } = {},
  ): Promise<Response | undefined> {
    const types = { ...QUERY_TYPES, cacheName: "string" } as const;
    checkOptions(options, types);
    const { cacheName, ...query } = copyOptions(options, Object.keys(types));
    // Taken at once: the caller may change the request while caches are searched.
    const asked = askedOf(request) as Request;
    for (const name of await this.keys()) {
      if (cacheName !== undefined && name !== cacheName) continue;
      // `open` would list a cache again that is being deleted.
      const response = await (await this.#cacheOf(name)).match(asked, query);
      if (response !== undefined) return response;
    }
    return undefined;
  }

  /**
   * Opens and deletes the cache of one name in the order of the calls: each of them changes the list of names after its
   * first reply, so that of those that run together, the last one would not count.
   */
  #inTurn<Result>(name: string, act: () => Promise<Result>): Promise<Result> {
    const acting = Promise.allSettled([this.#lastOf.get(name)]).then(act);
    this.#lastOf.set(name, acting);
    const end = () => {
      if (this.#lastOf.get(name) === acting) this.#lastOf.delete(name);
    };
    acting.then(end, end);
    return acting;
  }

  async #open(name: string): Promise<MoecacheCache> {
    const names = await this.#names.change(
      this.#namesKey,
      (names) => names.includes(name) ? undefined : [...names, name],
    );
    // If the name could not be listed, the next call of `open` tries again.
    if (names === undefined) this.#opened.delete(name);
    return await this.#cacheOf(name);
  }

  #cacheOf(name: string): Promise<MoecacheCache> {
    const present = this.#caches.get(name);
    if (present !== undefined) return present;
    const cache = this.#makeCache(name);
    this.#caches.set(name, cache);
    return cache;
  }

  async #makeCache(name: string): Promise<MoecacheCache> {
    return new MoecacheCache(this.#commands, this.#bytes, {
      prefix: await this.#prefixOf(name),
      chunkByteLength: this.#chunkByteLength,
      now: this.#now,
    });
  }

  async #delete(name: string): Promise<boolean> {
    this.#caches.delete(name);
    const prefix = await this.#prefixOf(name);
    await new Variants(this.#commands, prefix, this.#now).clear();
    const names = await this.#names.change(
      this.#namesKey,
      (names) => names.includes(name) ? names.filter((other) => other !== name) : undefined,
    );
    return names?.before.includes(name) ?? false;
  }

  get #namesKey(): string {
    return `${this.#prefix}names`;
  }

  async #prefixOf(name: string): Promise<string> {
    // A colon within the name is escaped, so that no name is the beginning of another.
    const text = name.replaceAll("%", "%25").replaceAll(":", "%3A");
    return `${this.#prefix}in:${await itemKeyOf(text, LONGEST_NAME)}:`;
  }
}

/** Turns a name into a string, as the web standard does. A missing argument is an error. */
function nameOf(name: unknown, count: number): string {
  if (count === 0) throw new TypeError("Cannot use a cache: it needs a name");
  return `${name}`;
}

function checkChunk(value: number): number {
  if (Number.isInteger(value) && value >= 1024 && value <= 2 ** 30) return value;
  const why = `it must be an integer from 1024 to ${2 ** 30}`;
  throw new ValidationException(`Cannot use chunkByteLength ${value}: ${why}`, value);
}
