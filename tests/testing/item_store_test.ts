import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { itemSize } from "../../src/testing/item.ts";
import type { ItemStore } from "../../src/testing/item_store.ts";
import { Clock, createStore } from "./session_world.ts";

const VALUE = new Uint8Array(100);
const SIZE = itemSize("a", 0, VALUE.byteLength);

function put(store: ItemStore, key: string, exptime = 0): void {
  store.put({ key, value: VALUE, flags: 0, exptime: store.resolveExptime(exptime) });
}

function keys(store: ItemStore): string {
  return [...store.items()].map((item) => item.key).sort().join("");
}

Deno.test("itemSize weighs an item as memcached does", () => {
  assertEquals(itemSize("a", 0, 1), 61);
  assertEquals(itemSize("a", 1, 1), 65);
});

Deno.test("ItemStore.put gives every item a CAS token higher than the last", () => {
  const { store } = createStore();
  put(store, "a");
  const first = store.find("a")?.cas;
  put(store, "a");
  const second = store.find("a")?.cas;
  assert(first !== undefined && second !== undefined && second > first);
});

Deno.test("ItemStore weighs what is in it, and nothing twice", () => {
  const { store } = createStore();
  put(store, "a");
  put(store, "a");
  put(store, "b");
  assertEquals([store.byteLength, store.itemCount], [2 * SIZE, 2]);
  store.delete("a");
  store.delete("nope");
  assertEquals([store.byteLength, store.itemCount], [SIZE, 1]);
});

Deno.test("ItemStore evicts the item used longest ago when memory is full", () => {
  const { store, statistics } = createStore({ memoryLimit: 3 * SIZE });
  for (const key of "abc") put(store, key);
  store.fetch("a");
  put(store, "d");
  assertEquals(keys(store), "acd");
  put(store, "e");
  assertEquals(keys(store), "ade");
  assertEquals(statistics.get("evictions"), 2);
  assertEquals(statistics.get("evicted_unfetched"), 2);
});

Deno.test("ItemStore.find is no use that keeps an item from eviction", () => {
  const { store } = createStore({ memoryLimit: 2 * SIZE });
  for (const key of "ab") put(store, key);
  store.find("a");
  put(store, "c");
  assertEquals(keys(store), "bc");
});

Deno.test("ItemStore counts an expired item that had to go as reclaimed", () => {
  const clock = new Clock();
  const { store, statistics } = createStore({ clock, memoryLimit: SIZE });
  put(store, "a", 10);
  clock.advance(10);
  put(store, "b");
  assertEquals(statistics.get("evictions"), 0);
  assertEquals(statistics.get("reclaimed"), 1);
  assertEquals(statistics.get("expired_unfetched"), 1);
});

Deno.test("ItemStore lets an item expire when its time has come, and not before", () => {
  const clock = new Clock();
  const { store, statistics } = createStore({ clock });
  put(store, "a", 10);
  clock.advance(9.999);
  assert(store.find("a"));
  clock.advance(0.001);
  assertEquals(store.find("a"), undefined);
  assertEquals(store.itemCount, 0);
  assertEquals(statistics.get("get_expired"), 1);
});

Deno.test("ItemStore.resolveExptime takes more than 30 days for a time", () => {
  const { store } = createStore();
  assertEquals(store.resolveExptime(0), 0);
  assertEquals(store.resolveExptime(2_592_000), store.time + 2_592_000);
  assertEquals(store.resolveExptime(2_592_001), 2_592_001);
  assert(store.resolveExptime(-100) < 0);
});

Deno.test("ItemStore works where the clock starts at 0", () => {
  const clock = new Clock();
  clock.time = 0;
  const { store } = createStore({ clock });
  put(store, "a");
  put(store, "b", -1);
  assert(store.find("a"));
  assertEquals(store.find("b"), undefined);
  store.flush(0);
  assertEquals(store.find("a"), undefined);
});

Deno.test("ItemStore.flush spares what is stored after it in the same second", () => {
  const { store, statistics } = createStore();
  put(store, "a");
  store.flush(0);
  put(store, "b");
  assertEquals(store.find("a"), undefined);
  assert(store.find("b"));
  assertEquals(statistics.get("get_flushed"), 1);
});

Deno.test("ItemStore.flush with a delay takes what is stored until then", () => {
  const clock = new Clock();
  const { store } = createStore({ clock });
  put(store, "a");
  store.flush(10);
  clock.advance(5);
  put(store, "b");
  assert(store.find("a"));
  clock.advance(5);
  put(store, "c");
  assertEquals(store.find("a"), undefined);
  assertEquals(store.find("b"), undefined);
  assert(store.find("c"));
});

Deno.test("ItemStore.flush with a delay brings nothing back that was flushed before", () => {
  const { store } = createStore();
  put(store, "a");
  store.flush(0);
  put(store, "b");
  store.flush(100);
  assertEquals(store.find("a"), undefined);
  assert(store.find("b"));
});

Deno.test("ItemStore.rewrite changes value and CAS token in their place", () => {
  const { store, statistics } = createStore();
  put(store, "a");
  const item = store.find("a")!;
  const { cas } = item;
  store.rewrite(item, new Uint8Array(100).fill(1));
  assertNotEquals(store.find("a")?.cas, cas);
  assertEquals(store.find("a")?.value[0], 1);
  assertEquals(statistics.get("total_items"), 1);
});
