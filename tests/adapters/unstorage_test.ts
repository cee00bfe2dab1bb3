import { assertEquals, assertRejects } from "@std/assert";
import { Client, SocketError } from "../../mod.ts";
import moecacheDriver from "../../src/adapters/unstorage.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

Deno.test("moecacheDriver() takes no fault for a miss", async () => {
  const driver = moecacheDriver({ servers: "127.0.0.1:1" });
  await assertRejects(() => driver.hasItem("a"), SocketError);
  await assertRejects(() => driver.getItem("a"), SocketError);
  await assertRejects(() => driver.getItems([{ key: "a" }]), SocketError);
  await assertRejects(() => driver.setItem("a", "value"), SocketError);
  await assertRejects(() => driver.getKeys(), SocketError);
  await assertRejects(() => driver.clear("a"), SocketError);
  await driver.dispose();
});

Deno.test("moecacheDriver() lets items live for their ttl, or for the driver's", async () => {
  let now = Date.now();
  await using server = await MemcachedServer.listen({ now: () => now });
  const driver = moecacheDriver({ servers: server.address, ttl: 100 });
  await driver.setItems([{ key: "b", value: "2" }, { key: "c", value: "3", options: { ttl: 0 } }], {
    ttl: 50,
  });
  await driver.setItem("a", "1");
  const after = async (seconds: number) => {
    now += seconds * 1000;
    return (await driver.getItems(["a", "b", "c"].map((key) => ({ key })))).map(({ value }) =>
      value
    );
  };
  assertEquals(await after(49), ["1", "2", "3"]);
  assertEquals(await after(4), ["1", null, "3"]);
  assertEquals(await after(50), [null, null, "3"]);
  await driver.dispose();
});

Deno.test("moecacheDriver() clears and disposes of nothing but its own", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const driver = moecacheDriver({ client, base: "mine:" });
  const other = moecacheDriver({ client, base: "yours:" });
  await other.setItem("a", "1");
  await driver.setItem("a", "2");
  await driver.clear();
  await driver.dispose();
  assertEquals([await driver.getItem("a"), await other.getItem("a")], [null, "1"]);
});
