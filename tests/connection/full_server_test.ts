/** Programs that ask again without waiting while too many operations wait for a server. */

import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { Client, type ClientOptions, SocketError } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

const KINDS: Readonly<Record<string, ClientOptions>> = {
  "": {},
  ', with failover: "miss"': { failover: "miss" },
  ', with failover: "remove"': { failover: "remove" },
};

for (const [kind, options] of Object.entries(KINDS)) {
  Deno.test(`Client reads replies while a program asks a full server again and again${kind}`, async () => {
    await using server = await MemcachedServer.listen();
    await using client = new Client(server.address, { ...options, maxPending: 1 });
    await client.set("key", "value");
    let value: unknown;
    const reading = client.get("key").then((found) => value = found);
    let refusals = 0;
    // Without a timer in between, nothing would ever be read.
    while (value === undefined && refusals < 50_000) {
      const outcome = await client.get("other").catch((error) => error);
      if (outcome === undefined) continue;
      assertInstanceOf(outcome, SocketError);
      assert(outcome.message.includes("as many as maxPending allows"), outcome.message);
      refusals++;
    }
    assertEquals(value, "value", `${refusals} refusals`);
    await reading;
  });
}
