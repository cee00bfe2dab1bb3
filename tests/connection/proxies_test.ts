/** Through proxies, as they are and as the embedded server imitates them, one of whose servers is dead. @module */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  Client,
  ClientException,
  PartialClientException,
  SocketError,
  ValidationException,
} from "../../mod.ts";
import { lock, once } from "../../src/patterns/mod.ts";
import { deadBackend, MemcachedServer } from "../../src/testing/mod.ts";
import { MemcachedProcess } from "../support/memcached.ts";
import { freePort, REAL_PROXIES } from "../support/real_proxies.ts";
import { until } from "../support/turns.ts";

async function refusalOf(operation: Promise<unknown>): Promise<unknown> {
  try {
    return { resolved: await operation };
  } catch (error) {
    if (error instanceof ClientException) return String(error.item).split(" ", 1)[0];
    throw error;
  }
}

/** Waits until a proxy that has just begun to listen has reached its server. */
async function reaches(client: Client, key: string): Promise<void> {
  await until(async () => await refusalOf(client.get(key)) !== "SERVER_ERROR");
}

/** Asks for dead and living keys in one turn, again and again. */
async function expectOwnAnswers(client: Client, keys: string[], dead: string): Promise<void> {
  const live = keys.slice(0, 3);
  const [a, b, absent] = live as [string, string, string];
  await client.set(a, "value of a");
  await client.set(b, "value of b");
  for (let times = 0; times < 20; times++) {
    const outcomes = await Promise.all([
      refusalOf(client.get(dead)),
      client.get(absent),
      client.gets(a).then((item) => item?.value),
      client.get(a),
      refusalOf(client.gets(dead)),
      client.get(b),
    ]);
    assertEquals(outcomes, [
      "SERVER_ERROR",
      undefined,
      "value of a",
      "value of a",
      "SERVER_ERROR",
      "value of b",
    ]);
  }
  const error = await client.getMany([...live, dead]).catch((error) => error);
  assert(error instanceof PartialClientException, `${error}`);
  assertEquals([...error.failures.keys()], [dead]);
  assertEquals(error.results, new Map([[a, "value of a"], [b, "value of b"]]));
}

/** Asks as {@linkcode expectOwnAnswers} does; that brings one new connection, and no failure. */
async function expectPeace(address: string, live: string[], dead: string): Promise<void> {
  await using client = new Client(address, { failuresBeforeDead: 1 });
  const faults: string[] = [];
  client.addEventListener("error", ({ error }) => faults.push(String(error)));
  const connections = async () => Number((await client.stats())[0]!.total_connections);
  await reaches(client, live[0]!);
  const before = await connections();
  await expectOwnAnswers(client, live, dead);
  assertEquals(await connections(), before + 1);
  assertEquals(faults, []);
}

for (const proxy of ["memcached", "twemproxy"] as const) {
  Deno.test(`Client gives every operation its own answer behind an embedded server that refuses like ${proxy}`, async () => {
    const fault = deadBackend((key) => key.startsWith("dead"), proxy);
    await using server = await MemcachedServer.listen({ fault });
    await expectPeace(server.address, ["live:a", "live:b", "live:absent"], "dead:a");
  });
}

for (const proxy of Object.values(REAL_PROXIES)) {
  Deno.test({
    name: `Client gives every operation its own answer through ${proxy.name}${proxy.lacks}`,
    ignore: proxy.lacks !== "",
    fn: async () => {
      await using live = await MemcachedProcess.start();
      const ports = [live.port, freePort()];
      await using running = await proxy.start(ports);
      const { address } = running;
      const keys = Array.from({ length: 50 }, (_, i) => `${i}-key`);
      const [a, b] = [0, 1].map((index) =>
        keys.filter((key) => proxy.indexOf(key, ports) === index)
      );
      // twemproxy closes the connection at `stats`, which tells how many connections there were.
      if (proxy === REAL_PROXIES.memcached) await expectPeace(address, a!, b![0]!);
      else {
        await using client = new Client(address);
        await expectOwnAnswers(client, a!, b![0]!);
      }
    },
  });
}

/** The embedded server that is like a twemproxy; and a twemproxy before a memcached, where both are installed. */
async function withTwemproxy(body: (address: string) => Promise<void>): Promise<void> {
  await using embedded = await MemcachedServer.listen({ imitate: "twemproxy 0.5" });
  await body(embedded.address);
  const { lacks, start } = REAL_PROXIES.twemproxy;
  if (lacks !== "") return;
  await using live = await MemcachedProcess.start();
  await using proxy = await start([live.port]);
  await body(proxy.address);
}

Deno.test('proxy: "twemproxy" does without what twemproxy does not know', () =>
  withTwemproxy(async (address) => {
    await using client = new Client(address, { proxy: "twemproxy", failuresBeforeDead: 1 });
    await using other = new Client(address, { proxy: "twemproxy" });
    const faults: string[] = [];
    client.addEventListener("error", ({ error }) => faults.push(String(error)));
    const options = { exptime: 60, staleFor: 30 };
    const values = await Promise.all(
      [client, other].flatMap((each) => [1, 2].map(() => each.getOrSet("a", () => 1, options))),
    );
    assertEquals(values, [1, 1, 1, 1]);
    assertEquals(await client.invalidate("a"), true);
    assertEquals(await other.getOrSet("a", () => 2, options), 2);
    assertEquals((await client.inspect("a"))?.size, 5);
    await (await lock(client, "lock", { ttl: 5 })).release();
    assertEquals(await once(client, "once", () => 1), 1);
    assertEquals(await client.namespace("n:").getOrSet("key", () => 1), 1);
    assertEquals(await client.update("a", () => 3), 3);
    const unknown: Record<string, () => unknown> = {
      'gat key "a"': () => client.getAndTouch("a", 60),
      'mg key "a"': () => client.meta("mg", "a", ["v"]),
      "a command to all servers": () => client.stats(),
      "a command to all servers ": () => client.flushAll(),
      " a command to all servers": async () => (await client.items().next()).value,
    };
    for (const [name, ask] of Object.entries(unknown)) {
      const message = `Cannot send ${name.trim()}: twemproxy does not know it`;
      await assertRejects(async () => void await ask(), ValidationException, message);
    }
    assertEquals([await client.get("a"), faults], [3, []]);
  }));

Deno.test("an operation that makes twemproxy close the connection is named, and not sent again", () =>
  withTwemproxy(async (address) => {
    await using client = new Client(address, { retries: 3 });
    const known: Record<string, () => Promise<unknown>> = {
      'mg key "a"': () => client.meta("mg", "a", ["v"]),
      'mg key "b"': () => client.getOrSet("b", () => 1),
      "request stats of": () => client.stats(),
      "send flush_all to": () => client.flushAll(),
    };
    for (const [name, ask] of Object.entries(known)) {
      const error = await assertRejects(ask, SocketError, `Cannot ${name}`);
      assertStringIncludes(error.message, "a proxy may do so for a command that it does not know");
      // The client goes on over another connection.
      assertEquals(await client.get("a"), undefined);
    }
  }));

Deno.test("proxy is one that there is", () => {
  const make = () => new Client("h", { proxy: "nginx" as "twemproxy" });
  assertThrows(make, ValidationException, 'Cannot use proxy "nginx"');
});
