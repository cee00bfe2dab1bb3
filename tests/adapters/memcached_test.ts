import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { Client, SocketError, ValidationException } from "../../mod.ts";
import MemcachedDefault, {
  Memcached,
  type MemcachedIssue,
  type MemcachedOptions,
  type MemcachedQuery,
  type MemcachedServers,
} from "../../src/adapters/memcached.ts";
import { Emitter } from "../../src/adapters/memcached/emitter.ts";
import { ketama } from "../../src/routing/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

/** Nothing listens there. */
const NOWHERE = "127.0.0.1:1";

type Outcome = readonly [error: unknown, result: unknown];
type Callback = (this: MemcachedQuery, error: unknown, result: unknown) => void;

/** Calls a method, and resolves to what its callback gets. */
function call(client: Memcached, name: keyof Memcached, ...args: unknown[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const callback: Callback = (error, result) => resolve([error, result]);
    const method = client[name] as unknown as (...args: unknown[]) => void;
    method.call(client, ...args, callback);
  });
}

async function messageOf(outcome: Promise<Outcome>): Promise<unknown> {
  const [error, result] = await outcome;
  assertInstanceOf(error, Error);
  return [error.message, result];
}

Deno.test("memcached: values keep their types, and a miss is undefined", async () => {
  await using server = await MemcachedServer.listen();
  const client = new MemcachedDefault(server.address);
  assertEquals(MemcachedDefault, Memcached);
  const values = ["text", 5, { a: [1, null] }, true, null, Uint8Array.of(0, 10, 255)];
  for (const value of values) {
    assertEquals(await call(client, "set", "key", value, 60), [undefined, true]);
    const [error, result] = await call(client, "get", "key");
    assertEquals(error, undefined);
    if (value instanceof Uint8Array) assertEquals(`${result}`, "\0\n\ufffd");
    else assertEquals(result, value);
  }
  assertEquals(await call(client, "get", "other"), [undefined, undefined]);
  assertEquals(await call(client, "gets", "other"), [undefined, undefined]);
  client.end();
});

Deno.test("memcached: what is not stored is an error with notStored, and what does not exist is false", async () => {
  await using server = await MemcachedServer.listen();
  const client = new Memcached(server.address);
  for (
    const args of [["replace", "key", "v", 0], ["append", "key", "v"], ["prepend", "key", "v"]]
  ) {
    const [error, result] = await call(client, ...args as ["append"]);
    assertEquals([(error as { notStored?: boolean }).notStored, result], [true, false]);
    assertEquals((error as Error).message, "Item is not stored");
  }
  for (
    const args of [["del", "key"], ["touch", "key", 5], ["incr", "key", 1], ["decr", "key", 1]]
  ) {
    assertEquals(await call(client, ...args as ["del"]), [undefined, false]);
  }
  assertEquals(await call(client, "cas", "key", "v", "1", 0), [undefined, false]);
  client.end();
});

Deno.test("memcached: callbacks come in the order of the calls", async () => {
  await using server = await MemcachedServer.listen();
  const client = new Memcached(server.address);
  await call(client, "set", "there", "value", 60);
  const calls = [
    ["set", "new", "value", 60],
    // The client reads both with one request, and knows first what exists.
    ["get", "missing"],
    ["get", "there"],
    ["replace", "missing", "value", 60],
    ["getMulti", ["new", "there"]],
    ["incr", "there", 1],
    ["version"],
    ["append", "there", "!"],
    ["del", "there"],
    ["get", "new"],
  ] as const;
  const answered: number[] = [];
  await Promise.all(calls.map(async ([name, ...args], i) => {
    await call(client, name, ...args);
    answered.push(i);
  }));
  assertEquals(answered, [...calls.keys()]);
  client.end();
});

Deno.test("memcached: callbacks of each server come in the order of the calls", async () => {
  await using one = await MemcachedServer.listen();
  await using two = await MemcachedServer.listen();
  const servers = [one.address, two.address];
  const client = new Memcached(servers);
  await using located = new Client(servers, { locator: ketama });
  const calls = await Promise.all(Array.from({ length: 30 }, async (_, i) => {
    const key = `key${i}`;
    // Every other key is missing.
    if (i % 2 === 1) await call(client, "set", key, "value", 60);
    return { key, index: (await located.locate(key)).index };
  }));
  const answered: number[][] = [[], []];
  await Promise.all(calls.map(async ({ key, index }, i) => {
    await call(client, "get", key);
    answered[index]!.push(i);
  }));
  for (const [index, order] of answered.entries()) {
    assertEquals(order, [...calls.keys()].filter((i) => calls[i]!.index === index));
    assert(order.length > 0);
  }
  client.end();
});

