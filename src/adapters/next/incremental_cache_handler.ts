/** A class for `cacheHandler` of Next.js: pages that are rendered once, and data of `fetch`. @module */

import { invalidOption, type OptionTypes } from "../../option_checks.ts";
import { checkAdapterOptions, checkRecord } from "../adapter_options.ts";
import { checkText, exptimeOf } from "../key_and_exptime.ts";
import { Askings, UNKNOWN } from "./askings.ts";
import { Builds } from "./builds.ts";
import { type CachedValue, type PackedValue, packValue, unpackValue } from "./cached_values.ts";
import type {
  NextCacheControl,
  NextIncrementalCacheContext,
  NextIncrementalCacheEntry,
  NextIncrementalCacheHandler,
  NextIncrementalCacheHandlerClass,
  NextIncrementalGetContext,
  NextIncrementalSetContext,
} from "./incremental_interface.ts";
import {
  type NextCache,
  nextCacheFrom,
  type NextSharedOptions,
  OPTION_TYPES,
} from "./next_options.ts";
import { checkSeconds, checkTags, secondsOf } from "./passed_values.ts";
import { now } from "./revalidations.ts";
import { type EntryHead, TaggedEntries } from "./tagged_entries.ts";

/** The options of {@linkcode nextIncrementalCacheHandler}; all are optional. */
export interface NextIncrementalCacheHandlerOptions extends NextSharedOptions {
  /**
   * Distinguishes the pages of a deployment from those of the one before: pages refer to files of their own build. By
   * default it is Next's build id, in the file `BUILD_ID` beside the built application. All processes of a deployment
   * need the same: set it, or `generateBuildId` of Next, where each machine builds for itself. It must not be empty.
   */
  readonly buildId?: string | undefined;
}

/** What is stored of a value besides its bytes and tags. */
interface Meta {
  readonly lastModified: number;
  readonly cacheControl?: NextCacheControl;
  /** Absent for a page that does not exist. */
  readonly packed?: PackedValue;
}

const TYPES: OptionTypes<NextIncrementalCacheHandlerOptions> = {
  ...OPTION_TYPES,
  buildId: "string",
};

/** The header of a page that lists its tags. */
const TAGS_HEADER = "x-next-cache-tags";
/** What outlives a build, as it does in Next's own cache of files. */
const SHARED_KINDS: readonly unknown[] = ["FETCH", "IMAGE"];

/**
 * Makes a class for `cacheHandler` in the configuration of Next.js 15 and 16: pages and route handlers that are rendered
 * once (ISR), what `fetch` and `unstable_cache` keep, and optimized images with `images.customCacheHandler`. All
 * processes of a deployment share them. `revalidateTag` and `revalidatePath` reach all processes, as with
 * `nextCacheHandler`, with which it may share a `prefix`.
 *
 * Pages that `next build` has rendered are rendered once more when they are first asked for, because Next does not read
 * its own files with another `cacheHandler`. When memcached cannot be reached, pages are rendered each time, and
 * `onError` receives the error; a revalidation rejects.
 *
 * @param options `servers` or `client`; `clientOptions`, `prefix`, `onError`, `buildId`.
 * @returns The class.
 * @throws {ValidationException} When an option is invalid, or there are no servers.
 *
 * @example The calls that Next makes
 * ```ts
 * import { nextIncrementalCacheHandler } from "@moecache/moecache/next";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * const Handler = nextIncrementalCacheHandler({ servers: server.address, buildId: "1" });
 *
 * const request = new Handler();
 * assertEquals(await request.get("/menu", { kind: "APP_ROUTE" }), null);
 * const headers = { "x-next-cache-tags": "menu,_N_T_/menu" };
 * const body = new TextEncoder().encode("tea");
 * const cacheControl = { revalidate: 60, expire: 3600 };
 * await request.set("/menu", { kind: "APP_ROUTE", status: 200, headers, body }, { cacheControl });
 *
 * const other = new Handler();
 * const found = await other.get("/menu", { kind: "APP_ROUTE" });
 * assertEquals(`${found?.value?.body}`, "tea");
 * await other.revalidateTag("_N_T_/menu");
 * assertEquals(await other.get("/menu", { kind: "APP_ROUTE" }), null);
 * await Handler.close();
 * ```
 */
