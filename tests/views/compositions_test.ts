/** Views on views: what stands between does not change what the commands do. */

import { assertEquals, assertRejects } from "@std/assert";
import {
  Client,
  ClientException,
  type KeyCommands,
  Namespace,
  type OperationOptions,
  ValidationException,
} from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import {
  hashedKeys,
  largeValues,
  nearCache,
  replicas,
  type Schema,
  spread,
  tagged,
  typed,
} from "../../src/views/mod.ts";
import { describeKeyCommands, type MakeView, type Peculiarities } from "./key_commands_suite.ts";

const NEAR = { maxBytes: 50_000_000, ttl: 60, admit: "all" } as const;
const SPREAD = { copies: 2, keys: () => true } as const;
const ANYTHING: Schema = {
  "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) },
};

const pair: MakeView = (client) =>
  replicas([client.namespace("a:"), client.namespace("b:")], { write: "all" });

const COMPOSITIONS: Readonly<Record<string, readonly [MakeView, Peculiarities?]>> = {
  "nearCache(spread)": [(client) => nearCache(spread(client, SPREAD), NEAR)],
  "nearCache(tagged(hashedKeys(namespace)))": [
    (client) => nearCache(tagged(hashedKeys(client.namespace("ns:"))), NEAR),
    { takesAnyKey: true },
  ],
  "tagged(namespace)": [(client) => tagged(client.namespace("ns:"))],
  "tagged(replicas)": [async (client, place) => tagged(await pair(client, place))],
  "tagged(spread)": [(client) => tagged(spread(client, SPREAD))],
  "typed(tagged)": [(client) => typed(tagged(client), ANYTHING)],
  "largeValues(tagged)": [(client) => largeValues(tagged(client)), { takesLargeValues: true }],
  "largeValues(hashedKeys)": [
    (client) => largeValues(hashedKeys(client)),
    { takesAnyKey: true, takesLargeValues: true, key: (name) => `a ${name}` },
  ],
  "largeValues(replicas)": [
    async (client, place) => largeValues(await pair(client, place)),
    { takesLargeValues: true },
  ],
  "hashedKeys(replicas)": [
    async (client, place) => hashedKeys(await pair(client, place)),
    { takesAnyKey: true, key: (name) => `a ${name}` },
  ],
  "replicas(largeValues)": [
    (client) =>
      replicas([largeValues(client.namespace("a:")), largeValues(client.namespace("b:"))]),
    { takesLargeValues: true },
  ],
};

for (const [name, [makeView, peculiarities]] of Object.entries(COMPOSITIONS)) {
  describeKeyCommands(name, makeView, peculiarities);
}

Deno.test("getOrSet through replicas does not join the copying of a value that was deleted", async () => {
  await using here = await MemcachedServer.listen();
  await using there = await MemcachedServer.listen();
  await using first = new Client(here.address);
  await using second = new Client(there.address);
  const view = largeValues(replicas([first, second]));
  for (let i = 0; i < 20; i++) {
    const key = `key:${i}`;
    // What it replaces is read from the second fleet, so that the first one's copy is repaired meanwhile.
    await view.set(key, "old");
    await view.delete(key);
    assertEquals(await view.getOrSet(key, () => "new"), "new", key);
    assertEquals(await view.get(key), "new");
  }
});

Deno.test("largeValues stores what tagged, hashedKeys and typed have to store, and its tags hold", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const tags = tagged(hashedKeys(client));
  const view = typed(largeValues(tags), ANYTHING);
  const key = "a key";
  const value = "x".repeat(2_000_000);
  // The types of the outer views do not know the options of the inner ones.
  const options: OperationOptions & { tags: string[] } = { tags: ["a"] };
  await view.set(key, value, 60, options);
  await view.update(`${key} 2`, () => value, { exptime: 60, ...options });
  assertEquals(await view.getMany([key, `${key} 2`]), new Map([[key, value], [`${key} 2`, value]]));
  await tags.invalidateTag("a");
  assertEquals(await view.getMany([key, `${key} 2`]), new Map());
  assertEquals(await view.getOrSet(key, () => value, options), value);
  await tags.invalidateTag("a");
  assertEquals([await view.get(key), await view.delete(key)], [undefined, false]);
});

