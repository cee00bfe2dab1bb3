import { assert, assertEquals } from "@std/assert";
import { decodeLatin1 } from "../../../src/testing/byte_text.ts";
import type { Item } from "../../../src/testing/items/item.ts";
import { footprint, ItemMemory } from "../../../src/testing/items/item_memory.ts";

/** Lengths around those where an item takes another block, or blocks of another length. */
const LENGTHS = [0, 1, 11, 12, 13, 71, 72, 73, 491, 492, 493, 2000, 2029, 8200, 32800, 200_000];

function add(memory: ItemMemory, key: string, value: Uint8Array): Item {
  return memory.add({ key, value, flags: 0, exptime: 0 }, 1);
}

function valueOf(byteLength: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: byteLength }, (_, index) => index * 7 + seed);
}

function keys(items: Iterable<Item>): string {
  return Array.from(items, ({ key }) => key).join(" ");
}

Deno.test("ItemMemory finds items with keys and values of any length", () => {
  const memory = new ItemMemory();
  for (const keyLength of [1, 11, 12, 13, 72, 250]) {
    for (const [seed, byteLength] of LENGTHS.entries()) {
      const key = String.fromCharCode(seed + 1).repeat(keyLength);
      add(memory, key, valueOf(byteLength, seed));
    }
    for (const [seed, byteLength] of LENGTHS.entries()) {
      const key = String.fromCharCode(seed + 1).repeat(keyLength);
      const item = memory.table.find(key);
      assert(item);
      assertEquals([item.key, item.valueLength], [key, byteLength]);
      assertEquals(item.readValue(), valueOf(byteLength, seed));
    }
  }
});

Deno.test("ItemMemory distinguishes keys that begin or end alike", () => {
  const memory = new ItemMemory();
  const names = ["a", "aa", "a".repeat(249), "a".repeat(250), "b".repeat(13), `${"b".repeat(12)}c`];
  for (const [index, name] of names.entries()) add(memory, name, Uint8Array.of(index));
  for (const [index, name] of names.entries()) {
    assertEquals(memory.table.find(name)?.readValue(), Uint8Array.of(index));
  }
  assertEquals(memory.table.find("aaa"), undefined);
});

Deno.test("Item keeps everything that is set, each for itself", () => {
  const memory = new ItemMemory();
  const item = add(memory, "key", new Uint8Array(3));
  assertEquals([item.fetched, item.keyIsBinary, item.stale, item.winSent], Array(4).fill(false));
  const properties = {
    flags: 0xffffffff,
    exptime: -1,
    lastAccess: 2 ** 32 - 1,
    cas: 2 ** 52 + 1,
    fetched: true,
    stale: true,
  };
  Object.assign(item, properties);
  const found = memory.table.find("key");
  assert(found);
  for (const [name, value] of Object.entries(properties)) {
    assertEquals(found[name as keyof Item], value, name);
  }
  assertEquals([found.keyIsBinary, found.winSent, found.slabClass], [false, false, 1]);
  item.flags = 2n ** 64n - 1n;
  item.stale = false;
  assertEquals([found.flags, found.stale, found.fetched], [2n ** 64n - 1n, false, true]);
});

Deno.test("ItemMemory takes as much as footprint says, and gives it back", () => {
  for (const byteLength of LENGTHS) {
    const memory = new ItemMemory();
    const item = add(memory, "key", new Uint8Array(byteLength));
    assertEquals(memory.usedByteLength, footprint(3, byteLength), `${byteLength} bytes`);
    memory.remove(item);
    assertEquals([memory.usedByteLength, memory.table.find("key")], [0, undefined]);
  }
});

Deno.test("footprint is never much more than what there is to keep", () => {
  for (let byteLength = 0; byteLength < 100_000; byteLength += 17) {
    assert(footprint(20, byteLength) <= 64 + 1.5 * (byteLength + 72), `${byteLength} bytes`);
  }
});

Deno.test("ItemMemory keeps a value for its readers when the item goes", () => {
  const memory = new ItemMemory();
  const value = valueOf(100_000, 1);
  const item = add(memory, "key", value);
  memory.beginReading(item);
  memory.beginReading(item);
  memory.remove(item);
  add(memory, "other", new Uint8Array(100_000));
  assertEquals([memory.table.find("key"), item.readValue()], [undefined, value]);
  memory.endReading(item);
  assertEquals(item.readValue(), value);
  memory.endReading(item);
  assertEquals(memory.usedByteLength, footprint(5, 100_000));
});

Deno.test("ItemMemory knows the order in which items were used", () => {
  const memory = new ItemMemory();
  const [a] = ["a", "b", "c"].map((key) => add(memory, key, new Uint8Array(0)));
  assert(a);
  memory.refresh(a);
  assertEquals([keys(memory.fromNewest()), memory.oldest?.key], ["a c b", "b"]);
});

Deno.test("HashTable.walk comes to each item that stays once, while the table grows and shrinks", () => {
  const memory = new ItemMemory();
  for (let id = 0; id < 1000; id++) add(memory, `stay${id}`, new Uint8Array(0));
  const seen: string[] = [];
  let others = 0;
  for (const items of memory.table.walk()) {
    seen.push(...items.map(({ key }) => key).filter((key) => key.startsWith("stay")));
    for (let count = 0; count < 20; count++) add(memory, `other${others++}`, new Uint8Array(0));
    const replaced = memory.table.find(`stay${others % 1000}`);
    assert(replaced);
    memory.remove(replaced);
    add(memory, replaced.key, new Uint8Array(5));
  }
  assertEquals([seen.length, new Set(seen).size], [1000, 1000]);
});

Deno.test("ItemMemory does what a Map does", () => {
  const memory = new ItemMemory();
  const expected = new Map<string, string>();
  let state = 1;
  const random = (end: number) => (state = Math.imul(state, 48271) >>> 1) % end;
  for (let round = 0; round < 20_000; round++) {
    const key = `key${random(500)}`;
    const item = memory.table.find(key);
    assertEquals(item && decodeLatin1(item.readValue()), expected.get(key));
    if (item !== undefined) memory.remove(item);
    expected.delete(key);
    if (random(3) === 0) continue;
    const value = String.fromCharCode(random(256)).repeat(random(10) === 0 ? 5000 : random(100));
    add(memory, key, Uint8Array.from(value, (character) => character.charCodeAt(0)));
    expected.set(key, value);
  }
  assertEquals(memory.table.itemCount, expected.size);
  for (const key of expected.keys()) memory.remove(memory.table.find(key) ?? assertNever());
  assertEquals(memory.usedByteLength, 0);
});

function assertNever(): never {
  throw new Error("Cannot find what was stored");
}