Deno.test("memcached: no call waits for one before it that is sent again", async () => {
  let requests = 0;
  const fault = () => requests++ === 0 ? { drop: "before" } as const : undefined;
  await using server = await MemcachedServer.listen({ fault });
  const client = new Memcached(server.address, { retries: 1, minTimeout: 50 });
  const answered: string[] = [];
  await Promise.all([
    call(client, "set", "key", "value", 60).then(([error]) => answered.push(`set ${error}`)),
    call(client, "incr", "key", 1).then(() => answered.push("incr")),
  ]);
  assertEquals(answered, ["incr", "set undefined"]);
  client.end();
});

Deno.test("memcached: append, counters and cas", async () => {
  await using server = await MemcachedServer.listen();
  const client = new Memcached(server.address, { namespace: "n:" });
  await call(client, "set", "a", "b", 0);
  await call(client, "append", "a", "\nc");
  await call(client, "prepend", "a", "a");
  assertEquals(await call(client, "get", "a"), [undefined, "ab\nc"]);
  await call(client, "set", "n", 5, 0);
  assertEquals(await call(client, "increment", "n", 3), [undefined, 8]);
  assertEquals(await call(client, "decrement", "n", 9), [undefined, 0]);
  const [, item] = await call(client, "gets", "n") as [unknown, Record<string, unknown>];
  assertEquals(item["n:n"], 0);
  assertEquals(await call(client, "cas", "n", 7, item.cas, 0), [undefined, true]);
  assertEquals(await call(client, "cas", "n", 8, item.cas, 0), [undefined, false]);
  const [error, result] = await call(client, "incr", "a", 1);
  assert(error instanceof Error && result === false);
  client.end();
});

Deno.test("memcached: keys are checked in the words of the package", async () => {
  const client = new Memcached(NOWHERE, { keyCompression: false, maxKeySize: 10 });
  const space = "The key should not contain any whitespace or new lines";
  assertEquals(await messageOf(call(client, "get", "a b")), [space, undefined]);
  const long = 'Argument "key" is longer than the maximum allowed length of 10';
  assertEquals(await messageOf(call(client, "get", "12345678901")), [long, undefined]);
  const [[fault], nothing] = await call(client, "getMulti", "key") as [[Error], unknown];
  assertEquals([fault.message, nothing], ['Argument "key" is not a valid Array.', {}]);
  for (
    const [args, name, type] of [
      [["get", null], "key", "String"],
      [["set", "key", "v", "5"], "lifetime", "Number"],
      [["touch", "key", "5"], "lifetime", "Number"],
      [["incr", "key", "5"], "value", "Number"],
    ] as const
  ) {
    const [error] = await call(client, ...args as unknown as ["get"]);
    assertEquals((error as Error).message, `Argument "${name}" is not a valid ${type}.`);
  }
  assertThrows(() => client.get("key", undefined as unknown as Callback), ValidationException);
  const [error] = await call(client, "set", "key", undefined, 0);
  assertInstanceOf(error, ValidationException);
  client.end();
});

Deno.test("memcached: every server answers, and the answers are in the package's form", async () => {
  await using one = await MemcachedServer.listen();
  await using two = await MemcachedServer.listen();
  const servers = [one.address, two.address];
  const client = new Memcached(servers);
  const [, versions] = await call(client, "version") as [unknown, Record<string, string>[]];
  assertEquals(versions.map(({ server }) => server), servers);
  assertEquals(
    versions.map(({ version, major, minor, bugfix }) => version === `${major}.${minor}.${bugfix}`),
    [true, true],
  );
  const [, stats] = await call(client, "stats") as [unknown, Record<string, unknown>[]];
  assertEquals(
    stats.map(({ server, curr_items }) => [server, curr_items]),
    servers.map((name) => [name, 0]),
  );
  assertEquals(await call(client, "flush"), [undefined, [true, true]]);
  client.end();
});

Deno.test("memcached: a server that cannot be reached is an error, and the others answer", async () => {
  await using server = await MemcachedServer.listen();
  const client = new Memcached([NOWHERE, server.address]);
  const keys = Array.from({ length: 20 }, (_, i) => `key${i}`);
  const isHere = new Map<string, boolean>();
  for (const key of keys) isHere.set(key, (await call(client, "set", key, key, 0))[1] === true);
  const here = keys.filter((key) => isHere.get(key));
  assert(here.length > 0 && here.length < 20);
  const [errors, found] = await call(client, "getMulti", keys);
  assert(Array.isArray(errors) && errors.every((error) => error instanceof SocketError));
  assertEquals(Object.keys(found as object).toSorted(), here.toSorted());
  const [error, versions] = await call(client, "version") as [unknown, { server: string }[]];
  assertInstanceOf(error, SocketError);
  assertEquals(versions.map((version) => version.server), [server.address]);
  client.end();
});

