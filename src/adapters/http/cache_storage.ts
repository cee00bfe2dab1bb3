/** The web standard's `CacheStorage`. @module */

import { checkOptions } from "../../option_checks.ts";
import {
  ClientException,
  type EncodedValue,
  type KeyCommands,
  type Transcoder,
  ValidationException,
} from "../../../mod.ts";
import { checkClient, checkPrefix } from "../adapter_options.ts";
import { itemKeyOf } from "../key_and_exptime.ts";
import { MoecacheCache, type MoecacheCacheQuery, QUERY_TYPES } from "./cache.ts";
import { Lists } from "./lists.ts";
import { Variants } from "./variants.ts";

/** How caches store. */
export interface MoecacheCacheStorageOptions {
  /**
   * What all keys begin with in memcached, 1 to 50 characters, each from `!` to `~`; `"cache:"` by
   * default.
   */
  readonly prefix?: string | undefined;
  /**
   * How many bytes of a body go into one item, 1,024 to 2^30; 500,000 by default. It has to be less than
   * memcached's own limit for an item (`-I`), 1 MiB by default.
   */
  readonly chunkByteLength?: number | undefined;
  /** The clock, in milliseconds since 1970; `Date.now` by default. */
  readonly now?: (() => number) | undefined;
}

/** So that there is room for a hashed address behind it. */
const LONGEST_NAME = 80;

/**
 * The web standard's `CacheStorage` on memcached: caches by name, shared by all who use the same servers and
 * prefix. Frameworks use it when it is the global one, as in the example.
 *
 * The names are one item, which memcached may forget as any other: `has` and `keys` then do not know a
 * cache until a new `MoecacheCacheStorage` opens it.
 *
 * @example In place of the runtime's own, for Hono's `cache()` for instance
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
  readonly #opened = new Map<string, Promise<MoecacheCache>>();

  /**
   * Makes a storage of caches. Nothing is sent before the first operation.
   *
   * @param client The client to store with, or a view of one. Its transcoder does not count.
   * @param options `prefix`, `chunkByteLength`, `now`.
   * @throws {ValidationException} When there is no client, or an option is invalid.
   */
  constructor(client: KeyCommands, options: MoecacheCacheStorageOptions = {}) {
    checkOptions(options, { prefix: "string", chunkByteLength: "number", now: "function" });
    this.#commands = checkClient(client);
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
   * Opens a cache, and makes it known if it is not.
   *
   * @param name Any string.
   * @returns The cache. Opening it again costs nothing.
   * @throws {TypeError} When there is no name.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When a server cannot be reached.
   *
   * @example A cache of its own for pages
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
    const opened = this.#open(text);
    this.#opened.set(text, opened);
    try {
      return await opened;
    } catch (error) {
      // What failed is tried again by the next one who asks.
      if (this.#opened.get(text) === opened) this.#opened.delete(text);
      throw error;
    }
  }

  /**
   * Tells whether there is a cache.
   *
   * @param name Its name.
   * @returns Whether somebody has opened it, and nobody has deleted it since.
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
   * Deletes a cache and all that it holds, for everybody, in one round trip however much it is.
   *
   * @param name Its name.
   * @returns Whether it was there.
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
    const prefix = await this.#prefixOf(text);
    await new Variants(this.#commands, this.#bytes, prefix, this.#now).clear();
    const names = await this.#names.change(
      this.#namesKey,
      (names) => names.includes(text) ? names.filter((other) => other !== text) : undefined,
    );
    return names?.before.includes(text) ?? false;
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
    return await this.#names.read(this.#namesKey);
  }

  /**
   * Gets the response to a request from the first cache that has one.
   *
   * @param request The request, or its address.
   * @param options How it is compared; `cacheName`, the one cache to ask.
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
    checkOptions(options, { ...QUERY_TYPES, cacheName: "string" });
    const { cacheName, ...query } = options;
    for (const name of await this.keys()) {
      if (cacheName !== undefined && name !== cacheName) continue;
      const response = await (await this.open(name)).match(request, query);
      if (response !== undefined) return response;
    }
    return undefined;
  }

  async #open(name: string): Promise<MoecacheCache> {
    const names = await this.#names.change(
      this.#namesKey,
      (names) => names.includes(name) ? undefined : [...names, name],
    );
    // One that could not be made known is made known by the next one who opens it.
    if (names === undefined) this.#opened.delete(name);
    return new MoecacheCache(this.#commands, this.#bytes, {
      prefix: await this.#prefixOf(name),
      chunkByteLength: this.#chunkByteLength,
      now: this.#now,
    });
  }

  get #namesKey(): string {
    return `${this.#prefix}names`;
  }

  async #prefixOf(name: string): Promise<string> {
    // Without a colon of its own, a name is never the beginning of another's keys.
    const text = name.replaceAll("%", "%25").replaceAll(":", "%3A");
    return `${this.#prefix}in:${await itemKeyOf(text, LONGEST_NAME)}:`;
  }
}

/** The name that a caller gives, as the web standard turns it into a string; none is none, even so. */
function nameOf(name: unknown, count: number): string {
  if (count === 0) throw new TypeError("Cannot use a cache: it needs a name");
  return `${name}`;
}

/** The flags of all that a cache stores. */
const FLAGS = 0x6d6f6b02;

/** Bytes as they are, in the items of a cache. */
const cacheFormat: Transcoder<Uint8Array> = {
  handsOverData: true,
  encode: (data: Uint8Array): EncodedValue => ({ flags: FLAGS, data }),
  decode({ flags, data }: EncodedValue): Uint8Array {
    if (flags === FLAGS) return data;
    throw new ClientException("Cannot read item: it is not an item of a cache", flags);
  },
};

function checkChunk(value: number): number {
  if (Number.isInteger(value) && value >= 1024 && value <= 2 ** 30) return value;
  const why = `it must be an integer from 1024 to ${2 ** 30}`;
  throw new ValidationException(`Cannot use chunkByteLength ${value}: ${why}`, value);
}
