/** The web standard's `Cache`. @module */

import { checkOptions, copyOptions, type OptionTypes } from "../../option_checks.ts";
import type { KeyCommands } from "../../../mod.ts";
import { isUnreachable } from "../../protocol/backend_failure.ts";
import { Bodies, type BodyReader, giveUp } from "./bodies.ts";
import {
  addressOf,
  type Entry,
  hasSameVariant,
  headerOf,
  requestOf,
  responseOf,
  varyNames,
} from "./entry.ts";
import { type Asked, askedOf, checkStorable, fetchAll } from "./exchanges.ts";
import { freshnessOf, storableHeaders } from "./freshness.ts";
import type { ChangeList } from "./lists.ts";
import { Variants } from "./variants.ts";
import { allEnded } from "../../waiting/promises.ts";

/** How a request is compared with stored requests, as in the web standard. */
export interface MoecacheCacheQuery {
  /** Whether the query string (`?` and what follows) is ignored. memcached then lists all its items. */
  readonly ignoreSearch?: boolean | undefined;
  /** Whether requests with other methods than GET are treated as GET. */
  readonly ignoreMethod?: boolean | undefined;
  /** Whether a response's `Vary` is ignored. */
  readonly ignoreVary?: boolean | undefined;
}

/** The options of a {@linkcode MoecacheCacheQuery}. */
export const QUERY_TYPES: OptionTypes<MoecacheCacheQuery> = {
  ignoreSearch: "boolean",
  ignoreMethod: "boolean",
  ignoreVary: "boolean",
};

/** The settings of a cache. */
export interface CacheSettings {
  /** The prefix of all keys. */
  readonly prefix: string;
  readonly chunkByteLength: number;
  readonly now: () => number;
}

/**
 * The web standard's `Cache` on memcached; `MoecacheCacheStorage.open` makes one.
 *
 * Many users share this cache. Unlike a browser's cache, it follows RFC 9111's rules for shared caches. `put` resolves
 * and stores nothing when the response's `Cache-Control` has `no-store`, `no-cache` or `private`, when there is a
 * `Set-Cookie`, when the status is 304 (the answer to one client, which has the body), when `Vary` has a name that no
 * header can have, when the response has expired, when the request's `Cache-Control` has `no-store`, and when the
 * request has an `Authorization` and the response does not allow sharing it. `s-maxage`, `max-age` or `Expires` say how
 * long a response is served, less its age according to `Age` and `Date`. Without them it never expires. It is served
 * with an `Age` header. The headers of a connection, such as `Connection` and those that it names, are not stored; nor
 * are `Content-Encoding` and `Content-Length` of a response of `fetch` in an encoding that the runtime's `fetch`
 * decodes: `gzip` and `br`; on Node and Bun `deflate` and newer ones too; on Node also lists of them. A response of
 * your own is stored in the encoding that it has. The cache stores a request's address and the headers that `Vary`
 * names, and nothing else of the request.
 *
 * Bodies are written and read as streams, in chunks of half a megabyte. Before a response is returned, the cache checks
 * that all chunks exist; an incomplete body is a miss. When memcached loses a chunk while the body is read, reading
 * fails: a body is never truncated or mixed with another. A body that is replaced or expires is kept for a minute for the
 * requests that are still reading it.
 *
 * With a client that treats an unreachable server as a miss (`failover: "miss"`), the cache does so too: reads are
 * misses, and writes are dropped. Lists have what is on the other servers.
 *
 * memcached may evict any response. For one address, the 64 newest variants are kept, or fewer if the headers of all do
 * not fit into one item. When many put the same response at the same time, the last one stays. For `keys` and
 * `matchAll` without a request, and with `ignoreSearch`, memcached lists all its items, which takes seconds on a large
 * server. A response from the cache has no `url`.
 *
 * @example A page in two languages
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MoecacheCacheStorage } from "@moecache/moecache/cache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * const cache = await new MoecacheCacheStorage(client).open("pages");
 * const ask = (language: string) =>
 *   new Request("https://example.com/", { headers: { "Accept-Language": language } });
 * const headers = { Vary: "Accept-Language", "Cache-Control": "max-age=60" };
 * await cache.put(ask("en"), new Response("Hello", { headers }));
 * await cache.put(ask("de"), new Response("Hallo", { headers }));
 * assertEquals(await (await cache.match(ask("de")))?.text(), "Hallo");
 * assertEquals(await cache.match(ask("fr")), undefined);
 * ```
 */
