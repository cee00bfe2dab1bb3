/** What a proxy refuses because its server is away: the server may have executed it, or may still do so. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  Client,
  ClientException,
  jsonTranscoder,
  type KeyCommands,
  SocketError,
  ValidationException,
} from "../../mod.ts";
import { lock, once } from "../../src/patterns/mod.ts";
import { isBackendFailure, isUnreachable } from "../../src/protocol/backend_failure.ts";
import { deadBackend, MemcachedServer } from "../../src/testing/mod.ts";
import { largeValues, nearCache, replicas, spread, tagged } from "../../src/views/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { GivingUpProxy } from "../support/giving_up_proxy.ts";

const REFUSAL = "backend failure";

/** A proxy, and two clients of it that know no more of each other than two processes do. */
async function withProxy(
  body: (proxy: GivingUpProxy, first: Client, second: Client) => Promise<void>,
): Promise<void> {
  await using proxy = new GivingUpProxy();
  // The proxy reads lines of text.
  const options = { transcoder: jsonTranscoder() };
  await using first = new Client(proxy.address, options);
  await using second = new Client(proxy.address, options);
  await body(proxy, first, second);
}

Deno.test("a refusal by a proxy is distinguished from one by memcached", () => {
  const lines: Record<string, boolean> = {
    "SERVER_ERROR": true,
    "SERVER_ERROR backend failure": true,
    "SERVER_ERROR Connection timed out": true,
    "SERVER_ERROR Host is down": true,
    "SERVER_ERROR out of memory storing object": false,
    "SERVER_ERROR Out of memory during read": false,
    "SERVER_ERROR object too large for cache": false,
    "SERVER_ERRORS": false,
    "CLIENT_ERROR bad data chunk": false,
    "ERROR": false,
  };
  for (const [line, expected] of Object.entries(lines)) {
    const error = new ClientException("Cannot set", line);
    assertEquals([isBackendFailure(error), isUnreachable(error)], [expected, expected], line);
  }
  assertEquals(isBackendFailure(new SocketError("lost")), false);
  // What a caller has passed is no line of a server's, and may have no text.
  for (const item of ["SERVER_ERROR backend failure", Symbol("value"), Object.create(null)]) {
    assertEquals(isBackendFailure(new ValidationException("Cannot set key", item)), false);
  }
  assertEquals(isUnreachable(new SocketError("lost")), true);
  assertEquals(isUnreachable(new TypeError("SERVER_ERROR")), false);
  // What an error holds may be a value of the caller, which cannot always be made a text.
  for (const item of [Symbol("a"), [Symbol("b")], ["SERVER_ERROR"], Object.create(null)]) {
    assertEquals(isUnreachable(new ClientException("Cannot read", item)), false);
  }
  assertEquals(isUnreachable(new ValidationException("Cannot store", "SERVER_ERROR")), false);
});

Deno.test("lock, once and getOrSet remove a claim that a proxy refused and its server executed later", () =>
  withProxy(async (proxy, first, second) => {
    const claims: ((client: Client, waitFor: number) => Promise<unknown>)[] = [
      async (client, waitFor) => {
        await using _held = await lock(client, "lock", { ttl: 600, waitFor });
      },
      (client, waitFor) => once(client, "once", () => "done", { lockFor: 600, waitFor }),
      (client, waitFor) => client.getOrSet("value", () => "done", { lockFor: 600, waitFor }),
    ];
    for (const claim of claims) {
      proxy.hang((line) => /^(add|ms) /.test(line));
      await assertRejects(() => claim(first, 0), ClientException, REFUSAL);
      proxy.goOn();
      await claim(second, 60);
    }
    assertEquals(await second.get("once"), "done");
    assertEquals(await first.get("value"), "done");
  }));

Deno.test("a lock whose release a proxy refused is released when its server is back", () =>
  withProxy(async (proxy, first, second) => {
    const held = await lock(first, "key", { ttl: 600 });
    proxy.hang();
    await assertRejects(() => held.release(), ClientException, REFUSAL);
    proxy.goOn();
    await using next = await lock(second, "key", { ttl: 600, waitFor: 60 });
    assertEquals(await next.isHeld(), true);
  }));

Deno.test("once stores its result again when a proxy refused it, and not that it could not be stored", () =>
  withProxy(async (proxy, first, second) => {
    let refused = 0;
    proxy.hang((line) => line.startsWith("cas ") && refused++ === 0);
    assertEquals(await once(first, "key", () => "done"), "done");
    assertEquals(refused, 2);
    assertEquals(await once(second, "key", () => "again"), "done");
  }));