export function nextIncrementalCacheHandler(
  options: NextIncrementalCacheHandlerOptions = {},
): NextIncrementalCacheHandlerClass {
  checkAdapterOptions(options, TYPES);
  // An environment's variable that is set to nothing would mix up the pages of all builds.
  if (options.buildId === "") throw invalidOption("buildId", "", "a string that is not empty");
  const cache = nextCacheFrom(options);
  if (cache === undefined) return NoCache;
  const { client, prefix, revalidations } = cache;
  const shared: Shared = {
    cache,
    entries: new TaggedEntries<Meta>(client, revalidations, `${prefix}page:`),
    builds: new Builds(options.buildId),
    rendered: new WeakMap(),
  };
  class Handler extends MemcachedCache {
    constructor(context: NextIncrementalCacheContext = {}) {
      super(shared, context);
    }

    static async close(): Promise<void> {
      await cache?.close();
    }
  }
  return Handler;
}

/** What the instances of a class share. */
interface Shared {
  readonly cache: NextCache;
  readonly entries: TaggedEntries<Meta>;
  readonly builds: Builds;
  /**
   * The number of the last revalidation before a value was made, by the value that `get` gave. When making it again
   * fails, Next sets the one before once more.
   */
  readonly rendered: WeakMap<CachedValue, number>;
}

/** The values for one request. */
class MemcachedCache implements NextIncrementalCacheHandler {
  readonly #shared: Shared;
  readonly #context: NextIncrementalCacheContext;
  readonly #begun = now();
  readonly #asked = new Askings();

  constructor(shared: Shared, context: NextIncrementalCacheContext) {
    this.#shared = shared;
    this.#context = context ?? {};
  }

  async get(
    key: string,
    context?: NextIncrementalGetContext,
  ): Promise<NextIncrementalCacheEntry | null> {
    // An image has no tags, and is asked for with one instance by all requests.
    const learning = context?.kind === "IMAGE" ? undefined : this.#learn(key);
    try {
      const found = await this.#find(key, context ?? {});
      await learning;
      if (found?.isCurrent) this.#asked.forget(key);
      return found?.entry ?? null;
    } catch (error) {
      await learning;
      this.#shared.cache.report(error);
      return null;
    }
  }

  async set(
    key: string,
    data: CachedValue | null,
    context?: NextIncrementalSetContext,
  ): Promise<void> {
    try {
      await this.#store(key, data, context ?? {});
    } catch (error) {
      this.#shared.cache.report(error);
    }
  }

  async revalidateTag(
    tags: string | readonly string[],
    durations?: { expire?: number },
  ): Promise<void> {
    const all = typeof tags === "string" ? [tags] : tags;
    await this.#shared.cache.revalidations.add(checkTags(all), secondsOf(durations));
  }

  resetRequestCache(): void {}

