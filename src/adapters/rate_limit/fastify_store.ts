/** A store for @fastify/rate-limit. @module */

import { ValidationException } from "../../../mod.ts";
import { callBack } from "../node_callbacks.ts";
import type { HitCounters } from "./hit_counters.ts";
import { countersFrom, type RateLimitStoreOptions } from "./rate_limit_store.ts";

/** What @fastify/rate-limit passes to its stores, as far as they use it. */
export interface FastifyRateLimitParameters {
  /** Not supported. */
  readonly continueExceeding?: boolean;
  /** Not supported. */
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
  /** Counts a hit in a window of `timeWindow` milliseconds. */
  incr(key: string, callback: FastifyRateLimitCallback, timeWindow: number): void;
  /** Reads the hits, and does not change them. */
  read(key: string, callback: FastifyRateLimitCallback, timeWindow: number): void;
  /** Makes the store of a route, which counts apart. */
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
 * When memcached cannot be reached, the error goes to the callback; @fastify/rate-limit lets the request pass with
 * `skipOnError: true`, and fails it otherwise. Call `close()` of the class when the server ends.
 *
 * @param options `client`, or `servers` and `clientOptions`; `prefix`.
 * @returns The class. Its constructor throws a `ValidationException` for `continueExceeding` and `exponentialBackoff`.
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
  const { counters, close } = countersFrom(options);
  return class extends Store {
    constructor(parameters: FastifyRateLimitParameters) {
      super(counters, "", parameters);
    }

    static close(): Promise<void> {
      return close();
    }
  };
}

class Store implements FastifyRateLimitStore {
  readonly #counters: HitCounters;
  readonly #route: string;

  /** @param route What tells the keys of a route from those of others. */
  constructor(counters: HitCounters, route: string, parameters: FastifyRateLimitParameters) {
    for (const name of ["continueExceeding", "exponentialBackoff"] as const) {
      if (parameters?.[name]) {
        const why = "a counter of memcached cannot extend its window";
        throw new ValidationException(`Cannot use ${name}: ${why}`, parameters[name]);
      }
    }
    this.#counters = counters;
    this.#route = route;
  }

  incr(key: string, callback: FastifyRateLimitCallback, timeWindow: number): void {
    this.#answer(this.#counters.add(this.#route + key, timeWindow), callback);
  }

  read(key: string, callback: FastifyRateLimitCallback, timeWindow: number): void {
    this.#answer(this.#counters.get(this.#route + key, timeWindow), callback);
  }

  child(parameters: FastifyRateLimitParameters): FastifyRateLimitStore {
    const { groupId, routeInfo: { method = "", url = "" } = {} } = parameters;
    // A method is never empty: no route has the name of a group.
    const name = groupId === undefined ? `${method} ${url}` : ` ${encodeURIComponent(groupId)}`;
    return new Store(this.#counters, `${this.#route}${name} `, parameters);
  }

  #answer(
    outcome: Promise<{ count: number; end: number } | undefined>,
    callback: FastifyRateLimitCallback,
  ): void {
    outcome.then(
      (hits) => {
        const ttl = Math.max(0, (hits?.end ?? 0) - Date.now());
        callBack(() => callback(null, { current: hits?.count ?? 0, ttl }));
      },
      (error) => callBack(() => callback(error)),
    );
  }
}