Deno.test("largeValues keeps the chunks of a value that a proxy refused and its server stored later", () =>
  withProxy(async (proxy, first, second) => {
    const options = { chunkByteLength: 1024 };
    const view = largeValues(first, options);
    const old = "o".repeat(3000);
    await view.set("key", old);
    const value = "n".repeat(3000);
    proxy.hang((line) => line.startsWith("set key "));
    await assertRejects(() => view.set("key", value), ClientException, REFUSAL);
    assertEquals(await view.get("key"), old);
    proxy.goOn();
    assertEquals(await largeValues(second, options).get("key"), value);
  }));

Deno.test("incr of largeValues is not sent in another way when a proxy refused it", () =>
  withProxy(async (proxy, first) => {
    const view = largeValues(first);
    await first.set("key", 5);
    proxy.hang((line) => line.startsWith("incr "));
    await assertRejects(() => view.incr("key"), ClientException, REFUSAL);
    proxy.goOn();
    assertEquals(await first.get("key"), 6);
  }));

for (const proxy of ["memcached", "twemproxy"] as const) {
  const isDead = (key: string) => key.includes("dead");

  Deno.test(`failover: "miss" takes keys whose server ${proxy}'s proxy cannot reach for misses`, async () => {
    await using server = await MemcachedServer.listen({ fault: deadBackend(isDead, proxy) });
    const options = proxy === "twemproxy" ? { proxy } : {};
    await using client = new Client(server.address, { failover: "miss", retries: 2, ...options });
    await client.set("live", 1);
    await client.set("dead", 1);
    assertEquals(await Promise.all(["dead", "live"].map((key) => client.get(key))), [undefined, 1]);
    assertEquals(await client.getMany(["dead", "live"]), new Map([["live", 1]]));
    assertEquals(await client.getOrSet("dead", () => 2), 2);
    assert(client.servers[0]!.missed > 0);
    const namespace = client.namespace("dead:");
    await namespace.set("key", 1);
    assertEquals(await namespace.get("key"), undefined);
    assertEquals(await namespace.getOrSet("key", () => 2), 2);
    const view = tagged(client);
    await view.set("key", 1, 0, { tags: ["dead"] });
    assertEquals(await view.get("key"), undefined);
    // What must not be lost still fails.
    const update = () => client.update("dead", () => 1);
    await assertRejects(update, ClientException, "SERVER_ERROR");
    const count = () => client.incr("dead", 1, { initial: 1 });
    await assertRejects(count, ClientException, "SERVER_ERROR");
    await assertRejects(() => client.get("dead", { failover: "error" }), ClientException);
  });
}

Deno.test('failover: "miss" does not hide what memcached itself refuses', async () => {
  const fault = () => ({ reply: "SERVER_ERROR out of memory storing object" });
  await using server = await MemcachedServer.listen({ fault });
  await using client = new Client(server.address, { failover: "miss" });
  await assertRejects(() => client.set("key", 1), ClientException, "out of memory");
});

/** A server behind a proxy that may lose it. */
async function losable() {
  const state = { isLost: false };
  const server = await MemcachedServer.listen({ fault: deadBackend(() => state.isLost) });
  return { state, server };
}

Deno.test("nearCache serves old values while a proxy cannot reach the server, for staleOnError", async () => {
  const { state, server } = await losable();
  await using _server = server;
  await using client = new Client(server.address);
  const clock = new FakeClock();
  const view = nearCache(client, {
    maxBytes: 10_000,
    ttl: 1,
    admit: "all",
    staleOnError: 10,
    clock,
  });
  await view.setMany({ a: 1, b: 2 });
  await view.getMany(["a", "b"]);
  state.isLost = true;
  clock.tick(5000);
  assertEquals(await view.get("a"), 1);
  assertEquals(await view.getOrSet("a", () => 5), 1);
  assertEquals(await view.getMany(["a", "b"]), new Map([["a", 1], ["b", 2]]));
  await assertRejects(() => view.getMany(["a", "c"]), ClientException, REFUSAL);
});

Deno.test("replicas and spread use another place while a proxy cannot reach the server of one", async () => {
  const [one, other] = [await losable(), await losable()];
  await using first = one.server;
  await using second = other.server;
  await using a = new Client(first.address);
  await using b = new Client(second.address);
  await using both = new Client([first.address, second.address]);
  const views: KeyCommands[] = [replicas([a, b]), spread(both, { copies: 2, keys: () => true })];
  const keys = Array.from({ length: 20 }, (_, i) => `key${i}`);
  for (const view of views) {
    await view.setMany(keys.map((key) => [key, key] as const), 60);
    for (const { state, server } of [one, other]) {
      state.isLost = true;
      for (const key of keys) {
        // What spread copies is asked for at its own place where a copy cannot be reached, and at no other.
        const isHome = view === views[1] && (await both.locate(key)).server === server.address;
        if (!isHome) assertEquals(await view.get(key), key);
      }
      state.isLost = false;
    }
  }
});