Deno.test("memcached: with remove the other server is used, and events report it", async () => {
  await using server = await MemcachedServer.listen();
  const client = new Memcached([NOWHERE, server.address], { remove: true, failures: 2 });
  const seen: [string, MemcachedIssue][] = [];
  for (const name of ["issue", "remove", "failure", "reconnecting"] as const) {
    client.on(name, (issue) => seen.push([name, issue]));
  }
  const gone = client.once("issue", () => {}).listenerCount("issue");
  const keys = Array.from({ length: 20 }, (_, i) => `key${i}`);
  for (const key of [...keys, ...keys]) await call(client, "set", key, key, 0);
  for (const key of keys) assertEquals(await call(client, "get", key), [undefined, key]);
  assertEquals(seen.map(([name]) => name), ["issue", "issue", "remove", "failure", "reconnecting"]);
  const [, issue] = seen.at(-1) ?? [];
  assertEquals([issue?.server, issue?.tokens, issue?.failures], [NOWHERE, ["1", "127.0.0.1"], 0]);
  assertEquals([issue?.totalFailures, issue?.messages.length], [2, 2]);
  assertEquals([gone, client.listenerCount("issue")], [2, 1]);
  client.removeAllListeners();
  assertEquals(client.listenerCount("issue"), 0);
  client.end();
});

Deno.test("memcached: failOverServers replace a server that cannot be reached", async () => {
  await using spare = await MemcachedServer.listen();
  const options = { remove: true, failures: 1, failOverServers: [spare.address] };
  const client = new Memcached(NOWHERE, options);
  await call(client, "get", "key");
  assertEquals(await call(client, "set", "key", "value", 0), [undefined, true]);
  assertEquals(await call(client, "get", "key"), [undefined, "value"]);
  client.end();
});

Deno.test("memcached: retries send again what may be sent again", async () => {
  const client = new Memcached(NOWHERE, {
    retries: 2,
    minTimeout: 0,
    maxTimeout: 0,
    failures: 100,
  });
  let issues = 0;
  client.on("issue", () => issues++);
  await call(client, "get", "key");
  assertEquals(issues, 3);
  await call(client, "incr", "key", 1);
  assertEquals(issues, 4);
  client.end();
});

Deno.test("memcached: a callback is called once, as of the call, and more calls than maxQueueSize are refused", async () => {
  await using server = await MemcachedServer.listen();
  const client = new Memcached(server.address, { maxQueueSize: 1 });
  const query = await new Promise<MemcachedQuery>((resolve) => {
    client.get("key", function () {
      resolve(this);
    });
    client.get("key", (error) => assertEquals(error, "over queue limit"));
  });
  assertEquals([query.type, query.key, query.command], ["get", "key", "get key"]);
  assert(query.execution >= 0 && query.start <= Date.now());
  client.end();
});

Deno.test("memcached: servers may be a name, a list or weights, and config holds for all clients", () => {
  const names = (...args: ConstructorParameters<typeof Memcached>) =>
    new Memcached(...args).servers;
  assertEquals(names(), ["localhost:11211"]);
  assertEquals(names([]), ["localhost:11211"]);
  assertEquals(names({ "a:1": 1, "b:2": 3 }), ["a:1", "b:2"]);
  assertThrows(() => names({ "a:1": 0 }), ValidationException);
  for (const none of [{}, null, 5, [5]] as unknown as MemcachedServers[]) {
    assertThrows(() => names(none), ValidationException);
  }
  Memcached.config.namespace = 5 as unknown as string;
  try {
    assertThrows(() => new Memcached(), ValidationException, "namespace");
  } finally {
    Memcached.config = {};
  }
});

Deno.test("memcached: options that it cannot have are refused", () => {
  const refused: readonly [Record<string, unknown>, string][] = [
    [{ redundancy: 2 }, "Cannot use redundancy 2: it must be absent or false"],
    [{ debug: true }, "Cannot use debug"],
    [{ failuresTimeout: 300_000 }, "Cannot use failuresTimeout 300000"],
    [{ timeuot: 5 }, `did you mean "timeout"?`],
    [{ algorithm: "crc32" }, 'one of "md5", "sha1"'],
    [{ compatibility: "modula" }, 'one of "ketama", "hash_ring"'],
    [{ maxKeySize: 100 }, "Cannot use maxKeySize 100"],
    [{ factor: 0 }, "Cannot use factor 0"],
    [{ failOverServers: 5 }, "Cannot use failOverServers 5: it must be a list of servers"],
    [{ retry: 0 }, "Cannot use retry 0"],
    [{ poolSize: 0 }, "Cannot use connections 0"],
  ];
  for (const [options, message] of refused) {
    assertThrows(
      () => new Memcached("a", options as MemcachedOptions),
      ValidationException,
      message,
    );
  }
  new Memcached("a", { redundancy: false, debug: false } as MemcachedOptions);
});

