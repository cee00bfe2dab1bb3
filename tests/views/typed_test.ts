import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Client,
  ClientException,
  jsonTranscoder,
  type KeyCommands,
  rawTranscoder,
  ValidationException,
} from "../../mod.ts";
import { largeValues, type Schema, tagged, typed } from "../../src/views/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { describeKeyCommands } from "./key_commands_suite.ts";

const anything: Schema = {
  "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) },
};
/** A record with a name, which gets a greeting: what is read is more than what is stored. */
const user: Schema<{ name: string }, { name: string; greeting: string }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => {
      const { name } = Object(value);
      return typeof name === "string"
        ? { value: { name, greeting: `Hello ${name}` } }
        : { issues: [{ message: "must be a string", path: ["user", { key: "name" }] }] };
    },
  },
};

describeKeyCommands("typed", (client) => typed(client, anything));

Deno.test("typed reads what the schema makes of a value, and stores what the caller passed", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const users = typed(client, user);
  await users.set("a", { name: "Ada" });
  const found: { name: string; greeting: string } | undefined = await users.get("a");
  assertEquals(found, { name: "Ada", greeting: "Hello Ada" });
  assertEquals(await client.get("a"), { name: "Ada" });
  assertEquals(await users.getOrSet("b", () => ({ name: "Bob" })), {
    name: "Bob",
    greeting: "Hello Bob",
  });
  const updated = await users.update("a", (old) => ({ name: `${old?.greeting}!` }));
  assertEquals(updated?.greeting, "Hello Hello Ada!");
});

Deno.test("typed treats a value that does not fit as a miss, or as an error if the option says so", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.set("a", { nom: "Ada" });
  const users = typed(client, user);
  assertEquals(await users.get("a"), undefined);
  assertEquals(await users.gets("a"), undefined);
  assertEquals(await users.getMany(["a"]), new Map());
  assertEquals((await users.getOrSet("a", () => ({ name: "Ada" }))).name, "Ada");
  await client.set("a", { nom: "Ada" });
  const strict = typed(client, user, { mismatch: "error" });
  const message = `Cannot read value of key "a": user.name: must be a string`;
  await assertRejects(() => strict.get("a"), ClientException, message);
  const error = await assertRejects(() => strict.getMany(["a", "b"]), ClientException, message);
  assertEquals(error.item, ["a"]);
});

Deno.test("typed adds in place of a value that does not fit, and does not replace, touch or delete it", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const users = typed(client, user);
  const ada = { name: "Ada" };
  for (const key of ["added", "replaced", "deleted", "among"]) {
    await client.set(key, { nom: "Ada" });
  }
  assertEquals([await users.add("added", ada), await users.add("added", ada)], [true, false]);
  assertEquals((await users.get("added"))?.name, "Ada");
  assertEquals(await users.replace("replaced", ada), false);
  assertEquals([await users.touch("replaced", 60), await users.touch("added", 60)], [false, true]);
  assertEquals(await users.delete("deleted"), false);
  assertEquals(
    await users.deleteMany(["among", "added"]),
    new Map([["among", false], ["added", true]]),
  );
  assertEquals(await client.getMany(["deleted", "among", "added"]), new Map());
  // Where it is an error, it is there.
  const strict = typed(client, user, { mismatch: "error" });
  assertEquals([await strict.add("replaced", ada), await strict.touch("replaced", 60)], [
    false,
    true,
  ]);
  assertEquals([await strict.replace("replaced", ada), await strict.delete("replaced")], [
    true,
    true,
  ]);
});

Deno.test("typed inspects, invalidates, compares, appends to and counts no value that does not fit", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const users = typed(client, user);
  await client.setMany({ a: { nom: "Ada" }, text: "1" });
  const { cas } = (await client.gets("a"))!;
  assertEquals(await users.inspect("a"), undefined);
  assertEquals(await users.invalidate("a"), false);
  assertEquals(await users.cas("a", { name: "Ada" }, cas), "not_found");
  assertEquals([await users.append("text", "1"), await users.prepend("text", "1")], [false, false]);
  assertEquals([await users.incr("text"), await users.decr("text")], [undefined, undefined]);
  // Where it is an error, it is there.
  const strict = typed(client, user, { mismatch: "error" });
  assertEquals((await strict.inspect("a"))?.size !== undefined, true);
  await client.set("a", { nom: "Ada" });
  const present = (await client.gets("a"))!;
  assertEquals(await strict.cas("a", { name: "Ada" }, present.cas), "stored");
  assertEquals(await users.cas("a", { name: "Bob" }, present.cas), "exists");
  assertEquals(await users.invalidate("a"), true);
});

