/** From one distribution of the keys to another. @module */

import { type Locator, type LocatorFactory, type Server, UNEXPLAINED } from "./locator.ts";
import { moecacheRing } from "./moecache_ring.ts";

/** How keys are spread, over some of a client's servers or all of them. */
export type Placement = LocatorFactory | {
  /** Chooses the server of each key; {@linkcode moecacheRing} by default. */
  readonly locator?: LocatorFactory;
  /** The names of the servers, `host:port` as the client has them, in order; all of them by default. */
  readonly servers?: readonly string[];
};

/**
 * Moves a fleet from one distribution of the keys to another, or from one list of servers to another, without
 * a cold cache. The client is given the servers of both:
 *
 * - What reads asks the new server; where that has nothing the item is brought over from the former one, with
 *   its flags and the time it has left.
 * - What writes or deletes goes to both, the new one first, so that clients which still use the old
 *   distribution see it too. It fails when either of them does.
 * - What depends on an item (`add`, `append`, `incr`, `touch`, …) has it brought over first. Meta commands
 *   that write, and so `getOrSet`, delete the former copy instead.
 *
 * Keys that stay where they are cost nothing; the others up to five round trips, each of which may take
 * `timeout`. A former server without meta commands (before memcached 1.6.10) does not tell how long an item has to
 * live: a copy lives for 60 seconds then, and is made again as long as the item is there. What is deleted in the very moment in which
 * another client brings it over may come back. When the old items have expired, use the new distribution
 * alone.
 *
 * Names that the client does not have are passed over: when none of `from` is left, nothing moves any more.
 *
 * @param from How keys were spread.
 * @param to How they are to be spread.
 * @returns The locator.
 *
 * @example A third server
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { ketama, migrate } from "@moecache/moecache/rings";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using a = await MemcachedServer.listen();
 * await using b = await MemcachedServer.listen();
 * await using c = await MemcachedServer.listen();
 * const keys = Array.from({ length: 100 }, (_, i) => `key:${i}`);
 *
 * const old = [a.address, b.address];
 * await using before = new Client(old, { locator: ketama });
 * await before.setMany(Object.fromEntries(keys.map((key) => [key, "value"])), 60);
 *
 * const all = [...old, c.address];
 * await using client = new Client(all, {
 *   locator: migrate({ locator: ketama, servers: old }, { locator: ketama, servers: all }),
 * });
 * assertEquals((await client.getMany(keys)).size, 100); // none is missing, wherever it lives now
 * ```
 */
export function migrate(from: Placement, to: Placement): LocatorFactory {
  return (servers) => {
    const former = place(from, servers);
    // Those that stand in for others are none of those named.
    const next = place(to, servers) ?? placeOn(to, servers);
    if (former === undefined) return next;
    return {
      locate: (key) => next.locate(key),
      locateFormer: (key) => former.locate(key),
      explain(key) {
        const before = servers[former.locate(key)]?.name;
        const explained = next.explain?.(key) ?? UNEXPLAINED;
        return { ...explained, why: `${explained.why}; before the migration it was ${before}` };
      },
    };
  };
}

/** Spreads the keys over all servers, whatever their names. */
function placeOn(placement: Placement, servers: readonly Server[]): Locator {
  const locator = typeof placement === "function" ? placement : placement.locator ?? moecacheRing;
  return locator(servers);
}

/** Makes a locator that gives indexes of the whole list; `undefined` where none of its servers is there. */
function place(placement: Placement, servers: readonly Server[]): Locator | undefined {
  if (typeof placement === "function") return placement(servers);
  const { locator = moecacheRing, servers: names } = placement;
  if (names === undefined) return locator(servers);
  const indexes = names.map((name) => servers.findIndex((server) => server.name === name))
    .filter((index) => index !== -1);
  if (indexes.length === 0) return undefined;
  const inner = locator(indexes.map((index) => servers[index]!));
  const { explain } = inner;
  return {
    locate: (key) => indexes[inner.locate(key)]!,
    ...(explain === undefined ? {} : { explain: (key) => explain.call(inner, key) }),
  };
}
