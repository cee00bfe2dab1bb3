/** The web standard's `Cache`. @module */

import { checkOptions, type OptionTypes } from "../../option_checks.ts";
import { type KeyCommands, SocketError } from "../../../mod.ts";
import {} from "../adapter_options.ts";
import { exptimeOf } from "../key_and_exptime.ts";
import { Bodies, type BodyReader, giveUp } from "./bodies.ts";
import {
  addressOf,
  type Entry,
  hasSameVariant,
  requestOf,
  responseOf,
  varyNames,
} from "./entry.ts";
import { checkRequest, checkStorable, fetchAll, requestOfCall } from "./exchanges.ts";
import { freshnessOf } from "./freshness.ts";
import type { ChangeList } from "./lists.ts";
import { Variants } from "./variants.ts";

/** How a request is compared with those of the responses stored, as in the web standard. */
export interface MoecacheCacheQuery {
  /** Whether `?` and what follows it does not count. Then memcached lists all items that it has. */
  readonly ignoreSearch?: boolean | undefined;
  /** Whether a request of another method than GET is taken for one. */
  readonly ignoreMethod?: boolean | undefined;
  /** Whether a response's `Vary` does not count. */
  readonly ignoreVary?: boolean | undefined;
}

/** The options of a {@linkcode MoecacheCacheQuery}. */
export const QUERY_TYPES: OptionTypes<MoecacheCacheQuery> = {
  ignoreSearch: "boolean",
  ignoreMethod: "boolean",
  ignoreVary: "boolean",
};

/** How a cache is made. */
export interface CacheSettings {
  /** What all keys begin with. */
  readonly prefix: string;
  readonly chunkByteLength: number;
  readonly now: () => number;
}

