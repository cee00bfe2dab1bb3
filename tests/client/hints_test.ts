/** Refusals that say what to do about them. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  Client,
  ClientException,
  jsonTranscoder,
  PartialClientException,
  type Transcoder,
} from "../../mod.ts";
import { type FaultHook, type ImitatedServer, MemcachedServer } from "../../src/testing/mod.ts";
import { hashedKeys, tagged, typed } from "../../src/views/mod.ts";

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

Deno.test("a refusal names the server that refused, whatever the operation is", async () => {
  // As memcached itself refuses: what a proxy says for a server that it cannot reach may be a miss.
  const answer = "SERVER_ERROR out of memory";
  const fault: FaultHook = ({ keys }) => keys.includes("bad") ? { reply: answer } : undefined;
  await using server = await MemcachedServer.listen({ fault });
  for (const options of [{}, { failover: "miss" }, { failover: "remove", retries: 1 }] as const) {
    await using client = new Client(server.address, options);
    const operations: Readonly<Record<string, () => Promise<unknown>>> = {
      get: () => client.get("bad"),
      getMany: () => client.getMany(["bad", "absent"]),
      gets: () => client.gets("bad"),
      getAndTouch: () => client.getAndTouch("bad", 1),
      set: () => client.set("bad", 1),
      setMany: () => client.setMany({ bad: 1, good: 1 }),
      add: () => client.add("bad", 1),
      replace: () => client.replace("bad", 1),
      append: () => client.append("bad", "1"),
      prepend: () => client.prepend("bad", "1"),
      cas: () => client.cas("bad", 1, 1n),
      incr: () => client.incr("bad"),
      decr: () => client.decr("bad", 1, { initial: 1 }),
      touch: () => client.touch("bad", 1),
      delete: () => client.delete("bad"),
      deleteMany: () => client.deleteMany(["bad", "absent"]),
      getOrSet: () => client.getOrSet("bad", () => 1),
      update: () => client.update("bad", () => 1),
      invalidate: () => client.invalidate("bad"),
      inspect: () => client.inspect("bad"),
      meta: () => client.meta("mg", "bad", ["v"]),
    };
    const message = `the server answered "${answer}" (${server.address})`;
    for (const [name, operate] of Object.entries(operations)) {
      const error = await assertRejects(operate, ClientException, message, name);
      assertStringIncludes(`${error.stack}`, message, name);
    }
    const many = await assertRejects(() => client.getMany(["bad", "absent", "good"]));
    assertStringIncludes(`${many}`, `Cannot get 1 of 3 keys, the first "bad": Cannot get key`);
  }
});

Deno.test("an error about many keys says how many were asked for, in namespaces and views as well", async () => {
  const fault: FaultHook = ({ keys }) => {
    return keys.some((key) => key.endsWith("bad")) ? { reply: "SERVER_ERROR no" } : undefined;
  };
  await using server = await MemcachedServer.listen({ fault });
  await using client = new Client(server.address);
  const all = [client, client.namespace("n:"), tagged(client), hashedKeys(client)];
  for (const commands of all) {
    const keys = ["absent", "bad", "other"];
    await assertRejects(() => commands.getMany(keys), ClientException, "Cannot get 1 of 3 keys");
    await assertRejects(
      () => commands.setMany({ bad: 1, a: 1 }),
      ClientException,
      "Cannot set 1 of 2 keys",
    );
    await assertRejects(
      () => commands.deleteMany(keys),
      ClientException,
      "Cannot delete 1 of 3 keys",
    );
  }
});

Deno.test("an error about many keys carries the values of the others, as getMany would give them", async () => {
  const fault: FaultHook = ({ command, keys }) => {
    const isBad = command === "get" && keys.some((key) => key.endsWith("bad"));
    return isBad ? { reply: "SERVER_ERROR no" } : undefined;
  };
  await using server = await MemcachedServer.listen({ fault });
  await using client = new Client(server.address);
  const pages = tagged(client);
  const schema = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value: unknown) => ({ value: `read ${value}` }),
    },
  } as const;
  const views = {
    tagged: pages,
    hashed: hashedKeys(client),
    "tagged, hashed": tagged(hashedKeys(client)),
    namespace: client.namespace("n:"),
    typed: typed(client, schema),
  };
  for (const [name, view] of Object.entries(views)) {
    const keys = ["a", "bad", "absent"].concat(name.endsWith("hashed") ? ["a key"] : []);
    await view.setMany(keys.slice(0, 2).concat(keys.slice(3)).map((key) => [key, key] as const));
    const error = await assertRejects(() => view.getMany(keys), PartialClientException, "1 of");
    assertEquals([...error.failures.keys()], ["bad"], name);
    const expected = name === "typed" ? "read a" : "a";
    assertEquals(error.results.get("a"), expected, name);
    assertEquals(error.results.get("a key"), name.endsWith("hashed") ? "a key" : undefined, name);
  }
  // What was invalidated is no result either.
  await pages.setMany({ a: 1, b: 2, bad: 3 }, 60, { tags: ["t"] });
  await pages.set("b", 2, 60, { tags: ["other"] });
  await pages.invalidateTag("t");
  const error = await assertRejects(() => pages.getMany(["a", "b", "bad"]), PartialClientException);
  assertEquals(new Map(error.results), new Map([["b", 2]]));
});

Deno.test("what cannot be read names the key and the server", async (test) => {
  await using server = await MemcachedServer.listen();
  await using writer = new Client(server.address, { transcoder: jsonTranscoder({ flags: 7 }) });
  await writer.set("a", { a: 1 });
  const slow = jsonTranscoder({ flags: 8 });
  const transcoders: Readonly<Record<string, Transcoder | undefined>> = {
    "at once": undefined,
    "later": { ...slow, decode: async (item) => await slow.decode(item) },
  };
  for (const [when, transcoder] of Object.entries(transcoders)) {
    await using client = new Client(server.address, transcoder && { transcoder });
    const reads: Readonly<Record<string, () => Promise<unknown>>> = {
      get: () => client.get("a"),
      gets: () => client.gets("a"),
      getAndTouch: () => client.getAndTouch("a", 60),
      getOrSet: () => client.getOrSet("a", () => 1),
      update: () => client.update("a", () => 1),
      getMany: async () => {
        const error = await assertRejects(() => client.getMany(["a"]), PartialClientException);
        throw error.failures.get("a");
      },
    };
    for (const [command, read] of Object.entries(reads)) {
      await test.step(`${command}, ${when}`, async () => {
        const error = await assertRejects(read, ClientException, `Cannot read item of key "a": `);
        assertStringIncludes(error.message, ` (${server.address})`);
        assertEquals(error.message.split(server.address).length, 2);
        assertEquals(error.item, 7);
      });
    }
  }
});
