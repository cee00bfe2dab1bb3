import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  Client,
  ClientException,
  jsonTranscoder,
  type KeyCommands,
  SocketError,
  ValidationException,
} from "../../mod.ts";
import { moecacheDriver as bentoDriver } from "../../src/adapters/bentocache.ts";
import { KeyvMoecache } from "../../src/adapters/keyv.ts";
import { moecacheDriver } from "../../src/adapters/unstorage.ts";
import { withCallersKeys } from "../../src/features/callers_keys.ts";
import { lock, rateLimit } from "../../src/patterns/mod.ts";
import { type FaultHook, MemcachedServer } from "../../src/testing/mod.ts";
import { hashedKeys, largeValues, spread, tagged, typed } from "../../src/views/mod.ts";

/** A key that memcached would not take. */
const LONG = "æ".repeat(60);
const UNSTORABLE = () => {};

type Operate = (commands: KeyCommands, key: string, value: unknown) => Promise<unknown>;

const OPERATIONS: Readonly<Record<string, Operate>> = {
  get: (commands, key) => commands.get(key),
  gets: (commands, key) => commands.gets(key),
  getAndTouch: (commands, key) => commands.getAndTouch(key, 10),
  getMany: (commands, key) => commands.getMany([key]),
  "getMany of an iterator": (commands, key) => commands.getMany([key].values()),
  set: (commands, key, value) => commands.set(key, value),
  setMany: (commands, key, value) => commands.setMany({ [key]: value }),
  "setMany of an iterator": (commands, key, value) => {
    return commands.setMany(new Map([[key, value]]).entries());
  },
  add: (commands, key, value) => commands.add(key, value),
  replace: (commands, key, value) => commands.replace(key, value),
  append: (commands, key) => commands.append(key, "more"),
  prepend: (commands, key) => commands.prepend(key, "more"),
  cas: (commands, key, value) => commands.cas(key, value, 1n),
  incr: (commands, key) => commands.incr(key),
  decr: (commands, key) => commands.decr(key),
  touch: (commands, key) => commands.touch(key, 10),
  delete: (commands, key) => commands.delete(key),
  deleteMany: (commands, key) => commands.deleteMany([key]),
  getOrSet: (commands, key, value) => commands.getOrSet(key, () => value),
  update: (commands, key, value) => commands.update(key, () => value),
  invalidate: (commands, key) => commands.invalidate(key),
  inspect: (commands, key) => commands.inspect(key),
};

const anything = {
  "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) },
} as const;

const WRAPPERS: Readonly<Record<string, readonly [(client: Client) => KeyCommands, string]>> = {
  "a namespace": [(client) => client.namespace("n:"), "key"],
  "a namespace, with a long key": [(client) => client.namespace("n:"), "k".repeat(150)],
  "a namespace, with a quotation mark in its prefix": [
    (client) => client.namespace('n"\\:'),
    "key",
  ],
  "hashedKeys": [(client) => hashedKeys(client), LONG],
  "hashedKeys of a namespace": [(client) => hashedKeys(client.namespace("n:")), LONG],
  "largeValues of a namespace": [
    (client) => largeValues(client.namespace("n:"), { chunkByteLength: 1024 }),
    "key",
  ],
  "spread of a namespace": [
    (client) => spread(client.namespace("n:"), { keys: ["key"], copies: 2 }),
    "key",
  ],
  "tagged of a namespace": [(client) => tagged(client.namespace("n:")), "key"],
  "typed of a namespace": [(client) => typed(client.namespace("n:"), anything), "key"],
};

/** Keys that only memcached knows: those with a generation, hashes, chunks, copies, the library's own. */
const INTERNAL = /\d{13,}:|"#[\w-]{43}"|%20|%#|moecache-|copy\d|~copies/;