Deno.test("memcached: a listener for one event is removed itself, and not another of the same function", () => {
  for (const order of [["once", "on"], ["on", "once"], ["once", "once", "on"]] as const) {
    const emitter = new Emitter<number>();
    const seen: number[] = [];
    const listener = (event: number) => seen.push(event);
    for (const method of order) emitter[method]("issue", listener);
    for (let event = 0; event < 3; event++) emitter.emit("issue", event);
    assertEquals(seen, [...order.map(() => 0), 1, 2]);
    assertEquals(emitter.listenerCount("issue"), 1);
  }
});

Deno.test("memcached: a key may be a number, as in the package", async () => {
  await using server = await MemcachedServer.listen();
  for (const options of [{}, { namespace: "app:" }]) {
    const client = new Memcached(server.address, options);
    assertEquals(await call(client, "set", 5, "value", 0), [undefined, true]);
    assertEquals(await call(client, "get", "5"), [undefined, "value"]);
    assertEquals(await call(client, "getMulti", [5, 6]), [undefined, { "5": "value" }]);
    assertEquals(await call(client, "del", 5), [undefined, true]);
    for (const key of [undefined, null, {}, true]) {
      const message = await messageOf(call(client, "get", key));
      assertEquals(message, ['Argument "key" is not a valid String.', undefined]);
    }
    client.end();
  }
});

Deno.test("memcached: a callback knows what was to be stored", async () => {
  await using server = await MemcachedServer.listen();
  const client = new Memcached(server.address, { namespace: "app:" });
  const query = await new Promise<MemcachedQuery>((resolve) => {
    client.set("key", { a: 1 }, 60, function () {
      resolve(this);
    });
  });
  const { type, command, key, value, lifetime, cas, validate } = query;
  assertEquals({ type, command, key, value, lifetime, cas, validate }, {
    ...{ type: "set", command: "set app:key", key: "app:key" },
    ...{ value: { a: 1 }, lifetime: 60, cas: undefined, validate: [] },
  });
  const stored = await new Promise<MemcachedQuery>((resolve) => {
    client.cas("key", "b", "1", 0, function () {
      resolve(this);
    });
  });
  assertEquals([stored.type, stored.cas, stored.value], ["cas", "1", "b"]);
  client.end();
});

Deno.test("memcached: a client has the methods of an EventEmitter", () => {
  const client = new Memcached(NOWHERE);
  const seen: string[] = [];
  const listener = () => seen.push("on");
  client.once("failure", () => {});
  assertEquals([client.emit("failure"), client.emit("failure")], [true, false]);
  client.on("issue", listener).prependListener("issue", () => seen.push("first"));
  client.prependOnceListener("issue", () => seen.push("once")).on("issue", listener);
  for (let i = 0; i < 2; i++) assert(client.emit("issue", {}));
  assertEquals(seen, ["once", "first", "on", "on", "first", "on", "on"]);
  assertEquals([client.listenerCount("issue"), client.listenerCount("issue", listener)], [3, 2]);
  assertEquals(client.listeners("issue").slice(1), [listener, listener]);
  assertEquals(client.rawListeners("issue").length, 3);
  assertEquals(client.eventNames(), ["issue"]);
  assertEquals([client.getMaxListeners(), client.setMaxListeners(0).getMaxListeners()], [10, 0]);
  client.removeListener("issue", listener).removeAllListeners("issue");
  assertEquals([client.eventNames(), client.emit("issue", {}), client.emit("error")], [
    [],
    false,
    false,
  ]);
});

Deno.test("memcached: one server may be the only failOverServer", async () => {
  await using server = await MemcachedServer.listen();
  const client = new Memcached(NOWHERE, {
    ...{ remove: true, failures: 1, failOverServers: server.address },
  });
  await call(client, "get", "key");
  assertEquals(await call(client, "set", "key", "value", 0), [undefined, true]);
  client.end();
  new Memcached(NOWHERE, { remove: true, failOverServers: "" }).end();
});

