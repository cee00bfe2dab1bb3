import { assertEquals, assertRejects } from "@std/assert";
import { messagePack } from "../../examples/msgpack.ts";
import { Client, ClientException, compressed } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

Deno.test("messagePack stores what MessagePack can hold", async () => {
  await using server = await MemcachedServer.listen();
  for (const transcoder of [messagePack, compressed(messagePack, { threshold: 100 })]) {
    await using client = new Client(server.address, { transcoder });
    const bytes = new Uint8Array(1000);
    const values = [null, true, -1.5, "日本語", [1, { a: "b" }], new Date(0), bytes];
    for (const value of values) {
      await client.set("key", value);
      assertEquals(await client.get("key"), value);
    }
  }
});

Deno.test("messagePack refuses what others stored", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { transcoder: messagePack });
  await using other = new Client(server.address);
  await other.set("key", "text");
  await assertRejects(() => client.get("key"), ClientException, "no MessagePack (flags 274)");
});
