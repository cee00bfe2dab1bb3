/** A cas unique counts on the connection that it was read through: a server that restarts numbers from the start. */

import { assertEquals } from "@std/assert";
import { Client } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { RESTARTING } from "../support/restarting.ts";
import { until } from "../support/turns.ts";

/** Stores a value under this cas unique. */
async function setAt(client: Client, key: string, value: unknown, cas: bigint): Promise<void> {
  do await client.set(key, value); while ((await client.inspect(key))!.cas < cas);
  assertEquals((await client.inspect(key))!.cas, cas);
}

for (const [kind, start] of Object.entries(RESTARTING)) {
  Deno.test(`update keeps what was stored after a restart of ${kind} under the same cas unique`, async () => {
    await using server = await start();
    await using first = new Client(server.address, { timeout: 10_000 });
    await using second = new Client(server.address, { timeout: 10_000 });
    await first.set("key", ["lost"]);
    const { cas } = (await first.inspect("key"))!;
    let calls = 0;
    const updated = await first.update<string[]>("key", async (names = []) => {
      if (++calls === 1) {
        await server.restart(second);
        await setAt(second, "key", ["acknowledged"], cas);
        // By itself, the first client notices only with an operation.
        await first.version().catch(() => {});
      }
      return [...names, "added"];
    });
    assertEquals(updated, ["acknowledged", "added"]);
    assertEquals(await second.get("key"), updated);
    assertEquals(calls, 2);
  });

  Deno.test(`update in a namespace keeps what was stored after a restart of ${kind}`, async () => {
    await using server = await start();
    await using first = new Client(server.address, { timeout: 10_000 });
    await using second = new Client(server.address, { timeout: 10_000 });
    const [mine, theirs] = [first.namespace("n:"), second.namespace("n:")];
    await mine.set("key", ["lost"]);
    let calls = 0;
    const updated = await mine.update<string[]>("key", async (names = []) => {
      if (++calls === 1) {
        await server.restart(second);
        // The counter is lost too, so this has another generation.
        await theirs.set("key", ["acknowledged"]);
        await first.version().catch(() => {});
      }
      return [...names, "added"];
    });
    assertEquals(updated, ["acknowledged", "added"]);
    assertEquals(await theirs.get("key"), updated);
    assertEquals(calls, 2);
  });

  Deno.test(`cas takes no cas unique from before a restart of ${kind}`, async () => {
    await using server = await start();
    await using first = new Client(server.address, { timeout: 10_000 });
    await using second = new Client(server.address, { timeout: 10_000 });
    await first.set("key", "lost");
    const { cas } = (await first.gets("key"))!;
    await server.restart(first, second);
    await setAt(second, "key", "acknowledged", cas);
    assertEquals(await first.cas("key", "changed", cas), "exists");
    assertEquals(await second.get("key"), "acknowledged");
    const again = (await first.gets("key"))!;
    assertEquals(again, { value: "acknowledged", cas });
    assertEquals(await first.cas("key", "changed", again.cas), "stored");
    // What another client has read counts for as long as the server says.
    const other = (await second.gets("key"))!;
    assertEquals(await first.cas("key", "once more", other.cas), "stored");
  });
}

Deno.test("update keeps what another server has under the same cas unique when the key moves there", async () => {
  await using one = await MemcachedServer.listen();
  await using other = await MemcachedServer.listen();
  await using client = new Client(one.address);
  await using second = new Client(other.address);
  await client.set("key", ["here"]);
  await setAt(second, "key", ["there"], (await client.inspect("key"))!.cas);
  let calls = 0;
  const updated = await client.update<string[]>("key", async (names = []) => {
    if (++calls === 1) await client.setServers([other.address]);
    return [...names, "added"];
  });
  assertEquals(updated, ["there", "added"]);
});

Deno.test("cas uniques count on any of several connections", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { connections: 4 });
  const keys = Array.from({ length: 100 }, (_, i) => `key:${i}`);
  await client.setMany(Object.fromEntries(keys.map((key) => [key, 1])));
  const items = await Promise.all(keys.map((key) => client.gets<number>(key)));
  const outcomes = keys.map((key, i) => client.cas(key, 2, items[i]!.cas));
  assertEquals(new Set(await Promise.all(outcomes)), new Set(["stored"]));
  const add = (value = 0) => value + 1;
  await Promise.all(Array.from({ length: 20 }, () => client.update<number>("count", add)));
  assertEquals(await client.get("count"), 20);
});

Deno.test("a client remembers the connections of the last 4,096 cas uniques that gets has read", async () => {
  const results: string[] = [];
  for (const others of [4095, 4096]) {
    await using server = await MemcachedServer.listen();
    await using client = new Client(server.address);
    const keys = Array.from({ length: others }, (_, i) => `other:${i}`);
    await client.setMany(["key", ...keys].map((key) => [key, "old"] as const));
    const item = await client.gets("key");
    await Promise.all(keys.map((key) => client.gets(key)));
    server.closeConnections();
    await until(() => client.servers[0]?.connections === 0);
    results.push(await client.cas("key", "new", item!.cas));
  }
  // The connection of the first one has ended. Of the second one it is not known: the server decides.
  assertEquals(results, ["exists", "stored"]);
});
