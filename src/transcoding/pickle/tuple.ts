const tuples = new WeakSet<readonly unknown[]>();

/**
 * Makes an array that `moecacheTranscoder` stores as a Python tuple; an array that was read from a
 * tuple is one already. It is an ordinary array otherwise, and copies of it are ordinary altogether.
 *
 * A tuple, unlike a list, can be a key of a `Map` and an item of a `Set` where Python is to read them.
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
  return markTuple(items);
}

/** Says that an array stands for a tuple from now on. */
export function markTuple<Items extends readonly unknown[]>(items: Items): Items {
  tuples.add(items);
  return items;
}

/** Whether an array stands for a tuple. */
export function isTuple(items: readonly unknown[]): boolean {
  return tuples.has(items);
}
