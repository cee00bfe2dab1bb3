/** A handler for `cacheHandlers` of Next.js: what `"use cache: remote"` stores. @module */

import type { Exptime } from "../../../mod.ts";
import { checkOptions } from "../../option_checks.ts";
import { giveUp } from "../http/bodies.ts";
import { exptimeOf } from "../key_and_exptime.ts";
import {
  type NextCache,
  nextCacheFrom,
  type NextCacheHandlerOptions,
  OPTION_TYPES,
} from "./next_options.ts";
import { now } from "./revalidations.ts";
import { TaggedEntries } from "./tagged_entries.ts";

/** An entry, as Next passes it to a handler and gets it back. */
export interface NextCacheEntry {
  /** The bytes of the entry; they can be read once. */
  value: ReadableStream<Uint8Array>;
  /** Its tags, without those of its path. */
  tags: string[];
  /** How many seconds a browser may use it. */
  stale: number;
  /** When its rendering began, in milliseconds since 1970. */
  timestamp: number;
  /** How many seconds after `timestamp` it may be used at most. */
  expire: number;
  /** After how many seconds it is rendered again while it is used; negative when one of its tags is stale. */
  revalidate: number;
}

/** A handler, with the methods that Next calls. */
export interface NextCacheHandler extends AsyncDisposable {
  /** Gets an entry; `undefined` when there is none, when it was revalidated, or when memcached cannot be reached. */
  get(cacheKey: string, softTags: string[]): Promise<NextCacheEntry | undefined>;
  /** Stores an entry, unless its stream fails or memcached cannot be reached. */
  set(cacheKey: string, pendingEntry: Promise<NextCacheEntry>): Promise<void>;
  /** Learns from memcached which revalidation was the last. */
  refreshTags(): Promise<void>;
  /** Resolves to `Infinity`: `get` checks the tags of the path. */
  getExpiration(tags: string[]): Promise<number>;
  /**
   * Revalidates tags, for all processes.
   *
   * @param durations `expire`, for how many seconds older entries are still served; they are not without `durations`.
   * @throws {SocketError} When memcached cannot be reached; it is tried again with the next `get` of this process.
   */
  updateTags(tags: string[], durations?: { expire?: number }): Promise<void>;
  /** Closes the client if the handler made it. */
  close(): Promise<void>;
}

/** What is stored of an entry besides its bytes and tags. An absent `expire` or `revalidate` is infinite. */
interface Meta {
  readonly stale: number;
  readonly timestamp: number;
  readonly expire?: number;
  readonly revalidate?: number;
}

/**
 * Makes a handler for `cacheHandlers` in the configuration of Next.js 16: what `"use cache: remote"` computes is stored
 * in memcached, and all processes of a deployment share it. `"use cache"` uses it too where it is the `default` handler.
 *
 * `revalidateTag`, `updateTag` and `revalidatePath` reach all processes: a request that begins after one of them has
 * resolved gets nothing older, in any process. Revalidations are numbered by a counter in memcached. An entry carries
 * the number that was the last when its rendering began, so the clocks of the machines need not agree.
 * An entry may be longer than memcached's items are. It lives as long as its `expire` says, and must fit into
 * memcached, which evicts entries that were not used for long.
 *
 * When memcached is away, or has lost a part of an entry, `get` resolves to nothing and `set` drops the entry: pages are
 * rendered, and `onError` receives the error. A revalidation is not dropped: it rejects. While `next build` runs, the
 * handler stores nothing and connects to nothing.
 *
 * @param options `servers` or `client`; `clientOptions`, `prefix`, `onError`.
 * @returns The handler.
 * @throws {ValidationException} When an option is invalid, or there are no servers.
 *
 * @example The calls that Next makes
 * ```ts
 * import { nextCacheHandler } from "@moecache/moecache/next";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using handler = nextCacheHandler({ servers: server.address });
 *
 * await handler.refreshTags();
 * const timestamp = performance.timeOrigin + performance.now();
 * const value = new Response("<p>Hello</p>").body!;
 * const entry = { value, tags: ["menu"], stale: 0, timestamp, expire: 3600, revalidate: 60 };
 * await handler.set("key", Promise.resolve(entry));
 *
 * const found = await handler.get("key", ["_N_T_/layout"]);
 * assertEquals(await new Response(found?.value).text(), "<p>Hello</p>");
 * await handler.updateTags(["menu"]);
 * assertEquals(await handler.get("key", ["_N_T_/layout"]), undefined);
 * ```
 */
