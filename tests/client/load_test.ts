/** More at once than a program should ask for. */

import { assert, assertEquals } from "@std/assert";
import { Client } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { busyTime } from "../support/busy_time.ts";
import { extent } from "../support/extent.ts";
import { memcachedPath, MemcachedProcess } from "../support/memcached.ts";
import { turn } from "../support/turns.ts";

const start = () => memcachedPath() ? MemcachedProcess.start() : MemcachedServer.listen();

Deno.test("Client answers any number of concurrent operations, each with its own value", async () => {
  await using server = await start();
  await using client = new Client(server.address);
  await Promise.all(Array.from({ length: 1000 }, (_, i) => client.set(`key${i}`, `${i}`)));
  const operations = new Array<Promise<unknown>>(extent(200_000, 1_000_000));
  for (let i = 0; i < operations.length; i++) operations[i] = client.get(`key${i % 1001}`);
  const values = await Promise.all(operations);
  for (let i = 0; i < values.length; i++) {
    const expected = i % 1001 === 1000 ? undefined : `${i % 1001}`;
    // Not assertEquals for each: a million calls of it take longer than the operations.
    if (values[i] !== expected) assertEquals(values[i], expected, `operation ${i}`);
  }
});

Deno.test("Client gives up a server in time that does not grow with the square of what was aborted", async () => {
  await using first = await start();
  await using second = await start();
  await using client = new Client(first.address);
  const timed = async (count: number) => {
    await client.setServers([first.address]);
    const caller = new AbortController();
    const { signal } = caller;
    const operations = Promise.allSettled(
      Array.from({ length: count }, (_, i) => client.set(`key${i}`, i, 0, { signal })),
    );
    const live = client.set("live", 1);
    await turn();
    caller.abort();
    const begun = busyTime();
    await Promise.all([live, client.setServers([second.address])]);
    await operations;
    return busyTime() - begun;
  };
  await timed(1000);
  const [few, many] = [await timed(2_000), await timed(32_000)];
  // 16 times as many take 256 times as long if the time grows with the square.
  assert(many < 80 * Math.max(few, 10), `${few} ms for 2,000, ${many} ms for 32,000`);
});

Deno.test("Client stores a hundred thousand values at once", async () => {
  await using server = await start();
  await using client = new Client(server.address);
  const keys = Array.from({ length: 100_000 }, (_, i) => `key${i}`);
  await Promise.all(keys.map((key) => client.set(key, key)));
  const values = await Promise.all(keys.map((key) => client.get(key)));
  assertEquals(values.filter((value, i) => value !== keys[i]), []);
});
