import { assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import type { Server } from "../../src/routing/locator.ts";
import { ketama } from "../../src/routing/ketama.ts";
import { remembered } from "../../src/routing/remembered.ts";
import type { Ring } from "../../src/routing/ring.ts";

function ringOf(points: number): Ring {
  return { points: new Uint32Array(points), owners: new Uint32Array(points) };
}

function list(...names: string[]): Server[] {
  return names.map((name) => ({ name, weight: 1 }));
}

function fail(): Ring {
  throw new Error("made again");
}

Deno.test("remembered makes the ring of equal names and weights once", () => {
  const ring = remembered("once", list("a", "b"), () => ringOf(1));
  assertStrictEquals(remembered("once", list("a", "b"), fail), ring);
});

Deno.test("remembered makes another ring for another placement, order, weight or number of servers", () => {
  const ring = remembered("other", list("a", "b"), () => ringOf(1));
  const others: [string, Server[]][] = [
    ["other still", list("a", "b")],
    ["other", list("b", "a")],
    ["other", list("a")],
    ["other", list("a", "b", "c")],
    ["other", [...list("a"), { name: "b", weight: 2 }]],
  ];
  for (const [placement, servers] of others) {
    assertNotStrictEquals(remembered(placement, servers, () => ringOf(1)), ring);
  }
});

Deno.test("remembered keeps the eight rings that were used last", () => {
  const first = remembered("bound 0", list("a", "b"), () => ringOf(1));
  for (let i = 1; i < 8; i++) remembered(`bound ${i}`, list("a", "b"), () => ringOf(1));
  assertStrictEquals(remembered("bound 0", list("a", "b"), fail), first);
  remembered("bound 8", list("a", "b"), () => ringOf(1));
  assertStrictEquals(remembered("bound 0", list("a", "b"), fail), first);
  const second = ringOf(2);
  assertStrictEquals(remembered("bound 1", list("a", "b"), () => second), second);
});

Deno.test("remembered keeps no more than a million points, and no ring that has more", () => {
  const half = remembered("half", list("a", "b"), () => ringOf(2 ** 19));
  remembered("other half", list("a", "b"), () => ringOf(2 ** 19));
  assertStrictEquals(remembered("half", list("a", "b"), fail), half);
  remembered("one more", list("a", "b"), () => ringOf(1));
  const again = ringOf(1);
  assertStrictEquals(remembered("other half", list("a", "b"), () => again), again);
  remembered("huge", list("a", "b"), () => ringOf(2 ** 20 + 1));
  const smaller = ringOf(1);
  assertStrictEquals(remembered("huge", list("a", "b"), () => smaller), smaller);
});

Deno.test("a ring that could not be made is not remembered", () => {
  let message = "";
  try {
    remembered("failing", list("a", "b"), fail);
  } catch (error) {
    message = (error as Error).message;
  }
  assertEquals(message, "made again");
  const ring = ringOf(1);
  assertStrictEquals(remembered("failing", list("a", "b"), () => ring), ring);
});

Deno.test("locators of one ring share nothing that can be changed", () => {
  const servers = list("10.0.0.1:11211", "10.0.0.2:11211");
  const first = ketama(servers);
  const explained = first.explain?.("user:1");
  servers[1] = { name: "10.0.0.3:11211", weight: 1 };
  assertEquals(first.explain?.("user:1"), explained);
  first.locate = () => 0;
  const second = ketama(list("10.0.0.1:11211", "10.0.0.2:11211"));
  assertEquals([second.locate("user:1"), second.explain?.("user:1")], [1, explained]);
});
