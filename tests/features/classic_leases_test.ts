import { assertEquals, assertExists } from "@std/assert";
import { Client } from "../../mod.ts";
import { sessionOf } from "../../src/commands/session.ts";
import { invalidate } from "../../src/features/classic/classic_items.ts";
import {
  rawItemsOf,
  readLeased,
  rememberFreshness,
} from "../../src/features/classic/classic_leases.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

const ITEM = { flags: 0, data: new TextEncoder().encode("value") };
const FRESH = { ...ITEM, freshFor: 60, exptime: 90 };

Deno.test("a value that was invalidated since it was stored is not marked as fresh", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { dialect: "classic" });
  const session = sessionOf(client);
  assertExists(session);
  await client.set("key", "value", 90);
  await invalidate(session, "key", { staleFor: 30 });
  const items = rawItemsOf(session, "key", undefined);
  const stored = await readLeased(items);
  assertExists(stored);
  assertEquals(stored !== "unreachable" && stored.isInvalid, true);
  const { flags, data } = stored as typeof ITEM;
  await rememberFreshness(items, "of-this-client", { ...FRESH, flags, data });
  const read = await readLeased(items);
  assertEquals(read !== "unreachable" && read?.isInvalid, true);
});

Deno.test("a mark is read before its item, however late the item is", async () => {
  const order: string[] = [];
  await using server = await MemcachedServer.listen({
    fault: ({ line }) => {
      if (/^gets /.test(line)) order.push(line.includes("mark") ? "mark" : "item");
      return undefined;
    },
  });
  await using client = new Client(server.address, { dialect: "classic", connections: 3 });
  const session = sessionOf(client);
  assertExists(session);
  await client.set("key", "value", 90);
  await invalidate(session, "key", {});
  assertEquals(order, ["mark", "item"]);
});
