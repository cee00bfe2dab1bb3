/** Refusals that say what to do about them. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Client, ClientException } from "../../mod.ts";
import { type ImitatedServer, MemcachedServer } from "../../src/testing/mod.ts";

type Use = (client: Client) => Promise<unknown>;

const META: Readonly<Record<string, Use>> = {
  "mg without a value": (client) => client.meta("mg", "key", ["f", "s"]),
  ms: (client) => client.meta("ms", "key", ["T0"], "value"),
  md: (client) => client.meta("md", "key"),
  "quiet md": (client) => client.meta("md", "missing", ["q", "b"]),
  ma: (client) => client.meta("ma", "count"),
  "mg with b": (client) => client.meta("mg", "a2V5", ["b", "v"]),
};

for (const imitate of ["1.4.15", "1.5.20", "1.6.6", "1.6.9"] as const) {
  for (const [name, use] of Object.entries(META)) {
    Deno.test(`${name} on memcached ${imitate} says which version it needs, and fails alone`, async () => {
      await using server = await MemcachedServer.listen({ imitate });
      await using client = new Client(server.address);
      await client.set("key", "value");
      await client.set("count", "1");
      const operation = assertRejects(
        () => use(client),
        ClientException,
        "memcached 1.6.10 or later",
      );
      const others = Promise.all([client.get("absent"), client.get("key"), client.get("other")]);
      await operation;
      const [absent, key, other] = await others;
      assertEquals([absent, other], [undefined, undefined]);
      assert(key === "value" || name === "md", `${key}`);
    });
  }
}

const OTHERS: readonly (readonly [server: ImitatedServer, name: string, hint: string, use: Use])[] =
  [
    [
      "1.4.15",
      "getAndTouch",
      "needs memcached 1.5.3 or later",
      (client) => client.getAndTouch("a", 1),
    ],
    ["1.4.5", "touch", "needs memcached 1.4.8 or later", (client) => client.touch("a", 1)],
    ["1.6.18", "incr", "counters are text", (client) => client.incr("five")],
    ["1.6.18", "decr", "counters are text", (client) => client.decr("five")],
    [
      "1.6.18",
      "incr with initial",
      "counters are text",
      (client) => client.incr("five", 1, { initial: 0 }),
    ],
    ["1.6.18", "incr of a namespace", "counters are text", async (client) => {
      const namespace = client.namespace("n:");
      await namespace.set("five", 5);
      return await namespace.incr("five");
    }],
  ];

for (const [imitate, name, hint, use] of OTHERS) {
  Deno.test(`${name} on memcached ${imitate} says: ${hint}`, async () => {
    await using server = await MemcachedServer.listen({ imitate });
    await using client = new Client(server.address);
    await client.set("five", 5);
    await assertRejects(() => use(client), ClientException, hint);
    assertEquals(await client.get("five"), 5);
    assertEquals(server.connectionCount, 1);
  });
}