export class MoecacheCache {
  readonly #variants: Variants;
  readonly #bodies: Bodies;
  readonly #now: () => number;
  /** When the last response was stored. */
  #stored = 0;

  /** @internal */
  constructor(
    commands: KeyCommands,
    bytes: KeyCommands,
    { prefix, chunkByteLength, now }: CacheSettings,
  ) {
    this.#variants = new Variants(commands, prefix, now);
    this.#bodies = new Bodies(bytes, prefix, chunkByteLength);
    this.#now = now;
  }

  /**
   * Gets the response to a request.
   *
   * @param request The request, or its address.
   * @param options How it is compared.
   * @returns The response; `undefined` for a miss. Its body is read from memcached on demand.
   * @throws {TypeError} When the address is not valid.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When a server cannot be reached.
   *
   * @example A hit and a miss
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MoecacheCacheStorage } from "@moecache/moecache/cache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const cache = await new MoecacheCacheStorage(client).open("pages");
   * await cache.put("https://example.com/", new Response("Hello"));
   * assertEquals(await (await cache.match("https://example.com/"))?.text(), "Hello");
   * assertEquals(await cache.match("https://example.com/other"), undefined);
   * ```
   */
  async match(
    request: Request | string | URL,
    options: MoecacheCacheQuery = {},
  ): Promise<Response | undefined> {
    for (const entry of await this.#find(askedOf(request), queryOf(options))) {
      const response = await this.#open(entry);
      if (response !== undefined) return response;
    }
    return undefined;
  }

