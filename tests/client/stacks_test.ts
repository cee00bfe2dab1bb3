/** The stacks of errors lead to who awaits the operation. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Client, ClientException, type ClientOptions, SocketError } from "../../mod.ts";
import { MoecacheCacheStorage } from "../../src/adapters/cache.ts";
import { KeyvMoecache } from "../../src/adapters/keyv.ts";
import { lock, memoize, once, rateLimit } from "../../src/patterns/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import {
  hashedKeys,
  largeValues,
  nearCache,
  replicas,
  spread,
  tagged,
  typed,
} from "../../src/views/mod.ts";
import { answering, ScriptedPeer } from "../support/scripted_peer.ts";

/** Awaits an operation under a name that a stack can show. */
async function firstCaller(operate: () => Promise<unknown>): Promise<unknown> {
  return await operate();
}

/** As {@linkcode firstCaller}, under another name. */
async function secondCaller(operate: () => Promise<unknown>): Promise<unknown> {
  return await operate();
}

async function errorOf(operation: Promise<unknown>): Promise<Error> {
  return await operation.then(() => new Error("it has not failed"), (error) => error);
}

const NOWHERE = "127.0.0.1:1";

Deno.test("a SocketError's stack contains the code that awaits the operation", async () => {
  const failovers: ClientOptions[] = [{}, { retries: 1 }, { failover: "remove" }];
  for (const options of failovers) {
    await using client = new Client(NOWHERE, options);
    const operations: (() => Promise<unknown>)[] = [
      () => client.get("a"),
      () => client.set("a", 1),
      () => client.getMany(["a", "b"]),
      () => client.setMany({ a: 1 }),
      () => client.incr("a", 1, { initial: 1 }),
      () => client.getOrSet("a", () => 1),
      () => client.stats(),
      () => client.version(),
      () => client.meta("mg", "a", ["v"]),
      () => client.namespace("n").get("a"),
    ];
    for (const operate of operations) {
      const error = await errorOf(firstCaller(operate));
      assert(error instanceof SocketError, `${operate}: ${error}`);
      assertStringIncludes(error.stack!, "firstCaller", `${operate}`);
      assertStringIncludes(error.stack!, `${error.name}: ${error.message}`);
    }
  }
});

Deno.test("the stack of a refusal of a server contains the code that awaits it", async () => {
  const fault = () => ({ reply: "SERVER_ERROR out of luck" });
  await using refusing = await MemcachedServer.listen({ fault });
  await using other = await MemcachedServer.listen();
  for (const servers of [[refusing.address], [refusing.address, other.address]]) {
    await using client = new Client(servers);
    const operations: (() => Promise<unknown>)[] = [
      () => client.stats(),
      () => client.version(),
      () => client.flushAll(),
      () => client.verbosity(1),
    ];
    for (const operate of operations) {
      const error = await errorOf(firstCaller(operate));
      assert(error instanceof ClientException, `${operate}: ${error}`);
      assertStringIncludes(error.stack ?? "", "firstCaller", `${operate}`);
    }
  }
});

Deno.test("a SocketError's stack contains the code that awaits a reply that is late or does not come", async () => {
  const faults: [ClientOptions, (() => undefined) | undefined][] = [
    [{ timeout: 20 }, () => undefined],
    [{ stallTimeout: 20 }, () => undefined],
    [{}, undefined],
  ];
  for (const [options, answer] of faults) {
    await using peer = new ScriptedPeer(
      answer === undefined ? (connection) => connection.close() : answering(answer),
    );
    await using client = new Client(peer.address, options);
    const error = await errorOf(firstCaller(() => client.get("a")));
    assert(error instanceof SocketError);
    assertStringIncludes(error.stack!, "firstCaller");
    assertEquals(error.server, peer.address);
  }
});

Deno.test("a ClientException's stack contains the code that awaits the refused operation", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.set("text", "text");
  const error = await errorOf(firstCaller(() => client.incr("text")));
  assert(error instanceof ClientException);
  assertStringIncludes(error.stack!, "firstCaller");
  assertStringIncludes(String(error.item), "non-numeric");
});

Deno.test("the stacks of operations that fail together lead to the caller of each", async () => {
  await using client = new Client(NOWHERE);
  const [first, second] = await Promise.all([
    errorOf(firstCaller(() => client.get("a"))),
    errorOf(secondCaller(() => client.get("b"))),
  ]);
  assertStringIncludes(first!.stack!, "firstCaller");
  assertStringIncludes(second!.stack!, "secondCaller");
  assert(!first!.stack!.includes("secondCaller"));
  assert(!second!.stack!.includes("firstCaller"));
  assertEquals(second!.message.replace('"b"', '"a"'), first!.message);
  assertEquals(second!.cause, first!.cause);
});