  async #store(
    key: string,
    data: CachedValue | null,
    context: NextIncrementalSetContext,
  ): Promise<void> {
    const { fetchCache, kind } = context;
    const asked = this.#asked.take(key);
    if (data !== null) checkRecord("page", data);
    const cacheControl = storable(context.cacheControl);
    const exptime = exptimeOf((cacheControl?.expire ?? Infinity) * 1000);
    const { packed, body } = data === null ? { body: new Uint8Array() } : packValue(data);
    const meta: Meta = {
      lastModified: Date.now(),
      ...(cacheControl === undefined ? {} : { cacheControl }),
      ...(packed === undefined ? {} : { packed }),
    };
    // What JSON has of it now: Next may go on with the objects.
    const taken = JSON.parse(JSON.stringify({ tags: tagsOf(data, context), meta }));
    const rendered = this.#shared.rendered.get(data ?? {}) ?? asked ??
      await this.#lastRevalidation(kind);
    // memcached could not be reached: it is not known which revalidations the value reflects.
    if (rendered === undefined || rendered === UNKNOWN) return;
    const isShared = fetchCache === true || SHARED_KINDS.includes(kind);
    const head: EntryHead<Meta> = { rendered, ...taken };
    await this.#shared.entries.set(this.#keyOf(key, isShared), head, body, exptime);
  }

  /** Finds a value, and whether Next uses it without making it again. */
  async #find(
    key: string,
    context: NextIncrementalGetContext,
  ): Promise<{ entry: NextIncrementalCacheEntry; isCurrent: boolean } | undefined> {
    const tags = [...checkTags(context.tags ?? []), ...checkTags(context.softTags ?? [])];
    const isShared = SHARED_KINDS.includes(context.kind);
    const found = await this.#shared.entries.get(this.#keyOf(key, isShared), tags);
    if (found === undefined) return undefined;
    const { head: { meta, rendered, tags: own }, body, verdict } = found;
    const revalidated = this.#context.revalidatedTags ?? [];
    if ([...own, ...tags].some((tag) => revalidated.includes(tag))) return undefined;
    const { cacheControl, packed } = meta;
    const value = packed === undefined ? null : unpackValue(packed, body);
    if (value !== null) this.#shared.rendered.set(value, rendered);
    const times = revalidateTimes(meta, value, context);
    const lastModified = verdict === "fresh" ? meta.lastModified : staleTime(meta, times);
    return {
      entry: { lastModified, value, ...(cacheControl === undefined ? {} : { cacheControl }) },
      isCurrent: verdict === "fresh" && Date.now() < lastModified + Math.min(...times) * 1000,
    };
  }

  async #learn(key: string): Promise<void> {
    let revalidation = UNKNOWN;
    try {
      revalidation = await this.#shared.cache.revalidations.current();
    } catch (error) {
      this.#shared.cache.report(error);
    }
    this.#asked.add(key, revalidation);
  }

  /** The last revalidation before a value was made that was not asked for. */
  async #lastRevalidation(kind: string | undefined): Promise<number | undefined> {
    const { cache: { revalidations } } = this.#shared;
    // An image has no tags: no revalidation makes it older.
    if (kind === "IMAGE") return await revalidations.current();
    return await revalidations.before(this.#begun);
  }

  #keyOf(key: string, isShared: boolean): string {
    const build = isShared ? "" : this.#shared.builds.idFor(this.#context);
    return `${build}:${checkText(key)}`;
  }
}

/** The handler while `next build` runs. */
class NoCache implements NextIncrementalCacheHandler {
  get(): Promise<null> {
    return Promise.resolve(null);
  }

  set(): Promise<void> {
    return Promise.resolve();
  }

  revalidateTag(): Promise<void> {
    return Promise.resolve();
  }

  resetRequestCache(): void {}

  static close(): Promise<void> {
    return Promise.resolve();
  }
}

function tagsOf(data: CachedValue | null, { tags }: NextIncrementalSetContext): string[] {
  const { headers } = (data ?? {}) as { headers?: Readonly<Record<string, unknown>> };
  const listed = headers?.[TAGS_HEADER];
  const ofPage = typeof listed === "string" && listed !== "" ? listed.split(",") : [];
  return [...new Set([...checkTags(tags ?? []), ...ofPage])];
}

/** What JSON can hold of how long a page may be used: nothing of what is infinite. */
function storable(control: NextCacheControl | null | undefined): NextCacheControl | undefined {
  if (control === undefined || control === null) return undefined;
  const { revalidate, expire } = control;
  const isEndless = revalidate === false || checkSeconds("revalidate", revalidate) === Infinity;
  const isLimited = expire !== undefined && checkSeconds("expire", expire) < Infinity;
  return { revalidate: isEndless ? false : revalidate, ...(isLimited ? { expire } : {}) };
}

/** After how many seconds a value is made again, by all that says so. */
function revalidateTimes(
  { cacheControl }: Meta,
  value: CachedValue | null,
  context: NextIncrementalGetContext,
): number[] {
  return [cacheControl?.revalidate, context.revalidate, value?.revalidate]
    .filter((seconds): seconds is number => Number.isFinite(seconds));
}

/** A time by which Next takes a value for one that has to be made again while it is used. */
function staleTime({ lastModified }: Meta, times: readonly number[]): number {
  // Without such a time it is rendered before it is used.
  if (times.length === 0) return -1;
  return Math.min(lastModified, Date.now() - Math.max(...times) * 1000 - 1000);
}
