import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { PAGE_LENGTH } from "../../../src/testing/items/block_pool.ts";
import { itemSize } from "../../../src/testing/items/item_sizes.ts";
import type { ItemStore } from "../../../src/testing/items/item_store.ts";
import { footprint } from "../../../src/testing/items/item_memory.ts";
import { Clock, createStore } from "../session_world.ts";

const VALUE = new Uint8Array(100);
const SIZE = itemSize("a", 0, VALUE.byteLength);
/** What an item really takes. */
const FOOTPRINT = footprint(1, VALUE.byteLength);

function put(store: ItemStore, key: string, exptime = 0): void {
  store.put({ key, value: VALUE, flags: 0, exptime: store.clock.resolve(exptime) });
}

function keys(store: ItemStore): string {
  return Array.from(store.survivors(), (item) => item.key).sort().join("");
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
  const { store, statistics } = createStore({ memoryLimit: 3 * FOOTPRINT });
  for (const key of "abc") put(store, key);
  store.fetch("a");
  put(store, "d");
  assertEquals(keys(store), "acd");
  put(store, "e");
  assertEquals(keys(store), "ade");
  assertEquals(statistics.sum("evicted"), 2);
  assertEquals(statistics.sum("evicted_unfetched"), 2);
});

Deno.test("ItemStore.find is no use that keeps an item from eviction", () => {
  const { store } = createStore({ memoryLimit: 2 * FOOTPRINT });
  for (const key of "ab") put(store, key);
  store.find("a");
  put(store, "c");
  assertEquals(keys(store), "bc");
});

Deno.test("ItemStore counts an expired item that had to go as reclaimed", () => {
  const clock = new Clock();
  const { store, statistics } = createStore({ clock, memoryLimit: FOOTPRINT });
  put(store, "a", 10);
  clock.advance(10);
  put(store, "b");
  assertEquals(statistics.sum("evicted"), 0);
  assertEquals(statistics.sum("reclaimed"), 1);
  assertEquals(statistics.sum("expired_unfetched"), 1);
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

Deno.test("ItemClock.resolve treats more than 30 days as a Unix time", () => {
  const { store } = createStore();
  assertEquals(store.clock.resolve(0), 0);
  assertEquals(store.clock.resolve(2_592_000), store.clock.time + 2_592_000);
  assertEquals(store.clock.resolve(2_592_001), 2_592_001);
  assert(store.clock.resolve(-100) < 0);
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
  assertEquals(store.find("a")?.readValue()[0], 1);
  assertEquals(statistics.get("total_items"), 1);
});

Deno.test("ItemStore takes from the runtime half as much again as its limit at most", () => {
  const memoryLimit = 4 * 1024 * 1024;
  const { store } = createStore({ memoryLimit });
  // Of what is stored, a little stays in use everywhere, so that no memory is free all of a piece.
  const used: string[] = [];
  for (const byteLength of [20, 1500, 6000, 25_000, 200_000]) {
    let stored = 0;
    for (let id = 0; stored < 3 * memoryLimit; id++) {
      const key = `${byteLength}:${id}`;
      store.put({ key, value: new Uint8Array(byteLength), flags: 0, exptime: 0 });
      if (id % Math.ceil(200_000 / byteLength) === 0) used.push(key);
      const before = stored;
      stored += byteLength + 64;
      if (stored % 100_000 < before % 100_000) { for (const key of used) store.fetch(key); }
      if (used.length > 300) used.shift();
    }
    assert(store.byteLength <= memoryLimit && store.memory.usedByteLength <= memoryLimit);
    assert(store.memory.byteLength <= 1.5 * memoryLimit + 12 * PAGE_LENGTH, `${byteLength} bytes`);
  }
});

Deno.test("ItemStore gives memory back when its items go", () => {
  const { store } = createStore();
  for (let id = 0; id < 10_000; id++) put(store, `key${id}`);
  const full = store.memory.byteLength;
  for (let id = 0; id < 10_000; id++) store.delete(`key${id}`);
  assertEquals(store.itemCount, 0);
  assert(full > 6 * PAGE_LENGTH && store.memory.byteLength <= 2 * PAGE_LENGTH);
});

Deno.test("ItemStore without evictions refuses items when memory is full, unless others have expired", () => {
  const clock = new Clock();
  const { store, statistics } = createStore({
    clock,
    memoryLimit: 2 * FOOTPRINT,
    evictions: false,
  });
  put(store, "a", 10);
  put(store, "b");
  assertEquals(store.hasRoomFor(1, VALUE.byteLength, SIZE), false);
  clock.advance(10);
  assertEquals(store.hasRoomFor(1, VALUE.byteLength, SIZE), true);
  assertEquals([statistics.sum("reclaimed"), statistics.sum("evicted")], [1, 0]);
  assert(store.find("b"));
});

Deno.test("ItemStore evicts what exceeds a limit that is lowered", () => {
  const { store, statistics } = createStore();
  for (const key of "abcd") put(store, key);
  store.memoryLimit = 3 * FOOTPRINT;
  assertEquals(keys(store), "bcd");
  assertEquals(statistics.sum("evicted"), 1);
});
