const frozen = new WeakSet<ReadonlySet<unknown>>();

/**
 * Makes a `Set` that `moecacheTranscoder` stores as a Python frozenset; a `Set` that was read from a
 * frozenset is one already. It is an ordinary `Set` otherwise: nothing keeps it from being changed.
 *
 * A frozenset, unlike a set, can be a key of a `Map` and an item of a `Set` where Python is to read
 * them.
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
  const set = new Set(items);
  frozen.add(set);
  return set;
}

/** Whether a `Set` stands for a frozenset. */
export function isFrozenSet(set: ReadonlySet<unknown>): boolean {
  return frozen.has(set);
}
