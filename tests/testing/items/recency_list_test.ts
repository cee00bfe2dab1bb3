import { assertEquals } from "@std/assert";
import { BlockPool } from "../../../src/testing/items/block_pool.ts";
import { RecencyList } from "../../../src/testing/items/recency_list.ts";

/** A list of blocks with names of one letter. */
class NamedList {
  readonly list: RecencyList;
  readonly #blocks = new Map<string, number>();
  readonly #names = new Map<number, string>();

  constructor(names: string) {
    const pool = new BlockPool(64);
    this.list = new RecencyList(pool);
    for (const name of names) {
      const block = pool.allocate();
      this.#blocks.set(name, block);
      this.#names.set(block, name);
      this.list.add(block);
    }
  }

  blockOf(name: string): number {
    return this.#blocks.get(name) ?? 0;
  }

  fromNewest(): string {
    return Array.from(this.list.fromNewest(), (block) => this.#names.get(block)).join("");
  }

  /** Takes everything out, the oldest first. */
  drain(): string {
    let names = "";
    for (let block; (block = this.list.oldest) !== 0;) {
      names += this.#names.get(block);
      this.list.remove(block);
    }
    return names;
  }
}

Deno.test("RecencyList keeps the order in which items were added", () => {
  const named = new NamedList("abc");
  assertEquals(named.fromNewest(), "cba");
  assertEquals(named.drain(), "abc");
});

Deno.test("RecencyList.refresh makes any item the newest", () => {
  for (const [name, expected] of [["a", "bca"], ["b", "acb"], ["c", "abc"]] as const) {
    const named = new NamedList("abc");
    named.list.refresh(named.blockOf(name));
    assertEquals(named.drain(), expected);
  }
});

Deno.test("RecencyList.remove takes any item out", () => {
  for (const [name, expected] of [["a", "bc"], ["b", "ac"], ["c", "ab"]] as const) {
    const named = new NamedList("abc");
    named.list.remove(named.blockOf(name));
    assertEquals(named.drain(), expected);
  }
});

Deno.test("RecencyList takes an item again that was removed", () => {
  const named = new NamedList("a");
  named.list.remove(named.blockOf("a"));
  named.list.add(named.blockOf("a"));
  assertEquals(named.drain(), "a");
});
