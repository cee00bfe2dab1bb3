/** A store for @fastify/rate-limit. @module */

import { callBack } from "../node_callbacks.ts";
import type { HitCounters, Hits } from "./hit_counters.ts";
import type { OwnWindows } from "./own_windows.ts";
import { countersFrom, type RateLimitStoreOptions } from "./rate_limit_store.ts";

/** What @fastify/rate-limit passes to its stores, as far as they use it. */
export interface FastifyRateLimitParameters {
  /** Whether each hit beyond the limit begins the window again. It comes before `exponentialBackoff`. */
  readonly continueExceeding?: boolean;
  /** Whether each hit beyond the limit begins the window again, and twice as long as the one before did. */
  readonly exponentialBackoff?: boolean;
  /** The route, for a limit that only one has. */
  readonly routeInfo?: { readonly method?: string | readonly string[]; readonly url?: string };
  /** The group of routes that count together. */
  readonly groupId?: string | undefined;
  /** What the plugin's types name in the place of `routeInfo`. It has no effect. */
  readonly url?: string;
}

/** The methods that @fastify/rate-limit calls. */
export interface FastifyRateLimitStore {
  /** Counts a hit in a window of `timeWindow` milliseconds, in which `max` hits are allowed. */
  incr(key: string, callback: FastifyRateLimitCallback, timeWindow: number, max?: number): void;
  /** Reads the hits, and does not change them. */
  read(key: string, callback: FastifyRateLimitCallback, timeWindow: number): void;
  /** Makes the store of a route, which counts separately. */
  child(parameters: FastifyRateLimitParameters): FastifyRateLimitStore;
}

/** Takes an error, or the hits and the milliseconds that are left of the window. */
export type FastifyRateLimitCallback = (
  error: Error | null,
  result?: { current: number; ttl: number },
) => void;

/** What the option `store` takes. */
export interface FastifyRateLimitStoreClass {
  /** Makes a store. */
  new (parameters: FastifyRateLimitParameters): FastifyRateLimitStore;
  /** Closes the client if it was made for `servers`. */
  close(): Promise<void>;
}

/**
 * Makes a class for the option `store` of @fastify/rate-limit. It counts as
 * {@linkcode RateLimitStore} does. A route with its own limit is counted separately.
 *
 * With `continueExceeding` or `exponentialBackoff`, the window of a client begins with its first hit. A hit then takes
 * two round trips, and one that is refused a third. These options do what they do in the plugin's store for Redis.
 *
 * When memcached cannot be reached, the error goes to the callback; @fastify/rate-limit lets the request pass with
 * `skipOnError: true`, and fails it otherwise. Call `close()` of the class when the server ends.
 *
 * @param options `client`, or `servers` and `clientOptions`; `prefix`.
 * @returns The class.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example The calls that the plugin makes
 * ```ts
 * import { fastifyRateLimitStore } from "@moecache/moecache/rate-limit";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * const Store = fastifyRateLimitStore({ servers: server.address });
 * const store = new Store({});
 * const hits = await new Promise((done) => {
 *   store.incr("ada", (_error, result) => done(result?.current), 86_400_000);
 * });
 * assertEquals(hits, 1);
 * await Store.close();
 * ```
 */
export function fastifyRateLimitStore(options: RateLimitStoreOptions): FastifyRateLimitStoreClass {
  const { counters, windows, close } = countersFrom(options);
  return class extends Store {
    constructor(parameters: FastifyRateLimitParameters) {
      super({ counters, windows }, "", parameters);
    }

    static close(): Promise<void> {
      return close();
    }
  };
}

/** What counts: in windows that are the same for all keys, or in windows of their own. */
interface Counting {
  readonly counters: HitCounters;
  readonly windows: OwnWindows;
}

class Store implements FastifyRateLimitStore {
  readonly #counting: Counting;
  readonly #route: string;
  readonly #continues: boolean;
  readonly #backsOff: boolean;

  /** @param route What tells the keys of a route from those of others. */
  constructor(counting: Counting, route: string, parameters: FastifyRateLimitParameters) {
    this.#counting = counting;
    this.#route = route;
    this.#continues = Boolean(parameters?.continueExceeding);
    this.#backsOff = Boolean(parameters?.exponentialBackoff);
  }

  get #extends(): boolean {
    return this.#continues || this.#backsOff;
  }

  incr(
    key: string,
    callback: FastifyRateLimitCallback,
    timeWindow: number,
    max = Infinity,
  ): void {
    const { counters, windows } = this.#counting;
    const name = this.#route + key;
    const hits = this.#extends
      ? windows.add(name, timeWindow, (count) => this.#extension(count, timeWindow, max))
      : counters.add(name, timeWindow);
    this.#answer(hits, callback);
  }

  read(key: string, callback: FastifyRateLimitCallback, timeWindow: number): void {
    const { counters, windows } = this.#counting;
    const source = this.#extends ? windows : counters;
    this.#answer(source.get(this.#route + key, timeWindow), callback);
  }

  child(parameters: FastifyRateLimitParameters): FastifyRateLimitStore {
    const { groupId, routeInfo: { method = "", url = "" } = {} } = parameters;
    // A method is never empty: no route has the name of a group.
    const name = groupId === undefined ? `${method} ${url}` : ` ${encodeURIComponent(groupId)}`;
    return new Store(this.#counting, `${this.#route}${name} `, parameters);
  }

  /** How long a window lasts from a hit on. */
  #extension(count: number, timeWindow: number, max: number): number | undefined {
    // The first hit begins the window.
    if (count <= max || count === 1) return undefined;
    return this.#continues ? timeWindow : timeWindow * 2 ** (count - max - 1);
  }

  #answer(outcome: Promise<Hits | undefined>, callback: FastifyRateLimitCallback): void {
    outcome.then(
      (hits) => {
        const ttl = Math.max(0, (hits?.end ?? 0) - Date.now());
        callBack(() => callback(null, { current: hits?.count ?? 0, ttl }));
      },
      (error) => callBack(() => callback(error)),
    );
  }
}
