/** Commands to every server where some servers fail. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  Client,
  ClientException,
  PartialClientException,
  PartialSocketError,
  SocketError,
} from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { answering, ScriptedPeer } from "../support/scripted_peer.ts";

const DEAD = "127.0.0.1:1";

/** Two servers that live, with a dead one before, between or behind them. */
async function withDeadServer(
  body: (client: Client, living: readonly [MemcachedServer, MemcachedServer]) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < 3; at++) {
    await using a = await MemcachedServer.listen();
    await using b = await MemcachedServer.listen();
    const servers = [a.address, b.address];
    servers.splice(at, 0, DEAD);
    await using client = new Client(servers);
    await body(client, [a, b]);
  }
}

Deno.test("stats and version wait for all servers, and carry what the living ones say", async () => {
  await withDeadServer(async (client, [a, b]) => {
    for (const ask of [() => client.stats(), () => client.version()]) {
      const error = await assertRejects(
        ask,
        PartialSocketError,
        `1 of 3 servers, the first "${DEAD}"`,
      );
      assertEquals([...error.failures.keys()], [DEAD]);
      assert(error.failures.get(DEAD) instanceof SocketError);
      assertEquals(new Set(error.results.keys()), new Set([a.address, b.address]));
    }
    const error = await assertRejects(() => client.stats(), PartialSocketError);
    const stats = error.results.get(b.address) as Record<string, string>;
    assertEquals(stats.version, (error.results.get(a.address) as typeof stats).version);
  });
});

Deno.test("flushAll and verbosity reach the living servers", async () => {
  await withDeadServer(async (client, living) => {
    for (const { address } of living) {
      await using own = new Client(address);
      await own.set("key", "value");
    }
    const error = await assertRejects(() => client.flushAll(), PartialSocketError);
    assertEquals([...error.failures.keys()], [DEAD]);
    await assertRejects(() => client.verbosity(1), PartialSocketError);
    for (const { address } of living) {
      await using own = new Client(address);
      assertEquals(await own.get("key"), undefined);
      assertEquals((await own.stats("settings"))[0]?.verbosity, "1");
    }
  });
});

Deno.test("flushAll does not reject before a slow server has flushed", async () => {
  const asked = Promise.withResolvers<void>();
  const flushed = Promise.withResolvers<void>();
  await using slow = new ScriptedPeer(async (connection) => {
    await connection.request();
    asked.resolve();
    await flushed.promise;
    await connection.send("OK\r\n");
  });
  await using client = new Client([DEAD, slow.address]);
  let isSettled = false;
  const flushing = client.flushAll().catch((error) => error).finally(() => isSettled = true);
  await asked.promise;
  // The dead one has refused long before.
  await using other = new Client(DEAD);
  for (let i = 0; i < 3; i++) await assertRejects(() => other.version(), SocketError);
  assertEquals(isSettled, false);
  flushed.resolve();
  assert(await flushing instanceof PartialSocketError);
});

Deno.test("items lists the items of the living servers before it fails", async () => {
  await withDeadServer(async (client, [a, b]) => {
    for (const [i, { address }] of [a, b].entries()) {
      await using own = new Client(address);
      for (let item = 0; item <= i; item++) await own.set(`${i}:${item}`, "value");
    }
    const keys: string[] = [];
    const error = await assertRejects(async () => {
      for await (const { key } of client.items()) keys.push(key);
    }, PartialSocketError);
    assertEquals(keys.sort(), ["0:0", "1:0", "1:1"]);
    assertEquals([...error.failures.keys()], [DEAD]);
    assertEquals(error.results, new Map([[a.address, 1], [b.address, 2]]));
  });
});

Deno.test("what all servers refuse is an error with the names of all", async () => {
  await using a = await MemcachedServer.listen();
  await using b = await MemcachedServer.listen();
  await using client = new Client([a.address, b.address]);
  const error = await assertRejects(() => client.stats("nonsense"), PartialClientException);
  assertEquals(new Set(error.item as string[]), new Set([a.address, b.address]));
  assertEquals(error.results.size, 0);
});

Deno.test("a single server's error is thrown as it is", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const refusal = await assertRejects(() => client.stats("nonsense"), ClientException);
  assertEquals([refusal.name, refusal.item], ["ClientException", "ERROR"]);
  await using dead = new Client(DEAD);
  const error = await assertRejects(() => dead.version(), SocketError);
  assertEquals([error.name, error.server], ["SocketError", DEAD]);
});

Deno.test("commands to every server end with their signal", async () => {
  await using silent = new ScriptedPeer(answering(() => undefined));
  await using server = await MemcachedServer.listen();
  await using client = new Client([server.address, silent.address]);
  const asks: ((signal: AbortSignal) => Promise<unknown>)[] = [
    (signal) => client.version({ signal }),
    (signal) => client.flushAll({ signal }),
  ];
  for (const ask of asks) {
    const stop = new AbortController();
    const asked = ask(stop.signal);
    stop.abort("enough");
    assertEquals(await asked.catch((reason) => reason), "enough");
  }
  const stop = new AbortController();
  const items = Array.fromAsync(client.items({ signal: stop.signal })).catch((reason) => reason);
  stop.abort("enough");
  assertEquals(await items, "enough");
});

Deno.test("a refusal of one server names it, whether it is the only one or not", async () => {
  const answer = "SERVER_ERROR out of luck";
  await using refusing = await MemcachedServer.listen({ fault: () => ({ reply: answer }) });
  await using other = await MemcachedServer.listen();
  const { address } = refusing;
  for (const servers of [[address], [address, other.address]]) {
    await using client = new Client(servers);
    const calls: [call: () => Promise<unknown>, message: string][] = [
      [() => client.stats(), `request stats of ${address}`],
      [() => client.stats("items"), `request stats items of ${address}`],
      [() => client.version(), `ask for the version of ${address}`],
      [() => client.flushAll(), `send flush_all to ${address}`],
      [() => client.verbosity(1), `send verbosity to ${address}`],
    ];
    for (const [call, action] of calls) {
      const refusal = `Cannot ${action}: the server answered "${answer}"`;
      await assertRejects(call, ClientException, refusal);
    }
  }
});
