/** Tuples and frozensets that a program makes. @module */

import { frozenSetOf, tupleOf } from "./python_types.ts";

/**
 * Makes an array that `moecacheTranscoder` stores as a Python tuple. An array that was read from a tuple is already
 * marked. Otherwise it is an ordinary array. Copies of it are not marked.
 *
 * Unlike a list, a tuple can be a key of a `Map` and an item of a `Set` for Python.
 *
 * @param items The tuple's items.
 * @returns The array of the items.
 *
 * @example A Map whose keys are tuples
 * ```ts
 * import { Client, tuple } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * await client.set("board", new Map([[tuple(0, 4), "king"]])); // {(0, 4): "king"} in Python
 * assertEquals(await client.get("board"), new Map([[[0, 4], "king"]]));
 * ```
 */
export function tuple<Items extends readonly unknown[]>(...items: Items): Items {
  return tupleOf(items);
}

/**
 * Makes a `Set` that `moecacheTranscoder` stores as a Python frozenset. A `Set` that was read from a frozenset is
 * already marked. Otherwise it is an ordinary `Set`, and can be changed.
 *
 * Unlike a set, a frozenset can be a key of a `Map` and an item of a `Set` for Python.
 *
 * @param items The set's items.
 * @returns The `Set` of the items.
 *
 * @example A Set of frozensets
 * ```ts
 * import { Client, frozenSet } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * const edges = new Set([frozenSet(["a", "b"]), frozenSet(["b", "c"])]);
 * await client.set("edges", edges); // {frozenset({"a", "b"}), frozenset({"b", "c"})} in Python
 * assertEquals(await client.get("edges"), edges);
 * ```
 */
export function frozenSet<Item>(items: Iterable<Item> = []): Set<Item> {
  return frozenSetOf(new Set(items));
}