  /**
   * Gets all responses to a request, or all responses of the cache.
   *
   * @param request The request, or its address; all requests by default.
   * @param options How it is compared.
   * @returns The responses, in the order in which they were stored.
   * @throws As {@linkcode match} does.
   *
   * @example All there is
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MoecacheCacheStorage } from "@moecache/moecache/cache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const cache = await new MoecacheCacheStorage(client).open("pages");
   * await cache.put("https://example.com/", new Response("Hello"));
   * assertEquals((await cache.matchAll()).length, 1);
   * ```
   */
  async matchAll(
    request?: Request | string | URL,
    options: MoecacheCacheQuery = {},
  ): Promise<Response[]> {
    const entries = await this.#findAll(request, options);
    const responses = await Promise.all(entries.map((entry) => this.#open(entry)));
    return responses.filter((response) => response !== undefined);
  }

  /**
   * Stores a response, in place of those that match the request. Headers that are changed after the call have no
   * effect.
   *
   * @param request A GET request, or its address.
   * @param response The response, whose body is read to its end.
   * @returns A promise that resolves when the response is stored, or when the rules say that it must not be stored.
   * @throws {TypeError} When the request is not a GET of `http:` or `https:`, or the response is partial (206), has a
   * status outside of 200 to 599, varies by everything (`Vary: *`), has been read already, or has a body whose chunks
   * are not bytes.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When a server cannot be reached.
   * @throws {AggregateError} When the body's stream fails or memcached refuses, and the stored part of the body cannot
   * be deleted either.
   * @throws The error of the body's stream; nothing has been stored then.
   *
   * @example What may be stored, and what may not
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MoecacheCacheStorage } from "@moecache/moecache/cache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const cache = await new MoecacheCacheStorage(client).open("pages");
   * const put = (cacheControl: string) =>
   *   cache.put("https://example.com/", new Response("Hello", { headers: { "Cache-Control": cacheControl } }));
   * await put("private");
   * assertEquals(await cache.match("https://example.com/"), undefined);
   * await put("max-age=60");
   * assertEquals(await (await cache.match("https://example.com/"))?.text(), "Hello");
   * ```
   */
  async put(request: Request | string | URL, response: Response): Promise<void> {
    await this.#put(askedOf(request), response);
  }

  /**
   * Fetches a response and stores it.
   *
   * @param request A GET request, or its address.
   * @throws {TypeError} As {@linkcode put} does, and when the response is not a success.
   * @throws The abort reason of the request's signal.
   *
   * @example A page of a server
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MoecacheCacheStorage } from "@moecache/moecache/cache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await using web = Deno.serve({ port: 0, onListen() {} }, () => new Response("Hello"));
   * const url = `http://127.0.0.1:${web.addr.port}/`;
   * const cache = await new MoecacheCacheStorage(client).open("pages");
   * await cache.add(url);
   * assertEquals(await (await cache.match(url))?.text(), "Hello");
   * ```
   */
  async add(request: Request | string | URL): Promise<void> {
    await this.addAll([request]);
  }

  /**
   * Fetches responses, and stores them when all have arrived.
   *
   * @param requests GET requests, or their addresses.
   * @throws {TypeError} As {@linkcode put} does, and when one of the responses is not a success;
   * nothing is stored then.
   * @throws {DOMException} An `InvalidStateError` when two of the requests would match each other.
   * @throws The abort reason of one request's signal; the other requests are aborted too.
   *
   * @example Two pages of a server
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MoecacheCacheStorage } from "@moecache/moecache/cache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await using web = Deno.serve({ port: 0, onListen() {} }, () => new Response("Hello"));
   * const url = `http://127.0.0.1:${web.addr.port}/`;
   * const cache = await new MoecacheCacheStorage(client).open("pages");
   * await cache.addAll([url, `${url}about`]);
   * assertEquals((await cache.keys()).length, 2);
   * ```
   */
  async addAll(requests: Iterable<Request | string | URL>): Promise<void> {
    await fetchAll(requests, async (exchanges) => {
      await allEnded(exchanges.map(({ request, response }) => this.#put(request, response)));
    });
  }

  /**
   * Deletes the responses to a request.
   *
   * @param request The request, or its address.
   * @param options How it is compared.
   * @returns Whether there were any.
   * @throws As {@linkcode match} does.
   *
   * @example Deleting twice
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MoecacheCacheStorage } from "@moecache/moecache/cache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const cache = await new MoecacheCacheStorage(client).open("pages");
   * await cache.put("https://example.com/", new Response("Hello"));
   * assertEquals(await cache.delete("https://example.com/"), true);
   * assertEquals(await cache.delete("https://example.com/"), false);
   * ```
   */
  async delete(
    request: Request | string | URL,
    options: MoecacheCacheQuery = {},
  ): Promise<boolean> {
    const query = queryOf(options);
    const asked = askedOf(request);
    const generation = await this.#variants.generation();
    if (generation === undefined) return false;
    const found = await this.#find(asked, query);
    const addresses = new Set(found.map(({ url }) => url));
    const removals = Array.from(addresses, (address) => {
      return this.#change(generation, address, (entries) => {
        const kept = entries.filter((entry) => !isMatch(entry, asked, query));
        return kept.length === entries.length ? undefined : kept;
      });
    });
    await allEnded(removals);
    return (await Promise.all(removals)).some((count) => count > 0);
  }

  /**
   * Lists the requests whose responses are stored.
   *
   * @param request Only requests that match this one; all by default.
   * @param options How it is compared.
   * @returns The requests, with the headers that `Vary` names, in the order in which their responses were stored.
   * @throws As {@linkcode match} does.
   *
   * @example All there is
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MoecacheCacheStorage } from "@moecache/moecache/cache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const cache = await new MoecacheCacheStorage(client).open("pages");
   * await cache.put("https://example.com/", new Response("Hello"));
   * assertEquals((await cache.keys()).map(({ url }) => url), ["https://example.com/"]);
   * ```
   */
  async keys(
    request?: Request | string | URL,
    options: MoecacheCacheQuery = {},
  ): Promise<Request[]> {
    return (await this.#findAll(request, options)).map(requestOf);
  }

  async #put(asked: Asked, response: Response): Promise<void> {
    checkStorable(asked, response);
    // Copied at once: the caller may change the objects after they have been checked.
    const stored = this.#nextTime();
    const { storable, age, lifetime } = freshnessOf(asked, response, stored);
    if (!storable) return giveUp(response.body);
    const head: Omit<Entry, "body"> = {
      url: addressOf(asked.url),
      vary: varyNames(response.headers).map((name) => [name, headerOf(asked, name)]),
      status: response.status,
      statusText: `${response.statusText ?? ""}`,
      headers: storableHeaders(response),
      stored,
      age,
      expires: lifetime === undefined ? null : stored + lifetime,
    };
    const body = response.body?.getReader();
    const generation = await this.#generationFor(body);
    if (generation === undefined) return giveUp(body);
    const place = body === undefined ? null : await this.#bodies.write(body, lifetime ?? Infinity);
    await this.#retire(await this.#list(generation, { ...head, body: place }, asked));
  }

  /** The time; later in each millisecond for the next response, so that their order is known. */
  #nextTime(): number {
    const now = Math.floor(this.#now());
    this.#stored = Math.floor(this.#stored) === now ? this.#stored + 1 / 1024 : now;
    return this.#stored;
  }

  async #findAll(
    request: Request | string | URL | undefined,
    options: MoecacheCacheQuery,
  ): Promise<Entry[]> {
    const query = queryOf(options);
    return request === undefined
      ? await this.#variants.readAll()
      : await this.#find(askedOf(request), query);
  }

  async #find(asked: Asked, options: MoecacheCacheQuery): Promise<Entry[]> {
    if (asked.method !== "GET" && !options.ignoreMethod) return [];
    const entries = options.ignoreSearch
      ? await this.#variants.readAll()
      : await this.#variants.read(addressOf(asked.url));
    return entries.filter((entry) => isMatch(entry, asked, options));
  }

