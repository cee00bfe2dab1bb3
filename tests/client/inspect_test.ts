import { assertEquals } from "@std/assert";
import { inspect } from "node:util";
import { BareClient, Client, jsonTranscoder } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

Deno.test("a client shows its servers and their states where it is printed, and no credentials", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client([server.address, "memcached://user:secret@b:2"], {
    auth: { username: "user", password: "secret" },
  });
  const shown = `Client { ${server.address} idle, b:2 idle }`;
  assertEquals([Deno.inspect(client), inspect(client)], [shown, shown]);
  await using bare = new BareClient(server.address, { transcoder: jsonTranscoder });
  await bare.get("key");
  assertEquals(Deno.inspect({ bare }), `{ bare: BareClient { ${server.address} up } }`);
});
