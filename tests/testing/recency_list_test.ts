import { assertEquals } from "@std/assert";
import { RecencyList, type RecencyListEntry } from "../../src/testing/recency_list.ts";

interface Entry extends RecencyListEntry<Entry> {
  readonly name: string;
}

function fill(names: string): { list: RecencyList<Entry>; entries: Entry[] } {
  const list = new RecencyList<Entry>();
  const entries = [...names].map((name) => ({ name }));
  for (const entry of entries) list.add(entry);
  return { list, entries };
}

/** Takes everything out, the oldest first. */
function drain(list: RecencyList<Entry>): string {
  let names = "";
  while (list.oldest !== undefined) {
    names += list.oldest.name;
    list.remove(list.oldest);
  }
  return names;
}

Deno.test("RecencyList keeps the order in which entries were added", () => {
  assertEquals(drain(fill("abc").list), "abc");
});

Deno.test("RecencyList.refresh makes any entry the newest", () => {
  for (const [index, expected] of [[0, "bca"], [1, "acb"], [2, "abc"]] as const) {
    const { list, entries } = fill("abc");
    list.refresh(entries[index]!);
    assertEquals(drain(list), expected);
  }
});

Deno.test("RecencyList.remove takes any entry out", () => {
  for (const [index, expected] of [[0, "bc"], [1, "ac"], [2, "ab"]] as const) {
    const { list, entries } = fill("abc");
    list.remove(entries[index]!);
    assertEquals(drain(list), expected);
  }
});

Deno.test("RecencyList takes an entry again that was removed", () => {
  const { list, entries } = fill("a");
  list.remove(entries[0]!);
  list.add(entries[0]!);
  assertEquals(drain(list), "a");
});