export function nextCacheHandler(options: NextCacheHandlerOptions = {}): NextCacheHandler {
  checkOptions(options, OPTION_TYPES);
  const cache = nextCacheFrom(options);
  return cache === undefined ? new NoCache() : new MemcachedCache(cache);
}

class MemcachedCache implements NextCacheHandler {
  readonly #cache: NextCache;
  readonly #entries: TaggedEntries<Meta>;
  /** What is being stored, by key. */
  readonly #setting = new Map<string, Promise<void>>();

  constructor(cache: NextCache) {
    const { client, prefix, revalidations } = cache;
    this.#cache = cache;
    this.#entries = new TaggedEntries(client, revalidations, `${prefix}entry:`);
  }

  async get(cacheKey: string, softTags: string[] = []): Promise<NextCacheEntry | undefined> {
    try {
      await this.#setting.get(cacheKey);
      // What is rendered when there is none reflects this.
      const [found] = await Promise.all([
        this.#entries.get(cacheKey, softTags),
        this.refreshTags(),
      ]);
      if (found === undefined) return undefined;
      const { head: { tags, meta }, body, verdict } = found;
      const { stale, timestamp, expire = Infinity } = meta;
      const revalidate = verdict === "stale" ? -1 : meta.revalidate ?? Infinity;
      return { value: streamOf(body), tags: [...tags], stale, timestamp, expire, revalidate };
    } catch (error) {
      this.#cache.report(error);
      return undefined;
    }
  }

  async set(cacheKey: string, pendingEntry: Promise<NextCacheEntry>): Promise<void> {
    const setting = this.#set(cacheKey, pendingEntry);
    this.#setting.set(cacheKey, setting);
    await setting;
    if (this.#setting.get(cacheKey) === setting) this.#setting.delete(cacheKey);
  }

  async refreshTags(): Promise<void> {
    try {
      await this.#cache.revalidations.current();
    } catch (error) {
      // What is rendered now is not stored: it is not known which revalidations it reflects.
      this.#cache.report(error);
    }
  }

  getExpiration(): Promise<number> {
    return Promise.resolve(Infinity);
  }

  async updateTags(tags: string[], durations?: { expire?: number }): Promise<void> {
    const seconds = durations === undefined ? 0 : durations.expire ?? Infinity;
    await this.#cache.revalidations.add(tags, seconds);
  }

  async close(): Promise<void> {
    await this.#cache.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Stores an entry; never rejects. */
  async #set(cacheKey: string, pendingEntry: Promise<NextCacheEntry>): Promise<void> {
    const entry = await resultOf(pendingEntry);
    if (entry === undefined) return;
    try {
      await this.#store(cacheKey, entry);
    } catch (error) {
      this.#cache.report(error);
    }
  }

  async #store(cacheKey: string, entry: NextCacheEntry): Promise<void> {
    const { value, tags, timestamp, expire } = entry;
    // Next renders an entry without a lifetime each time.
    if (!(expire > 0)) return giveUp(value);
    let exptime: Exptime;
    let rendered: number | undefined;
    try {
      exptime = exptimeOf(timestamp + expire * 1000 - now());
      rendered = await this.#cache.revalidations.before(timestamp);
    } catch (error) {
      giveUp(value);
      throw error;
    }
    if (rendered === undefined) return giveUp(value);
    const head = { rendered, tags, meta: metaOf(entry) };
    // Next has reported already what it could not render to its end.
    await this.#entries.setStream(cacheKey, head, value, exptime);
  }
}

/** The handler while `next build` runs. */
class NoCache implements NextCacheHandler {
  get(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async set(_cacheKey: string, pendingEntry: Promise<NextCacheEntry>): Promise<void> {
    giveUp((await resultOf(pendingEntry))?.value);
  }

  refreshTags(): Promise<void> {
    return Promise.resolve();
  }

  getExpiration(): Promise<number> {
    return Promise.resolve(0);
  }

  updateTags(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** What a promise resolves to; `undefined` when it rejects, which Next reports itself. */
async function resultOf(
  pendingEntry: Promise<NextCacheEntry>,
): Promise<NextCacheEntry | undefined> {
  try {
    return await pendingEntry;
  } catch {
    return undefined;
  }
}

function metaOf({ stale, timestamp, expire, revalidate }: NextCacheEntry): Meta {
  return {
    stale,
    timestamp,
    ...(Number.isFinite(expire) ? { expire } : {}),
    ...(Number.isFinite(revalidate) ? { revalidate } : {}),
  };
}

function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}
