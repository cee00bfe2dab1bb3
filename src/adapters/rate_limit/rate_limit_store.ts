/** A store for express-rate-limit. @module */

import type { ClientOptions, KeyCommands, ServerAddress } from "../../../mod.ts";
import { checkObject, type OptionTypes } from "../../option_checks.ts";
import {
  type AdapterClient,
  checkAdapterOptions,
  checkPrefix,
  clientFrom,
} from "../adapter_options.ts";
import { checkWindow, HitCounters, type Hits } from "./hit_counters.ts";
import { OwnWindows } from "./own_windows.ts";

/** The options of the stores for rate limits. */
export interface RateLimitStoreOptions {
  /** The client to use; the store does not close it. Either this or `servers` is required. */
  readonly client?: KeyCommands | undefined;
  /** The servers, as a `Client` takes them. The store makes a client for them, and closes it. */
  readonly servers?: ServerAddress | readonly ServerAddress[] | undefined;
  /** The options of the client that the store makes for `servers`. */
  readonly clientOptions?: ClientOptions | undefined;
  /**
   * The prefix of all keys in memcached, 1 to 50 characters, each from `!` to `~`; `"rate-limit:"` by default. Limiters
   * that count separately need different prefixes.
   */
  readonly prefix?: string | undefined;
}

/** The hits of a client. */
export interface RateLimitHits {
  /** How many there are in the current window. */
  readonly totalHits: number;
  /** When the window ends. */
  readonly resetTime: Date;
}

const OPTION_TYPES: OptionTypes<RateLimitStoreOptions> = {
  client: "any",
  servers: "any",
  clientOptions: "any",
  prefix: "string",
};

/** The length of a window until `init` sets it, as express-rate-limit has it. */
const MINUTE = 60_000;

/** Makes the counters of a store, and what closes their client. */
export function countersFrom(
  options: RateLimitStoreOptions,
): {
  readonly prefix: string;
  readonly counters: HitCounters;
  readonly windows: OwnWindows;
  readonly close: AdapterClient["close"];
} {
  checkAdapterOptions(options ?? {}, OPTION_TYPES);
  const prefix = checkPrefix(options?.prefix ?? "rate-limit:");
  const { client, close } = clientFrom(options ?? {});
  const counters = new HitCounters(client, prefix);
  return { prefix, counters, windows: new OwnWindows(client, prefix), close };
}

/**
 * A store for express-rate-limit. All processes that use the same servers and prefix count together.
 *
 * Windows begin at multiples of their length since 1970, for all clients at once, so up to twice the limit may pass
 * around the end of a window. A hit takes one round trip, and the first one of a window two. A counter that is evicted,
 * or whose server restarts, begins again at 0. When memcached cannot be reached, every method rejects, also with
 * `failover: "miss"`; express-rate-limit lets the request pass with `passOnStoreError: true`, and fails it otherwise.
 *
 * @example The calls that express-rate-limit makes
 * ```ts
 * import { RateLimitStore } from "@moecache/moecache/rate-limit";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * const store = new RateLimitStore({ servers: server.address });
 *
 * store.init({ windowMs: 86_400_000 });
 * assertEquals((await store.increment("ada")).totalHits, 1);
 * await store.shutdown();
 * ```
 */
export class RateLimitStore implements AsyncDisposable {
  /** The prefix of all keys, by which express-rate-limit distinguishes stores. */
  readonly prefix: string;
  /** Always `false`: other stores see the same counts. */
  readonly localKeys: boolean = false;
  readonly #counters: HitCounters;
  readonly #close: AdapterClient["close"];
  #window = MINUTE;

  /**
   * Makes a store. No socket is opened before the first operation needs one.
   *
   * @param options `client`, or `servers` and `clientOptions`; `prefix`.
   * @throws {ValidationException} When an option is invalid.
   */
  constructor(options: RateLimitStoreOptions) {
    const { prefix, counters, close } = countersFrom(options);
    this.prefix = prefix;
    this.#counters = counters;
    this.#close = close;
  }

  /**
   * Takes the options of the limiter. express-rate-limit 8 logs an error of this method and continues; then hits reject.
   *
   * @param options `windowMs`, the length of a window in milliseconds: an integer from 1 to 2,147,483,647.
   * @throws {ValidationException} When it is anything else.
   */
  init(options: { readonly windowMs: number }): void {
    checkObject(options, "a plain object with windowMs");
    const { windowMs } = options;
    // In this order: no hit may count in the default window instead.
    this.#window = windowMs;
    checkWindow(windowMs);
  }

  /** Counts a hit of a client; rejects as a `Client` does. */
  async increment(key: string): Promise<RateLimitHits> {
    return hitsOf(await this.#counters.add(key, this.#window));
  }

  /** Takes back a hit of a client; rejects as a `Client` does. */
  async decrement(key: string): Promise<void> {
    await this.#counters.remove(key, this.#window);
  }

  /** Reads the hits of a client, `undefined` when there are none; rejects as a `Client` does. */
  async get(key: string): Promise<RateLimitHits | undefined> {
    const hits = await this.#counters.get(key, this.#window);
    return hits === undefined ? undefined : hitsOf(hits);
  }

  /** Forgets the hits of a client; rejects as a `Client` does. */
  async resetKey(key: string): Promise<void> {
    await this.#counters.reset(key, this.#window);
  }

  /** Forgets the hits of all clients of the store, in one round trip; rejects as a `Client` does. */
  async resetAll(): Promise<void> {
    await this.#counters.resetAll();
  }

  /** Closes the client if the store made it. */
  async shutdown(): Promise<void> {
    await this.#close();
  }

  /** The same as {@linkcode shutdown}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

function hitsOf({ count, end }: Hits): RateLimitHits {
  return { totalHits: count, resetTime: new Date(end) };
}
