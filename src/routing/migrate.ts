/** Moves keys from one distribution to another. @module */

import { checkFunction, checkNames, invalidOption } from "../option_checks.ts";
import { type Locator, type LocatorFactory, type Server, UNEXPLAINED } from "./locator.ts";
import { moecacheRing } from "./moecache_ring.ts";

/** How keys are distributed, over all servers of a client or over some. */
export type Placement = LocatorFactory | {
  /** Chooses the server of each key; {@linkcode moecacheRing} by default. */
  readonly locator?: LocatorFactory;
  /** The names of the servers, `host:port` as in the client's list, in order; all servers by default. */
  readonly servers?: readonly string[];
};

/**
 * Moves from one distribution of the keys to another, or from one list of servers to another, without a cold cache. The
 * client gets the servers of both:
 *
 * - Reads go to the new server. If the item is not there, it is copied from the former server, with its flags and
 *   remaining lifetime.
 * - Writes and deletes go to both servers, the new one first, so that clients with the old distribution see them too.
 *   They fail when either server fails.
 * - Commands that depend on an item (`add`, `append`, `incr`, `touch`, …) copy it first. Meta commands that write, and
 *   so `getOrSet`, delete the former copy instead.
 *
 * Keys that do not move cost nothing. A command on another key takes up to six round trips, and each may take
 * `timeout`. Before memcached 1.6.10, the former server does not report the remaining lifetime: then a copy lives for
 * 60 seconds, and is made again while the former server has the item. A deleted item may reappear if another client
 * copies it at the same moment. When the old items have expired, use the new distribution alone.
 *
 * Names that are not in the client's list are ignored: when none of `from` is left, no keys move any more.
 *
 * @param from The old distribution.
 * @param to The new distribution.
 * @returns The locator.
 * @throws {ValidationException} When one is neither a locator nor an object with `locator` and `servers`.
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
 * assertEquals((await client.getMany(keys)).size, 100); // none is missing
 * ```
 */
export function migrate(from: Placement, to: Placement): LocatorFactory {
  checkPlacement(from);
  checkPlacement(to);
  return (servers) => {
    const former = place(from, servers);
    // Servers of a gutter are not among the named ones.
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

function checkPlacement(placement: Placement): void {
  if (typeof placement === "function") return;
  checkNames(placement, ["locator", "servers"]);
  const { locator, servers } = placement;
  if (locator !== undefined) checkFunction("locator", locator);
  if (servers === undefined) return;
  const isList = Array.isArray(servers) && servers.every((name) => typeof name === "string");
  if (!isList) throw invalidOption("servers", servers, "a list of names");
}

/** Makes a locator over all servers, or over the named ones. */
function placeOn(placement: Placement, servers: readonly Server[]): Locator {
  const locator = typeof placement === "function" ? placement : placement.locator ?? moecacheRing;
  return locator(servers);
}

/** Makes a locator that returns indexes into the whole list; `undefined` when none of its servers is in the list. */
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