/** Checks that an error, and those that it carries, name the caller's key and no other. */
function checkNames(error: unknown, key: string): void {
  for (let at = error; at instanceof Error; at = at.cause) {
    assertEquals(at.message.match(INTERNAL), null, at.message);
    assertEquals(`${at.stack}`.split("\n    at ")[0]?.match(INTERNAL), null);
    // What a connection has ended with names one command of each kind; a cause may be about a part.
    const isWhole = at === error && !/under way: .* and \d+ more$/.test(at.message);
    if (isWhole) assert(at.message.includes(JSON.stringify(key).slice(0, 50)), at.message);
    const { item, failures } = at as Partial<{ item: unknown; failures: Map<string, unknown> }>;
    assertEquals(`${item}`.match(INTERNAL), null);
    for (const [name, failure] of failures ?? []) {
      assertEquals(name, key);
      checkNames(failure, key);
    }
  }
}

/** A server whose every request with a key fails in one way from some time on, but for a namespace's generation. */
class FaultyServer {
  hook: FaultHook | undefined;
  readonly listening: Promise<MemcachedServer> = MemcachedServer.listen({
    fault: (request) => this.hook?.(request),
  });

  fail(fault: ReturnType<FaultHook>): void {
    this.hook = ({ keys }) => {
      return keys.length > 0 && !keys.every((key) => key.includes("generation"))
        ? fault
        : undefined;
    };
  }
}

async function failureOf(operate: () => Promise<unknown>): Promise<unknown> {
  try {
    await operate();
  } catch (error) {
    return error;
  }
  return undefined;
}

for (const [name, [wrap, key]] of Object.entries(WRAPPERS)) {
  for (const fault of ["encode", "decode", "refuse", "drop"] as const) {
    Deno.test(`Errors of ${name} name the caller's key when ${fault} fails`, async (test) => {
      const faulty = new FaultyServer();
      await using server = await faulty.listening;
      await using other = await MemcachedServer.listen({
        fault: (request) => faulty.hook?.(request),
      });
      let count = 0;
      for (const [command, operate] of Object.entries(OPERATIONS)) {
        await test.step(command, async () => {
          faulty.hook = undefined;
          await using client = new Client([server.address, other.address]);
          const commands = wrap(client);
          const large = "x".repeat(3000);
          if (fault === "decode") {
            await commands.withTranscoder(jsonTranscoder({ flags: 7 })).set(key, { a: 1 });
          } else {
            await commands.set(key, large);
          }
          if (fault === "encode" && command === "getOrSet") await commands.delete(key);
          if (fault === "refuse") faulty.fail({ reply: "SERVER_ERROR out of luck" });
          if (fault === "drop") faulty.fail({ drop: "before" });
          const value = fault === "encode" ? UNSTORABLE : large;
          const error = await failureOf(() => operate(commands, key, value));
          if (error === undefined) return;
          count++;
          checkNames(error, key);
        });
      }
      assert(count >= 5, `${count}`);
    });
  }
}

Deno.test("Errors of a namespace name the caller's key when its generation is unknown", async () => {
  let isDown = false;
  const fault: FaultHook = ({ keys }) => {
    const isCounter = keys.some((key) => key.includes("generation"));
    return isDown && isCounter ? { reply: "SERVER_ERROR out of luck" } : undefined;
  };
  await using server = await MemcachedServer.listen({ fault });
  await using client = new Client(server.address);
  const names = client.namespace("n:");
  await names.set("key", "1");
  isDown = true;
  const error = await assertRejects(() => names.get("key"), ClientException);
  assertEquals(
    error.message,
    `Cannot get key "key": Cannot incr the generation of namespace "n:": ` +
      `the server answered "SERVER_ERROR out of luck" (${server.address})`,
  );
  assertEquals(error.item, "SERVER_ERROR out of luck");
  await assertRejects(
    () => names.getMany(["key", "b"]),
    ClientException,
    `get key "key" and 1 more`,
  );
  await assertRejects(
    () => names.invalidateAll(),
    ClientException,
    `Cannot invalidateAll namespace "n:": Cannot incr the generation of namespace "n:"`,
  );
  await assertRejects(
    () => names.currentPrefix(),
    ClientException,
    `Cannot get the prefix of namespace "n:": Cannot incr the generation of namespace "n:"`,
  );
});

