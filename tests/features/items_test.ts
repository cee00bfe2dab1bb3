/** `items` on a memcached that is busy meanwhile, and its connections. */

import { assertEquals } from "@std/assert";
import { Client } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { memcachedPath, MemcachedProcess } from "../support/memcached.ts";
import { until } from "../support/turns.ts";

const ignore = memcachedPath() === undefined;

/** Stores a number of items under keys that begin with this text. */
async function fill(client: Client, count: number, start: string): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, i) => `${start}${i}`);
  for (let at = 0; at < count; at += 5000) {
    await client.setMany(keys.slice(at, at + 5000).map((key): [string, number] => [key, 1]));
  }
  return keys;
}

Deno.test({
  name: "items leaves out no item that is read during the listing",
  ignore,
  fn: async () => {
    await using memcached = await MemcachedProcess.start(["-m", "256"]);
    await using client = new Client(memcached.address);
    const keys = await fill(client, 20_000, "key:");
    let isListing = true;
    const reading = (async () => {
      for (let at = 0; isListing; at = 1000 - at) await client.getMany(keys.slice(at, at + 1000));
    })();
    for (let round = 0; round < 6; round++) {
      const listed = new Set<string>();
      for await (const { key } of client.items()) listed.add(key);
      assertEquals(listed.size, keys.length);
    }
    isListing = false;
    await reading;
  },
});

Deno.test({
  name: "items does not keep the server from answering what its loop waits for",
  ignore,
  fn: async () => {
    await using memcached = await MemcachedProcess.start(["-m", "256"]);
    await using client = new Client(memcached.address, { timeout: 10_000 });
    // More than the sockets' own buffers hold, so that the list has to wait for the loop.
    const keys = await fill(client, 100_000, "k".repeat(200));
    let count = 0;
    for await (const { key } of client.items()) {
      if (count++ % 100 === 0) assertEquals(await client.get(key), 1);
    }
    assertEquals(count, keys.length);
  },
});

Deno.test("items closes the connection to a server when its items are listed, or its loop is left", async () => {
  await using first = await MemcachedServer.listen();
  await using second = await MemcachedServer.listen();
  const servers = [first, second];
  for (const { address } of servers) {
    await using client = new Client(address);
    await client.set(address, "value");
  }
  await until(() => servers.every(({ connectionCount }) => connectionCount === 0));
  // It stays open, and ends no connection.
  await using client = new Client(servers.map(({ address }) => address));
  for await (const { key } of client.items()) {
    if (key !== second.address) continue;
    await until(() => first.connectionCount === 0);
    break;
  }
  await until(() => second.connectionCount === 0);
});
