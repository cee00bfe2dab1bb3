import { assertEquals, assertNotStrictEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { ketama } from "../../src/routing/ketama.ts";
import type { Server } from "../../src/routing/locator.ts";
import { rememberedRing, type Ring } from "../../src/routing/ring.ts";

function list(...names: string[]): Server[] {
  return names.map((name) => ({ name, weight: 1 }));
}

/** Asks for a ring, which gets this many points where it has to be made. */
function ask(placement: string, points: number, servers: Server[] = list("a", "b")): Ring {
  return rememberedRing(placement, servers, () => ({
    placement,
    servers,
    points: new Uint32Array(points),
    owners: new Uint32Array(points),
  }));
}

/** Asks for a ring that has to be remembered. */
function recall(placement: string): Ring {
  return rememberedRing(placement, list("a", "b"), () => {
    throw new Error(`${placement} is made again`);
  });
}

Deno.test("rememberedRing makes the ring of equal names and weights once", () => {
  const ring = ask("once", 1);
  assertStrictEquals(recall("once"), ring);
});

Deno.test("rememberedRing makes another ring for another placement, order, weight or number of servers", () => {
  const ring = ask("other", 1);
  const others: [string, Server[]][] = [
    ["other still", list("a", "b")],
    ["other", list("b", "a")],
    ["other", list("a")],
    ["other", list("a", "b", "c")],
    ["other", [...list("a"), { name: "b", weight: 2 }]],
  ];
  for (const [placement, servers] of others) {
    assertNotStrictEquals(ask(placement, 1, servers), ring);
  }
});

Deno.test("rememberedRing keeps the eight rings that were used last", () => {
  const first = ask("bound 0", 1);
  for (let i = 1; i < 8; i++) ask(`bound ${i}`, 1);
  assertStrictEquals(recall("bound 0"), first);
  ask("bound 8", 1);
  assertStrictEquals(recall("bound 0"), first);
  assertThrows(() => recall("bound 1"), Error, "bound 1 is made again");
});

Deno.test("rememberedRing keeps at most a million points, and no ring that has more", () => {
  const half = ask("half", 2 ** 19);
  ask("other half", 2 ** 19);
  assertStrictEquals(recall("half"), half);
  ask("one more", 1);
  assertThrows(() => recall("other half"), Error, "other half is made again");
  ask("huge", 2 ** 20 + 1);
  assertThrows(() => recall("huge"), Error, "huge is made again");
});

Deno.test("a ring that could not be made is not remembered", () => {
  assertThrows(() => recall("failing"), Error, "failing is made again");
  const ring = ask("failing", 1);
  assertStrictEquals(recall("failing"), ring);
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
