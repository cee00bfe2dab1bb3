/** The hottest values in this process. @module */

import type { Clock, KeyCommands } from "../../mod.ts";
import {
  checkChoice,
  checkClient,
  checkFunction,
  checkInteger,
  checkNames,
  invalidOption,
} from "../option_checks.ts";
import { systemClock } from "../waiting.ts";
import { NearCache, type NearCacheCommands } from "./near_cache/near_cache_view.ts";
import { NearValues } from "./near_cache/near_values.ts";
import { sentKeysOf } from "./wrapped_commands.ts";

export type { NearCacheCommands };

/** The options of {@linkcode nearCache}. */
export interface NearCacheOptions {
  /** How much memory the values may take, in bytes, by an estimate: an integer from 1,024 on. */
  readonly maxBytes: number;
  /** How old a value may be, in seconds from the moment at which memcached was asked for it: more than 0. */
  readonly ttl: number;
  /**
   * Which values are kept: those whose key is asked for a second time, among the last 20,000 keys or up to twice as
   * many (`"use"`, the default), or `"all"`.
   */
  readonly admit?: "use" | "all" | undefined;
  /**
   * How long after its `ttl` a value is served while its server cannot be reached, in seconds; 0 by default. A client
   * with `failover: "miss"` serves it too.
   */
  readonly staleOnError?: number | undefined;
  /**
   * How a value is checked after its `ttl`. `"ttl"` (the default): it is read again. `"cas"`: memcached is asked
   * whether it has changed, and sends it only if it has. `"watch"`: as `"ttl"`; in addition, memcached's `watch`
   * reports writes at once, and the value is dropped. This needs a `Client`, not a view. memcached reports deletions
   * from 1.6.19 on, and never `incr`, `decr`, `invalidate` and `flushAll`. When a connection is lost, all values are
   * dropped, and watching begins again.
   *
   * With `"cas"`, a value is read again if the connection that it was read through has ended: a server that has restarted
   * uses the same cas uniques again. Behind a proxy, the restart of a server cannot be detected: do not use `"cas"` there.
   */
  readonly revalidate?: "ttl" | "cas" | "watch" | undefined;
  /** For tests: where the time is taken from. */
  readonly clock?: Pick<Clock, "now"> | undefined;
}

/**
 * Makes a view that keeps the hottest values in this process, so that reading them takes no round trip.
 *
 * memcached cannot tell clients what has changed, so a value may be old, by up to `ttl`. The time counts from before
 * memcached is asked. Writes through the view are seen at once: a read that begins after a write has resolved never
 * finds what was there before. Writes by other processes are seen after `ttl` at the latest; with `revalidate: "watch"`
 * usually within milliseconds. Do not rely on that: memcached drops events when it is busy.
 *
 * No caller can change what the next caller gets. Plain objects and lists are **frozen**, in depth, from the first
 * caller on. A value that contains bytes, a `Date`, a `Map` or a `Set` is cloned for every caller, which is slower. A
 * value with an object of another class is not kept.
 *
 * Values are evicted least recently used first. With `admit: "use"` a scan of many keys that are read once evicts
 * nothing. Misses are not kept. `get`, `getMany` and `getOrSet` read what is kept; `getOrSet` with `staleFor` or
 * `earlyRefresh` asks memcached, since the remaining time of a kept value is not known. All other commands go to
 * memcached.
 *
 * @param client Where the values are stored: a client, a namespace, or another view.
 * @param options `maxBytes` and `ttl`, which are required; `admit`, `staleOnError`, `revalidate`.
 * @returns The commands. With `revalidate: "watch"`, dispose of them (`await using`) to end the watching.
 * @throws {ValidationException} When an option is invalid, or when `client` cannot watch and `revalidate` needs it.
 *
 * @example A value that is read often
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { nearCache } from "@moecache/moecache/views";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * const cache = nearCache(client, { maxBytes: 10_000_000, ttl: 0.5 });
 * await cache.set("flags", { beta: true });
 * for (let i = 0; i < 100; i++) assertEquals(await cache.get("flags"), { beta: true });
 * assertEquals(cache.near.hits, 98); // the second read has brought it in
 * ```
 */
export function nearCache(client: KeyCommands, options: NearCacheOptions): NearCacheCommands {
  const names = ["maxBytes", "ttl", "admit", "staleOnError", "revalidate", "clock"];
  checkClient(client);
  checkNames(options, names);
  const { maxBytes, ttl, admit = "use", staleOnError = 0, revalidate = "ttl" } = options;
  const { clock = systemClock } = options;
  checkInteger("maxBytes", maxBytes, 1024, Number.MAX_SAFE_INTEGER);
  if (!(typeof ttl === "number" && ttl > 0 && ttl < Infinity)) {
    throw invalidOption("ttl", ttl, "a number of seconds above 0");
  }
  if (!(typeof staleOnError === "number" && staleOnError >= 0 && staleOnError < Infinity)) {
    throw invalidOption("staleOnError", staleOnError, "a number of seconds");
  }
  checkChoice("admit", admit, ["use", "all"]);
  checkChoice("revalidate", revalidate, ["ttl", "cas", "watch"]);
  checkFunction("clock.now", clock?.now);
  const sentFor = sentKeysOf(client);
  const settings = { maxBytes, ttl, admit, staleOnError, revalidate, clock, sentFor };
  return new NearCache(client, new NearValues(settings));
}