Deno.test("memcached: a listener for one event is called once, also when another emits the event", () => {
  const emitter = new Emitter<number>();
  const seen: string[] = [];
  emitter.on("issue", (event) => {
    seen.push(`on ${event}`);
    if (event === 0) emitter.emit("issue", 1);
  });
  emitter.once("issue", (event) => seen.push(`once ${event}`));
  emitter.emit("issue", 0);
  assertEquals(seen, ["on 0", "on 1", "once 1"]);
});

Deno.test("memcached: cachedump() has the items of a server that is up, and the error of one that is down", async () => {
  await using server = await MemcachedServer.listen();
  const client = new Memcached([NOWHERE, server.address]);
  const keys = Array.from({ length: 20 }, (_, i) => `key${i}`);
  for (const key of keys) await call(client, "set", key, "value", 0);
  const [, slabs] = await call(client, "items") as [unknown, Record<string, unknown>[]];
  const slab = Number(Object.keys(slabs[0] ?? {}).find((name) => name !== "server"));
  const [error, items] = await call(client, "cachedump", server.address, slab, 0);
  assertEquals(error, undefined);
  assert(Array.isArray(items) && items.length > 0 && items.every(({ b }) => b === 5));
  const [fault, nothing] = await call(client, "cachedump", NOWHERE, slab, 0);
  assertInstanceOf(fault, SocketError);
  assertEquals([fault.server, nothing], [NOWHERE, undefined]);
  client.end();
});

Deno.test("memcached: failures are in a row, and messages those since the server last answered", async () => {
  let drops = false;
  await using server = await MemcachedServer.listen({
    fault: () => drops ? { drop: "before" } : undefined,
  });
  const client = new Memcached(server.address, { failures: 3 });
  const seen: number[][] = [];
  client.on("issue", ({ failures, messages, totalFailures }) => {
    seen.push([Number(failures), messages.length, Number(totalFailures)]);
  });
  for (let i = 0; i < 2; i++) {
    drops = true;
    for (let j = 0; j < 2; j++) assertInstanceOf((await call(client, "get", "a"))[0], SocketError);
    drops = false;
    assertEquals(await call(client, "get", "a"), [undefined, undefined]);
  }
  assertEquals(seen, [[2, 1, 1], [1, 2, 2], [2, 1, 3], [1, 2, 4]]);
  client.end();
});

Deno.test("memcached: a lifetime below 0 is over at once, as in the package", async () => {
  await using server = await MemcachedServer.listen();
  const client = new Memcached(server.address);
  for (const name of ["set", "add", "replace"] as const) {
    if (name === "replace") await call(client, "set", "key", "before", 0);
    assertEquals(await call(client, name, "key", "value", -1), [undefined, true], name);
    assertEquals(await call(client, "get", "key"), [undefined, undefined], name);
  }
  await call(client, "set", "key", "value", 0);
  assertEquals(await call(client, "touch", "key", -1), [undefined, true]);
  assertEquals(await call(client, "get", "key"), [undefined, undefined]);
  const [error] = await call(client, "set", "key", "value", -0.5);
  assertInstanceOf(error, ValidationException);
  client.end();
});

Deno.test("memcached: end() waits for what is under way, and later calls connect again", async () => {
  let connections = 0;
  await using server = await MemcachedServer.listen({
    fault: ({ connection }) => {
      connections = Math.max(connections, connection);
      return { delay: 5 };
    },
  });
  const client = new Memcached(server.address);
  let issues = 0;
  client.on("issue", () => issues++);
  for (let i = 1; i <= 3; i++) {
    const both = Promise.all([call(client, "set", "key", i, 0), call(client, "get", "key")]);
    client.end();
    client.end();
    assertEquals(await both, [[undefined, true], [undefined, i]]);
    assertEquals([connections, issues], [i, 0]);
  }
  client.end();
  const none = new Memcached(NOWHERE);
  none.on("issue", () => issues++);
  for (let i = 1; i <= 2; i++) {
    const failed = call(none, "get", "key");
    none.end();
    assertInstanceOf((await failed)[0], SocketError);
    assertEquals(issues, i);
  }
});

Deno.test("memcached: values are of any type, as in the types of the package", async () => {
  await using server = await MemcachedServer.listen();
  const client = new Memcached(server.address);
  await call(client, "set", "user", { name: "Ada" }, 0);
  const names = await new Promise<string[]>((resolve) => {
    client.get("user", (_error, user) => {
      client.getMulti(["user"], (_error, users) => {
        client.gets("user", (_error, item) => {
          client.cas("user", 1, item.cas, 0, (_error, isStored) => {
            resolve([user.name, users.user.name, item.user.name, `${isStored}`]);
          });
        });
      });
    });
  });
  assertEquals(names, ["Ada", "Ada", "Ada", "true"]);
  client.end();
});