/**
 * The web standard's `Cache` on memcached; `open` of a `MoecacheCacheStorage` makes one.
 *
 * It is a cache that many users share. So it heeds what a response says about that, as RFC 9111 says and unlike
 * a browser's cache. `put` resolves and stores nothing when `Cache-Control` has `no-store`, `no-cache` or
 * `private`, when there is a `Set-Cookie`, when the response has expired already, when the request's
 * `Cache-Control` has `no-store`, and when the request has an `Authorization` and the response does not allow
 * it. A response is served for as long as `s-maxage`, `max-age` or `Expires` say, less the age that `Age` and
 * `Date` say it has already; for ever when they say nothing. It is served with its `Age`. Of a request, only
 * the address and the headers that `Vary` names are stored.
 *
 * Bodies are written and read as streams, in chunks of half a megabyte. All chunks are looked for before
 * a response is given, and one that is incomplete is a miss. When memcached loses a chunk while the body
 * is read, reading fails: a body is never cut short or mixed with another. One that is replaced is kept
 * for a minute for those who read it.
 *
 * A client that takes a server that it cannot reach for a miss (`failover: "miss"`) makes the cache do so: what
 * would be read is missing, and what would be stored is dropped.
 *
 * What a cache cannot promise: that anything is there. Of one address, the 64 youngest variants are kept,
 * and fewer where an item of memcached does not hold the headers of all. When many put the same at once, the
 * last of them stays. `keys` and `matchAll` without a request, and `ignoreSearch`, let memcached list all items
 * that it has, which takes seconds on a large server. A response that comes out of the cache has no `url`. The
 * cache needs memcached 1.6.10 or later.
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

  /** @internal */
  constructor(
    commands: KeyCommands,
    bytes: KeyCommands,
    { prefix, chunkByteLength, now }: CacheSettings,
  ) {
    this.#variants = new Variants(commands, bytes, prefix, now);
    this.#bodies = new Bodies(bytes, prefix, chunkByteLength);
    this.#now = now;
  }

  /**
   * Gets the response to a request.
   *
   * @param request The request, or its address.
   * @param options How it is compared.
   * @returns The response, whose body is read from memcached as it is asked for; `undefined` for a miss.
   * @throws {TypeError} When the address is none.
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
    checkOptions(options, QUERY_TYPES);
    for (const entry of await this.#find(requestOfCall(request), options)) {
      const response = await this.#open(entry);
      if (response !== undefined) return response;
    }
    return undefined;
  }

  /**
   * Gets all responses to a request, or all there are.
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
   * Stores a response, in place of those that the request would have matched. What the call finds is judged and
   * stored: headers that are changed later have no effect.
   *
   * @param request A GET request, or its address.
   * @param response The response, whose body is read to its end.
   * @returns A promise that resolves when it is stored, or when it is not to be stored.
   * @throws {TypeError} When the request is no GET of `http:` or `https:`, the response is a part (206),
   * varies by everything (`Vary: *`), has been read already, or has a body whose chunks are no bytes.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When a server cannot be reached.
   * @throws {AggregateError} When what is there of a body that is not listed cannot be deleted, either.
   * @throws What the body's stream fails with; nothing has been stored then.
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
    const asked = requestOfCall(request);
    checkStorable(asked, response);
    // All of it is taken now: what the caller changes later is not what has been checked.
    const stored = this.#now();
    const { storable, age, lifetime } = freshnessOf(asked, response, stored);
    if (!storable) return giveUp(response.body);
    const head: Omit<Entry, "body"> = {
      url: addressOf(asked.url),
      vary: varyNames(response.headers).map((name) => [name, asked.headers.get(name)]),
      status: response.status,
      statusText: response.statusText,
      headers: [...response.headers],
      stored,
      age,
      expires: lifetime === undefined ? null : stored + lifetime,
    };
    const body = response.body?.getReader();
    const generation = await this.#generationFor(body);
    if (generation === undefined) return giveUp(body);
    const exptime = exptimeOf(lifetime ?? Infinity);
    const place = body === undefined ? null : await this.#bodies.write(body, exptime);
    await this.#retire(await this.#list(generation, { ...head, body: place }, asked));
  }

  /**
   * Fetches a response and stores it.
   *
   * @param request A GET request, or its address.
   * @throws {TypeError} As {@linkcode put} does, and when the response is not a success.
   * @throws What the request's signal was aborted with.
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
   * Fetches responses and stores them when all have come.
   *
   * @param requests GET requests, or their addresses.
   * @throws {TypeError} As {@linkcode put} does, and when one of the responses is not a success;
   * nothing is stored then.
   * @throws {DOMException} An `InvalidStateError` when two of the requests would match each other.
   * @throws What the signal of one of the requests was aborted with; all are given up then.
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
  async addAll(requests: readonly (Request | string | URL)[]): Promise<void> {
    const asked = requests.map(requestOfCall);
    asked.forEach(checkRequest);
    await fetchAll(asked, async (exchanges) => {
      await Promise.all(exchanges.map(({ request, response }) => this.put(request, response)));
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
    checkOptions(options, QUERY_TYPES);
    const asked = requestOfCall(request);
    const generation = await this.#variants.generation();
    if (generation === undefined) return false;
    const found = await this.#find(asked, options);
    const addresses = new Set(found.map(({ url }) => url));
    const removed = await Promise.all(
      [...addresses].map((address) =>
        this.#change(generation, address, (entries) => {
          const kept = entries.filter((entry) => !isMatch(entry, asked, options));
          return kept.length === entries.length ? undefined : kept;
        })
      ),
    );
    return removed.some((count) => count > 0);
  }

  /**
   * Lists the requests whose responses are stored.
   *
   * @param request Those that match this one; all by default.
   * @param options How it is compared.
   * @returns The requests, with those of their headers that `Vary` names, in the order in which their
   * responses were stored.
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

  async #findAll(
    request: Request | string | URL | undefined,
    options: MoecacheCacheQuery,
  ): Promise<Entry[]> {
    checkOptions(options, QUERY_TYPES);
    return request === undefined
      ? await this.#variants.readAll()
      : await this.#find(requestOfCall(request), options);
  }

  async #find(asked: Request, options: MoecacheCacheQuery): Promise<Entry[]> {
    if (asked.method !== "GET" && !options.ignoreMethod) return [];
    const entries = options.ignoreSearch
      ? await this.#variants.readAll()
      : await this.#variants.read(addressOf(asked.url));
    return entries.filter((entry) => isMatch(entry, asked, options));
  }

  /** The generation to store in. Without one, nobody will read the body. */
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

  /** Changes the entries of an address; resolves to how many are not there any more. */
  async #change(
    generation: string,
    address: string,
    change: ChangeList<Entry>,
  ): Promise<number> {
    const removed = await this.#variants.change(generation, address, change) ?? [];
    await this.#retire(removed);
    return removed.length;
  }

  /** Lists an entry; resolves to those that it replaces. The body of one that is not listed is of no use. */
  async #list(generation: string, entry: Entry, asked: Request): Promise<Entry[]> {
    try {
      const removed = await this.#variants.change(
        generation,
        entry.url,
        (entries) => [...entries.filter((old) => !hasSameVariant(old, asked)), entry],
      );
      if (removed === undefined && entry.body !== null) await this.#bodies.delete(entry.body);
      return removed ?? [];
    } catch (error) {
      // When the reply is lost, it may be listed all the same.
      const mayBeListed = error instanceof SocketError;
      if (entry.body !== null && !mayBeListed) await this.#bodies.forget(entry.body, error);
      throw error;
    }
  }

  async #retire(entries: readonly Entry[]): Promise<void> {
    await Promise.all(entries.map(({ body }) => body && this.#bodies.retire(body)));
  }
}

function isMatch(entry: Entry, asked: Request, options: MoecacheCacheQuery): boolean {
  const { ignoreSearch, ignoreVary } = options;
  return addressOf(entry.url, ignoreSearch) === addressOf(asked.url, ignoreSearch) &&
    (ignoreVary || hasSameVariant(entry, asked));
}