Deno.test("all operations that fail together fail, and the stacks of a hundred show their callers", async () => {
  await using client = new Client(NOWHERE);
  const errors = await Promise.all(
    Array.from({ length: 1000 }, () => errorOf(firstCaller(() => client.get("a")))),
  );
  const told = errors.filter(({ stack }) => stack!.includes("firstCaller"));
  assert(told.length >= 100, `${told.length} stacks show the caller`);
  assert(errors.every((error) => error instanceof SocketError));
});

Deno.test("the reason of a signal is thrown unchanged", async () => {
  await using client = new Client(NOWHERE);
  const reason = new SocketError("mine");
  const signal = AbortSignal.abort(reason);
  const first = await errorOf(client.get("a", { signal }));
  const second = await errorOf(client.set("a", 1, 0, { signal }));
  assert(first === reason && second === reason);
  const aborted = new AbortController();
  const operation = errorOf(client.get("a", { signal: aborted.signal }));
  aborted.abort(reason);
  assert(await operation === reason);
});

/** What uses a client through several functions of this module, each with a caller of its own. */
const DEEP: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
  lock: (client) => lock(client, "a", { ttl: 1, waitFor: 0 }),
  "lock in a namespace": (client) => lock(client.namespace("n:"), "a", { ttl: 1, waitFor: 0 }),
  memoize: (client) => memoize(client, (n: number) => n, { key: () => "a" })(1),
  "once of replicas": (client) => once(replicas([client]), "a", () => 1),
  "rateLimit of a view": (client) => rateLimit(typed(client, ANY), "a", { limit: 1, window: 1 }),
  "getOrSet of a near cache": (client) => {
    return nearCache(tagged(hashedKeys(client)), { maxBytes: 1e5, ttl: 1 }).getOrSet("a", () => 1);
  },
  "getMany of views": (client) => {
    return spread(tagged(hashedKeys(client.namespace("n:"))), { keys: [] }).getMany(["a", "b"]);
  },
  "setMany of large values": (client) => {
    return largeValues(tagged(client.namespace("n:"))).setMany({ a: "x".repeat(3_000_000), b: 1 });
  },
  "inspect of a view": (client) => tagged(client).inspect("a"),
  "get of replicas": (client) => replicas([client]).get("a"),
  "getAndTouch of replicas": (client) => replicas([client]).getAndTouch("a", 1),
  setStream: (client) => {
    return largeValues(client).setStream("a", new Response("x".repeat(3_000_000)).body!);
  },
  items: (client) => readAll(client.items()),
  keys: (client) => readAll(client.keys()),
  "open of a cache": (client) => new MoecacheCacheStorage(client).open("pages"),
  "a list of Keyv": (client) => new KeyvMoecache({ client }).getMany(["a", "b"]),
};

/** With a loop of its own: what the runtime loops through is in no stack. */
async function readAll(elements: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of elements);
}

const ANY = {
  "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) },
} as const;

for (const [name, operate] of Object.entries(DEEP)) {
  Deno.test(`the stack of an error leads to the caller: ${name}`, async () => {
    await using refusing = await MemcachedServer.listen({
      fault: () => ({ reply: "SERVER_ERROR out of luck" }),
    });
    for (const server of [NOWHERE, refusing.address]) {
      await using client = new Client(server);
      const error = await errorOf(firstCaller(() => operate(client)));
      assert(error instanceof (server === NOWHERE ? SocketError : ClientException), `${error}`);
      assertStringIncludes(error.stack!, "firstCaller");
      assertStringIncludes(error.stack!, error.message);
    }
  });
}

Deno.test("errors leave the limit of stacks as it is, and heed a limit of 0 and a frozen one", async () => {
  await using client = new Client(NOWHERE);
  const get = () => errorOf(firstCaller(() => client.get("a")));
  const limit = Object.getOwnPropertyDescriptor(Error, "stackTraceLimit")!;
  const changes: PropertyDescriptor[] = [{ value: 5 }, { value: 0 }, { value: 7, writable: false }];
  try {
    for (const change of changes) {
      Object.defineProperty(Error, "stackTraceLimit", { ...limit, ...change });
      const error = await get();
      assert(error instanceof SocketError, `${error}`);
      assertEquals(error.stack!.includes("firstCaller"), change.value !== 0);
      assertEquals(Reflect.get(Error, "stackTraceLimit"), change.value);
    }
  } finally {
    Object.defineProperty(Error, "stackTraceLimit", limit);
  }
});
