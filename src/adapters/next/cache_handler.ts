/** A handler for `cacheHandlers` of Next.js: what `"use cache: remote"` stores. @module */

import { ClientException, type Exptime, ValidationException } from "../../../mod.ts";
import { checkInteger, LONGEST_TIMEOUT, type OptionTypes } from "../../option_checks.ts";
import { systemClock } from "../../waiting.ts";
import { deferred } from "../../waiting/promises.ts";
import { checkAdapterOptions, checkRecord } from "../adapter_options.ts";
import { giveUp } from "../http/bodies.ts";
import { exptimeOf } from "../key_and_exptime.ts";
import {
  type NextCache,
  nextCacheFrom,
  type NextSharedOptions,
  OPTION_TYPES,
} from "./next_options.ts";
import { checkSeconds, checkTags, secondsOf } from "./passed_values.ts";
import { now } from "./revalidations.ts";
import { type EntryHead, TaggedEntries } from "./tagged_entries.ts";

/** The options of {@linkcode nextCacheHandler}; all are optional. */
export interface NextCacheHandlerOptions extends NextSharedOptions {
  /**
   * For how many milliseconds after Next began to store an entry `get` waits until it is stored, 1 to 2,147,483,647;
   * 30,000 by default. Then `get` reads what is in memcached, and `onError` receives a `ClientException`.
   */
  readonly pendingTimeout?: number | undefined;
}

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
   * @throws {ValidationException} When `tags` is not a list of strings, or `expire` not a number.
   * @throws {SocketError} When memcached cannot be reached; it is tried again with the next `get` of this process.
   */
  updateTags(tags: string[], durations?: { expire?: number }): Promise<void>;
  /** Closes the client if the handler made it. */
  close(): Promise<void>;
}

const TYPES: OptionTypes<NextCacheHandlerOptions> = { ...OPTION_TYPES, pendingTimeout: "number" };
const PENDING_TIMEOUT = 30_000;

/** An entry that is being stored. */
interface Pending {
  /** Resolves when it has been stored, or will not be. */
  readonly done: Promise<void>;
  /** Until when it is waited for, as {@linkcode now} counts. */
  readonly deadline: number;
}

/** What is stored of an entry besides its bytes and tags. A time that is absent is infinite: JSON has no `Infinity`. */
interface Meta {
  readonly timestamp: number;
  readonly stale?: number;
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
 * When memcached cannot be reached, or has lost a part of an entry, `get` resolves to nothing and `set` drops the
 * entry: pages are rendered, and `onError` receives the error. A revalidation is not dropped: it rejects. While
 * `next build` runs, the handler stores nothing and connects to nothing.
 *
 * @param options `servers` or `client`; `clientOptions`, `prefix`, `onError`, `pendingTimeout`.
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
  checkAdapterOptions(options, TYPES);
  const { pendingTimeout = PENDING_TIMEOUT } = options;
  checkInteger("pendingTimeout", pendingTimeout, 1, LONGEST_TIMEOUT);
  const cache = nextCacheFrom(options);
  return cache === undefined ? new NoCache() : new MemcachedCache(cache, pendingTimeout);
}

class MemcachedCache implements NextCacheHandler {
  readonly #cache: NextCache;
  readonly #entries: TaggedEntries<Meta>;
  readonly #pendingTimeout: number;
  /** What is being stored, by key. */
  readonly #setting = new Map<string, Pending>();

  constructor(cache: NextCache, pendingTimeout: number) {
    const { client, prefix, revalidations } = cache;
    this.#cache = cache;
    this.#pendingTimeout = pendingTimeout;
    this.#entries = new TaggedEntries(client, revalidations, `${prefix}entry:`);
  }

  async get(cacheKey: string, softTags?: string[]): Promise<NextCacheEntry | undefined> {
    try {
      await this.#waitForSet(cacheKey);
      // What is rendered when there is none reflects this.
      const [found] = await Promise.all([
        this.#entries.get(cacheKey, checkTags(softTags ?? [])),
        this.refreshTags(),
      ]);
      if (found === undefined) return undefined;
      const { head: { tags, meta }, body, verdict } = found;
      const { timestamp, stale = Infinity, expire = Infinity } = meta;
      const revalidate = verdict === "stale" ? -1 : meta.revalidate ?? Infinity;
      return { value: streamOf(body), tags: [...tags], stale, timestamp, expire, revalidate };
    } catch (error) {
      this.#cache.report(error);
      return undefined;
    }
  }