  /** The generation to store in. Without one, the body is not stored, so it is cancelled. */
  async #generationFor(body: BodyReader | undefined): Promise<string | undefined> {
    try {
      return await this.#variants.generation();
    } catch (error) {
      giveUp(body);
      throw error;
    }
  }

  async #open(entry: Entry): Promise<Response | undefined> {
    if (entry.body === null) return responseOf(entry, null, this.#now());
    const body = await this.#bodies.open(entry.body);
    return body && responseOf(entry, body, this.#now());
  }

  /** Changes the entries of an address; resolves to the number of entries that were removed. */
  async #change(
    generation: string,
    address: string,
    change: ChangeList<Entry>,
  ): Promise<number> {
    const removed = await this.#variants.change(generation, address, change) ?? [];
    await this.#retire(removed);
    return removed.length;
  }

  /** Lists an entry; resolves to the entries that it replaces. If it cannot be listed, its body is deleted. */
  async #list(generation: string, entry: Entry, asked: Asked): Promise<Entry[]> {
    try {
      const removed = await this.#variants.change(
        generation,
        entry.url,
        (entries) => [...entries.filter((old) => !hasSameVariant(old, asked)), entry],
      );
      if (removed === undefined && entry.body !== null) await this.#bodies.delete(entry.body);
      return removed ?? [];
    } catch (error) {
      // Without a reply, the entry may have been listed.
      const mayBeListed = isUnreachable(error);
      if (entry.body !== null && !mayBeListed) await this.#bodies.forget(entry.body, error);
      throw error;
    }
  }

  async #retire(entries: readonly Entry[]): Promise<void> {
    await allEnded(entries.map(({ body }) => body && this.#bodies.retire(body)));
  }
}

/** Checks the options and copies them: the caller may change the object later. */
function queryOf(options: MoecacheCacheQuery): MoecacheCacheQuery {
  checkOptions(options, QUERY_TYPES);
  return copyOptions(options, Object.keys(QUERY_TYPES));
}

function isMatch(entry: Entry, asked: Asked, options: MoecacheCacheQuery): boolean {
  const { ignoreSearch, ignoreVary } = options;
  return addressOf(entry.url, ignoreSearch) === addressOf(asked.url, ignoreSearch) &&
    (ignoreVary || hasSameVariant(entry, asked));
}