Deno.test("Errors of a namespace keep their class, server and cause", async () => {
  await using client = new Client("127.0.0.1:1");
  const names = client.namespace("n:");
  const error = await assertRejects(() => names.get("key"), SocketError, `Cannot get key "key"`);
  assertEquals(error.server, "127.0.0.1:1");
  assertEquals(error.client, "moecache");
  assertInstanceOf(error.cause, SocketError);
  const validation = await assertRejects(() => names.get("a b"), ValidationException);
  assertEquals(validation.item, "a b");
});

Deno.test("Errors of adapters name the caller's key", async () => {
  const faulty = new FaultyServer();
  await using server = await faulty.listening;
  await using client = new Client(server.address);
  const storage = moecacheDriver({ client });
  await using keyv = new KeyvMoecache({ client });
  await using bento = bentoDriver({ client }).factory({ client });
  await client.get("a key that connects".replaceAll(" ", "-"));
  for (const key of ["a b", LONG]) {
    const operations = {
      getItem: () => storage.getItem(key),
      getItems: () => storage.getItems([{ key }]),
      setItem: () => storage.setItem(key, "value"),
      setUnstorable: () => storage.setItemRaw(key, UNSTORABLE),
      removeItem: () => storage.removeItem(key),
      keyvGet: () => keyv.get(key),
      keyvGetMany: () => keyv.getMany([key]),
      keyvSet: () => keyv.set(key, "value"),
      keyvDeleteMany: () => keyv.deleteMany([key]),
      bentoGet: () => bento.get(key),
      bentoPull: () => bento.pull(key),
      bentoSet: () => bento.set(key, "value"),
      bentoDelete: () => bento.delete(key),
    };
    faulty.fail({ reply: "SERVER_ERROR out of luck" });
    for (const [name, operate] of Object.entries(operations)) {
      const error = await failureOf(operate);
      assertInstanceOf(error, ClientException, name);
      checkNames(error, key);
    }
  }
});

Deno.test("Errors of rateLimit and lock name the caller's key", async () => {
  const fault: FaultHook = ({ keys }) => {
    return keys.some((key) => key !== "key") ? { reply: "SERVER_ERROR out of luck" } : undefined;
  };
  await using server = await MemcachedServer.listen({ fault });
  await using client = new Client(server.address);
  const limit = () => rateLimit(client, "key", { limit: 1, window: 60 });
  checkNames(await assertRejects(limit, ClientException), "key");
  checkNames(await assertRejects(() => lock(client, "key", { ttl: 5 }), ClientException), "key");
});

Deno.test("withCallersKeys changes errors of the library only, and each place where a key stands", () => {
  const names = new Map([["s", "key"]]);
  const foreign = new TypeError(`no "s"`);
  assertEquals(withCallersKeys(foreign, names).message, `no "s"`);
  const cause = new SocketError(`lost "s"`);
  const error = new ClientException(`Cannot get key "s" beside "ss"`, "s", { cause });
  assertEquals(withCallersKeys(error, names), error);
  assertEquals(error.message, `Cannot get key "key" beside "ss"`);
  assertEquals(error.item, "key");
  assertEquals(cause.message, `lost "key"`);
  const many = new Map(Array.from({ length: 5 }, (_, i) => [`s${i}`, `key${i}`]));
  const shared = new SocketError(`under way: get key "s3", set key "s4" and "s5"`);
  assertEquals(
    withCallersKeys(shared, many).message,
    `under way: get key "key3", set key "key4" and "s5"`,
  );
  // What carries itself does not go round in circles.
  const circle = new SocketError(`"s"`);
  Object.assign(circle, { cause: circle });
  assertEquals(withCallersKeys(circle, names).message, `"key"`);
});