  async set(cacheKey: string, pendingEntry: Promise<NextCacheEntry>): Promise<void> {
    const done = this.#set(cacheKey, pendingEntry);
    const pending = { done, deadline: now() + this.#pendingTimeout };
    this.#setting.set(cacheKey, pending);
    await done;
    this.#forget(cacheKey, pending);
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
    await this.#cache.revalidations.add(checkTags(tags), secondsOf(durations));
  }

  async close(): Promise<void> {
    await this.#cache.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Waits for an entry that this process is storing; with a time limit, because its rendering may never end. */
  async #waitForSet(cacheKey: string): Promise<void> {
    const pending = this.#setting.get(cacheKey);
    if (pending === undefined) return;
    const { done, deadline } = pending;
    const { promise, resolve } = deferred<"late">();
    const cancel = systemClock.after(deadline - now(), () => resolve("late"));
    const outcome = await Promise.race([done, promise]);
    cancel();
    // The first that has waited for it reports it, and no other waits.
    if (outcome !== "late" || !this.#forget(cacheKey, pending)) return;
    const why = `it has not ended for ${this.#pendingTimeout} ms`;
    this.#cache.report(new ClientException(`Cannot wait for entry: ${why}`, cacheKey));
  }

  /** @returns Whether it was what is being stored under the key. */
  #forget(cacheKey: string, pending: Pending): boolean {
    return this.#setting.get(cacheKey) === pending && this.#setting.delete(cacheKey);
  }

  /** Stores an entry; never rejects. */
  async #set(cacheKey: string, pendingEntry: Promise<NextCacheEntry>): Promise<void> {
    const result = await resultOf(pendingEntry);
    if (result === undefined) return;
    try {
      await this.#store(cacheKey, checkEntry(result.entry));
    } catch (error) {
      this.#cache.report(error);
    }
  }

  async #store(cacheKey: string, entry: NextCacheEntry): Promise<void> {
    const { value, timestamp, expire } = entry;
    let exptime: Exptime;
    let rendered: number | undefined;
    let head: Omit<EntryHead<Meta>, "rendered">;
    try {
      head = headOf(entry);
      // Next renders an entry without a lifetime each time.
      if (expire <= 0) return giveUp(value);
      exptime = exptimeOf(timestamp + expire * 1000 - now());
      rendered = await this.#cache.revalidations.before(timestamp);
    } catch (error) {
      giveUp(value);
      throw error;
    }
    if (rendered === undefined) return giveUp(value);
    // Next has reported already what it could not render to its end.
    await this.#entries.setStream(cacheKey, { rendered, ...head }, value, exptime);
  }
}

/** The handler while `next build` runs. */
class NoCache implements NextCacheHandler {
  get(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async set(_cacheKey: string, pendingEntry: Promise<NextCacheEntry>): Promise<void> {
    giveUp((await resultOf(pendingEntry))?.entry?.value);
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
): Promise<{ entry: NextCacheEntry } | undefined> {
  try {
    return { entry: await pendingEntry };
  } catch {
    return undefined;
  }
}

/** @throws {ValidationException} When it is not an object with a stream. */
function checkEntry(entry: NextCacheEntry): NextCacheEntry {
  checkRecord("entry", entry);
  if (typeof entry.value?.getReader === "function") return entry;
  throw new ValidationException("Cannot store entry: its value must be a ReadableStream", entry);
}

/**
 * What is stored of an entry before its bytes.
 *
 * @throws {ValidationException} When a tag is not a string, or a time not a number.
 */
function headOf(
  { tags, stale, timestamp, expire, revalidate }: NextCacheEntry,
): Omit<EntryHead<Meta>, "rendered"> {
  const meta = {
    timestamp,
    ...(checkSeconds("stale", stale) < Infinity ? { stale } : {}),
    ...(checkSeconds("expire", expire) < Infinity ? { expire } : {}),
    ...(checkSeconds("revalidate", revalidate) < Infinity ? { revalidate } : {}),
  };
  return { tags: [...checkTags(tags ?? [])], meta };
}

function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}
