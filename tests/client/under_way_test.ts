/** A lost connection tells which commands were under way, for a proxy may hang up on one that it does not know. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Client, type ClientOptions, type Dial, SocketError } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { play } from "../connection/manual_socket.ts";
import { ScriptedPeer } from "../support/scripted_peer.ts";
import { turn } from "../support/turns.ts";

Deno.test("when a proxy hangs up, each error names the operations that were under way", async () => {
  await using server = await MemcachedServer.listen({ imitate: "twemproxy 0.5" });
  await using client = new Client(server.address);
  const outcomes = await Promise.allSettled([
    client.getAndTouch("culprit", 1),
    ...Array.from({ length: 3 }, (_, i) => client.get(`key${i}`)),
    client.delete("bystander"),
  ]);
  const all = `Connection to ${server.address} ended: the server closed it, under way: ` +
    `gat key "culprit", get key "key2", delete key "bystander" and 2 more`;
  const messages = outcomes.map((outcome) => {
    assert(outcome.status === "rejected" && outcome.reason instanceof SocketError);
    assertEquals(outcome.reason.server, server.address);
    return outcome.reason.message;
  });
  const own = ["key0", "key1"].map((key) => `Cannot get key "${key}": ${all}`);
  assertEquals(messages, [all, ...own, all, all]);
});

for (
  const [action, use] of Object.entries({
    'get key "a"': (client: Client) => client.get("a"),
    'gets key "a"': (client: Client) => client.gets("a"),
    'set key "a"': (client: Client) => client.set("a", 1),
    'append key "a"': (client: Client) => client.append("a", "b"),
    'incr key "a"': (client: Client) => client.incr("a"),
    'touch key "a"': (client: Client) => client.touch("a", 1),
    'delete key "a"': (client: Client) => client.delete("a"),
    'mg key "a"': (client: Client) => client.meta("mg", "a", ["v"]),
    flush_all: (client: Client) => client.flushAll(),
    verbosity: (client: Client) => client.verbosity(1),
    version: (client: Client) => client.version(),
    stats: (client: Client) => client.stats(),
    "stats slabs": (client: Client) => client.stats("slabs"),
  })
) {
  Deno.test(`the error names "${action}" when the server closes the connection`, async () => {
    await using peer = new ScriptedPeer(async (connection) => {
      await connection.request();
      await connection.close();
    });
    await using client = new Client(peer.address);
    const error = await use(client).catch((error) => error);
    assert(error instanceof SocketError, `${error}`);
    const command = action.split(" ", 1)[0] ?? action;
    assertEquals(error.message.split(command).length - 1, 1, error.message);
  });
}

Deno.test("the error of a meta command names the operations that were lost with it, and itself once", async () => {
  await using peer = new ScriptedPeer(async (connection) => {
    await connection.request();
    await connection.request();
    await connection.close();
  });
  await using client = new Client(peer.address);
  const [meta] = await Promise.allSettled([client.meta("mg", "a", ["v"]), client.delete("b")]);
  assert(meta.status === "rejected");
  assertEquals(
    meta.reason.message,
    `Cannot mg key "a": Connection to ${peer.address} ended: the server closed it, ` +
      `also under way: delete key "b"; a proxy may do so for a command that it does not know, ` +
      `and a server with TLS for a client without`,
  );
});

for (
  const [name, use] of Object.entries<(client: Client) => Promise<unknown>>({
    "version": (client) => client.version(),
    "stats items": (client) => Promise.all([client.stats("items"), client.stats()]),
    "mg": (client) => client.meta("mg", "a", ["v"]),
    "mg for a lease": (client) => client.getOrSet("a", () => 1),
  })
) {
  Deno.test(`the end of a connection is not put down to ${name}, which the server has answered before`, async () => {
    let isLost = false;
    await using peer = await MemcachedServer.listen({
      fault: () => isLost ? { drop: "before" } : undefined,
    });
    await using client = new Client(peer.address);
    await use(client);
    await client.invalidate("a");
    isLost = true;
    const error = await use(client).catch((error) => error);
    assert(error instanceof SocketError, `${error}`);
    assertStringIncludes(error.message, `Connection to ${peer.address} ended`);
    assert(!error.message.includes("a proxy may"), error.message);
  });
}

const hanging: Dial = (_, { signal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

/** Operations, and how the message of their end names them. */
const OPERATIONS: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
  'get key "a"': (client) => client.get("a"),
  'gets key "a"': (client) => client.gets("a"),
  'gat key "a"': (client) => client.getAndTouch("a", 1),
  'set key "a"': (client) => client.set("a", 1),
  'add key "a"': (client) => client.add("a", 1),
  'cas key "a"': (client) => client.cas("a", 1, 1n),
  'append key "a"': (client) => client.append("a", "b"),
  'decr key "a"': (client) => client.decr("a"),
  'incr key "a" ': (client) => client.incr("a", 1, { initial: 0 }),
  'touch key "a"': (client) => client.touch("a", 1),
  'delete key "a"': (client) => client.delete("a"),
  'get key "a" ': (client) => client.getMany(["a"]),
  'set key "a" ': (client) => client.setMany({ a: 1 }),
  'mg key "a"': (client) => client.meta("mg", "a", ["v"]),
  'mg key "a" ': (client) => client.getOrSet("a", () => 1),
  'mg key "a"  ': (client) => client.inspect("a"),
  'gets key "a" ': (client) => client.update("a", () => 1),
  'incr the generation of namespace "n"': (client) => client.namespace("n").get("a"),
  "flush_all": (client) => client.flushAll(),
  "stats slabs": (client) => client.stats("slabs"),
  "stats": (client) => client.stats(),
  "version": (client) => client.version(),
  "verbosity": (client) => client.verbosity(1),
  "lru_crawler metadump": (client) => client.items().next(),
  "watch mutations": (client) => client.watch(["mutations"]).ready,
};

for (const [action, use] of Object.entries(OPERATIONS)) {
  Deno.test(`"${action}" is named when it is overdue, its server hangs, or cannot be reached`, async () => {
    const limits: ClientOptions[] = [
      { timeout: 1000 },
      { stallTimeout: 1000 },
      { connectTimeout: 1000, dial: hanging },
    ];
    for (const options of limits) {
      const { clock, client } = play(options);
      const failing = use(client).catch((error) => error);
      let error: unknown;
      failing.then((reason) => error = reason);
      while (error === undefined) {
        await turn();
        clock.tick(100);
      }
      assert(error instanceof SocketError, `${error}`);
      assert(error.message.includes(action.trim()), error.message);
      assert(error.message.includes("cache.test:11211"), error.message);
      assertEquals(error.message.match(/under way|not sent/g)?.length, 1, error.message);
      assertEquals(error.message.includes("not sent"), options.dial !== undefined, error.message);
      await client.close();
    }
  });
}