/** What views may stand on: commands that may have more to ask than a client. */
const INNER: Readonly<Record<string, (client: Client) => KeyCommands>> = {
  namespace: (client) => client.namespace("ns:"),
  "namespace of a view": (client) => new Namespace(typed(client, ANYTHING), "ns:"),
  hashedKeys: (client) => hashedKeys(client),
  largeValues: (client) => largeValues(client),
  nearCache: (client) => nearCache(client, NEAR),
  spread: (client) => spread(client, SPREAD),
  replicas: (client) => replicas([client.namespace("a:"), client.namespace("b:")]),
  tagged: (client) => tagged(client, { prefix: "other-tag:" }),
  typed: (client) => typed(client, ANYTHING),
};

for (const [name, make] of Object.entries(INNER)) {
  const key = name === "hashedKeys" ? "a key" : "key";

  Deno.test(`tagged on ${name} tells that an invalidated value was not there`, async () => {
    await using server = await MemcachedServer.listen();
    await using client = new Client(server.address);
    const view = tagged(make(client));
    const operations: Readonly<Record<string, () => Promise<unknown>>> = {
      delete: () => view.delete(key),
      deleteMany: async () => (await view.deleteMany([key])).get(key),
      touch: () => view.touch(key, 60),
      invalidate: () => view.invalidate(key),
      inspect: async () => await view.inspect(key) !== undefined,
    };
    for (const [operation, operate] of Object.entries(operations)) {
      for (let i = 0; i < 5; i++) {
        await view.set(key, "value", 60, { tags: ["a"] });
        await view.invalidateTag("a");
        assertEquals(await operate(), false, operation);
      }
    }
  });

  Deno.test(`largeValues on ${name} deletes the chunks of what it replaces and deletes`, async () => {
    await using server = await MemcachedServer.listen();
    await using client = new Client(server.address);
    const view = largeValues(make(client), { chunkByteLength: 1024 });
    for (let i = 0; i < 3; i++) await view.set(key, new Uint8Array(5000));
    assertEquals(await view.delete(key), true);
    const chunks = await Array.fromAsync(client.items(), ({ key }) => /~moecache-\d+:/.test(key));
    assertEquals(chunks.filter(Boolean).length, 0);
  });
}

/** Takes numbers only. */
const NUMBERS: Schema = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) =>
      typeof value === "number" ? { value } : { issues: [{ message: "must be a number" }] },
  },
};
/** What refuses a value that is not a number. */
const REFUSING: Readonly<Record<string, (client: Client) => KeyCommands>> = {
  typed: (client) => typed(client, NUMBERS),
  "typed(tagged)": (client) => typed(tagged(client), NUMBERS),
  "typed(namespace)": (client) => typed(client.namespace("ns:"), NUMBERS),
  "typed(nearCache)": (client) => typed(nearCache(client, NEAR), NUMBERS),
  "typed(replicas)": (client) =>
    typed(replicas([client.namespace("a:"), client.namespace("b:")]), NUMBERS),
  "nearCache(typed)": (client) => nearCache(typed(client, NUMBERS), NEAR),
  "typed(largeValues)": (client) => typed(largeValues(client), NUMBERS),
};

for (const [name, makeView] of Object.entries(REFUSING)) {
  Deno.test(`getOrSet of ${name} keeps what load fails with for negativeFor, and no refusal of its value`, async () => {
    await using server = await MemcachedServer.listen();
    await using client = new Client(server.address);
    const view = makeView(client);
    const refused = () => view.getOrSet<unknown>("key", () => "no number", { negativeFor: 60 });
    await assertRejects(refused, ValidationException);
    assertEquals(await view.getOrSet<unknown>("key", () => 1, { negativeFor: 60 }), 1);
    const fails = () => Promise.reject(new Error("down"));
    await assertRejects(() => view.getOrSet("other", fails, { negativeFor: 60 }), Error, "down");
    const kept = "an earlier attempt to load it failed: down";
    await assertRejects(() => view.getOrSet<unknown>("other", () => 1), ClientException, kept);
  });
}

Deno.test("getOrSet keeps for negativeFor what load fails with where a view in load has refused a value", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const numbers = typed(client, NUMBERS);
  for (const outer of [client, typed(client, ANYTHING)]) {
    const name = outer === client ? "of-the-client" : "of-a-view";
    const inner = () => numbers.getOrSet<unknown>(`in-${name}`, () => "no number");
    const failing = () => outer.getOrSet<unknown>(name, inner, { negativeFor: 60 });
    await assertRejects(failing, ValidationException, "must be a number");
    const kept = "an earlier attempt to load it failed";
    await assertRejects(() => outer.getOrSet<unknown>(name, () => 1), ClientException, kept);
  }
});