/** Each view that makes values of its own of what it stores. */
function viewsOf(client: Client): Record<string, KeyCommands> {
  return { typed: typed(client, anything), tagged: tagged(client), large: largeValues(client) };
}

Deno.test("views of values begin counters as the client does, whatever its transcoder makes of strings", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { transcoder: jsonTranscoder });
  for (const [name, view] of Object.entries(viewsOf(client))) {
    assertEquals(await view.incr(name, 1, { initial: 5 }), 5n);
    assertEquals([await view.get(name), await client.incr(name)], [5, 6n], name);
  }
});

Deno.test("views of values say which numbers can be counted", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  for (const view of [tagged(client), largeValues(client)]) {
    for (const none of ["none", "18446744073709551616"]) {
      await view.set("a", none);
      await assertRejects(
        () => view.incr("a"),
        ClientException,
        `Cannot count key "a": its value is not a number from 0 to 2^64 - 1 in decimal digits`,
      );
    }
  }
});

Deno.test("views of values replace what cannot be read", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { transcoder: jsonTranscoder });
  for (const [name, view] of Object.entries(viewsOf(client))) {
    await client.withTranscoder(rawTranscoder).set(name, new TextEncoder().encode("{"));
    await assertRejects(() => view.get(name), ClientException);
    assertEquals([await view.replace(name, "new"), await view.get(name)], [true, "new"], name);
  }
});

Deno.test("typed refuses to store what does not fit, before a byte is sent", async () => {
  await using client = new Client("127.0.0.1:1");
  const users = typed(client, user);
  // The compiler refuses it too.
  // @ts-expect-error -- the name is missing.
  void (() => users.set("a", { nom: "Ada" }));
  // @ts-expect-error -- the name is missing.
  void (() => users.getOrSet("a", () => ({ nom: "Ada" })));
  // @ts-expect-error -- the name is missing.
  void (() => users.update("a", () => ({ nom: "Ada" })));
  const wrong = { nom: "Ada" } as unknown as { name: string };
  const message = `Cannot store value of key "a": user.name: must be a string`;
  for (
    const store of [
      () => users.set("a", wrong),
      () => users.setMany({ a: wrong }),
      () => users.add("a", wrong),
      () => users.replace("a", wrong),
      () => users.cas("a", wrong, 1n),
    ]
  ) {
    await assertRejects(store, ValidationException, message);
  }
});

Deno.test("typed says what does not fit where the path is of another class, as arktype's is", async () => {
  /** As a path of arktype's: `map` makes one with a single item of an empty one. */
  class Path extends Array<PropertyKey> {
    constructor(...steps: PropertyKey[]) {
      super();
      this.push(...steps);
    }
  }
  await using client = new Client("127.0.0.1:1");
  for (const [path, where] of [[new Path(), ""], [new Path("a", 0), "a.0: "]] as const) {
    const issues = [{ message: "must be an object", path }];
    const schema: Schema = {
      "~standard": { version: 1, vendor: "test", validate: () => ({ issues }) },
    };
    const message = `Cannot store value of key "key": ${where}must be an object`;
    const store = () => typed(client, schema).set("key", 5);
    const error = await assertRejects(store, ValidationException, message);
    assertEquals(error.message, message);
  }
});

Deno.test("typed refuses a schema's answer that is none: it would make what is stored a miss", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.set("a", "x");
  const none = [undefined, null, true, "x", {}, { issues: null }, { issues: "wrong" }];
  const answers = [...none.map((answer) => () => answer), () => {
    throw new TypeError("broken");
  }];
  for (const validate of answers) {
    const schema = { "~standard": { version: 1, vendor: "test", validate } } as unknown as Schema;
    const view = typed(client, schema);
    const error = await assertRejects(() => view.get("a"), ClientException, 'value of key "a": ');
    // A ValidationException says that nothing has been sent.
    assertEquals(error instanceof ValidationException, false);
    await assertRejects(() => view.set("a", "y"), ValidationException, 'value of key "a": ');
  }
  assertEquals(await client.get("a"), "x");
});

Deno.test("typed takes schemas that check asynchronously, and refuses what is not a schema", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const slow: Schema<string> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => Promise.resolve({ value: `${value}` }),
    },
  };
  const view = typed(client, slow);
  await view.set("a", "x");
  assertEquals(await view.get("a"), "x");
  assertThrows(() => typed(client, {} as Schema), ValidationException, "Standard Schema");
  assertThrows(() => typed(client, slow, { mismatch: "no" as "miss" }), ValidationException);
});
