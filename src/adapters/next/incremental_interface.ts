/** What Next passes to an instance of a class for its `cacheHandler`, and what it gets. @module */

/** What Next makes an instance with, as far as it is used here. */
export interface NextIncrementalCacheContext {
  /** Reads files. */
  readonly fs?: { readFileSync(path: string, encoding: "utf8"): string | Uint8Array } | undefined;
  /** The folder `server` of the built application. */
  readonly serverDistDir?: string | undefined;
  /** Tags that a proxy knows to have been revalidated. */
  readonly revalidatedTags?: readonly string[] | undefined;
}

/** How long a page may be used, in seconds; `false` means without a limit. */
export interface NextCacheControl {
  /** After how long it is rendered again. */
  readonly revalidate: number | false;
  /** For how long it may be used at most. */
  readonly expire?: number | undefined;
}

/** What Next passes to `get`, as far as it is used here. */
export interface NextIncrementalGetContext {
  /** What is cached: `"FETCH"`, `"IMAGE"`, `"APP_PAGE"`, `"APP_ROUTE"` or `"PAGES"`. */
  readonly kind?: string | undefined;
  /** The tags of a `fetch`. */
  readonly tags?: readonly string[] | undefined;
  /** The tags of the path that a `fetch` is for. */
  readonly softTags?: readonly string[] | undefined;
  /** After how many seconds a `fetch` is made again. */
  readonly revalidate?: number | false | undefined;
}

/** What Next passes to `set`, as far as it is used here. */
export interface NextIncrementalSetContext {
  /** Whether it is the response of a `fetch`. */
  readonly fetchCache?: boolean | undefined;
  /** `"IMAGE"` for an image. */
  readonly kind?: string | undefined;
  /** The tags of a `fetch`. */
  readonly tags?: readonly string[] | undefined;
  /** How long a page may be used. */
  readonly cacheControl?: NextCacheControl | undefined;
}

/** A value, as Next gets it. */
export interface NextIncrementalCacheEntry {
  /** When it was rendered, in milliseconds since 1970; -1 when it must be rendered again before it is used. */
  readonly lastModified: number;
  /** The value; `null` for a page that does not exist. */
  readonly value: Readonly<Record<string, unknown>> | null;
  /** How long it may be used. */
  readonly cacheControl?: NextCacheControl;
}

/** An instance, with the methods that Next calls. */
export interface NextIncrementalCacheHandler {
  /** Gets a value; `null` when there is none, when it was revalidated, or when memcached cannot be reached. */
  get(key: string, context?: NextIncrementalGetContext): Promise<NextIncrementalCacheEntry | null>;
  /** Stores a value, unless memcached cannot be reached. */
  set(
    key: string,
    data: Readonly<Record<string, unknown>> | null,
    context?: NextIncrementalSetContext,
  ): Promise<void>;
  /**
   * Revalidates tags, for all processes; a path is a tag too.
   *
   * @param durations `expire`, for how many seconds older values are still served; they are not without `durations`.
   * @throws {ValidationException} When `tags` is not a list of strings, or `expire` not a number.
   * @throws {SocketError} When memcached cannot be reached; it is tried again with the next `get` of this process.
   */
  revalidateTag(tags: string | readonly string[], durations?: { expire?: number }): Promise<void>;
  /** Does nothing: an instance keeps no values. */
  resetRequestCache(): void;
}

/** A class whose instances share a client. Next makes one for each request. */
export interface NextIncrementalCacheHandlerClass {
  /** Makes an instance. */
  new (context?: NextIncrementalCacheContext): NextIncrementalCacheHandler;
  /** Closes the client if it was made here. */
  close(): Promise<void>;
}
