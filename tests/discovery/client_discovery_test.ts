/** What becomes of operations while a client learns which servers there are, and as they change. */

import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import {
  Client,
  type ClientOptions,
  rawTranscoder,
  type ServerEvent,
  SocketError,
  TimeoutError,
  ValidationException,
} from "../../mod.ts";
import {
  type DiscoveredServers,
  type Discovery,
  dns,
  elastiCache,
} from "../../src/discovery/mod.ts";
import { deferred } from "../../src/waiting/promises.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { answering, ScriptedPeer } from "../support/scripted_peer.ts";
import { until } from "../support/turns.ts";

type Servers = DiscoveredServers["servers"];

/** A registry that gives the answers of a test, and counts how often it is asked. */
class Registry implements Discovery {
  readonly name = "registry";
  readonly interval: number;
  count = 0;
  answer: () => Promise<Servers> | Servers;

  constructor(answer: Registry["answer"], interval = 60_000) {
    this.answer = answer;
    this.interval = interval;
  }

  async lookUp(): Promise<DiscoveredServers> {
    this.count++;
    return { servers: await this.answer() };
  }
}

/** Several embedded servers. */
class Fleet implements AsyncDisposable {
  readonly servers: readonly MemcachedServer[];

  constructor(servers: readonly MemcachedServer[]) {
    this.servers = servers;
  }

  static async listen(count: number): Promise<Fleet> {
    return new Fleet(
      await Promise.all(Array.from({ length: count }, () => MemcachedServer.listen())),
    );
  }

  get addresses(): string[] {
    return this.servers.map(({ address }) => address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
  }
}

function discovering(discovery: Discovery, options: ClientOptions = {}): Client {
  return new Client([], { discovery, timeout: 20_000, ...options });
}

function names(client: Client): string[] {
  return client.servers.map(({ name }) => name);
}

/** Checks that each key is on the server that a client with this fixed list takes for its own, and only there. */
async function assertPlaced(addresses: readonly string[], keys: readonly string[]): Promise<void> {
  await using all = new Client(addresses);
  for (const address of addresses) {
    await using one = new Client(address);
    const found = await one.getMany(keys);
    const expected = keys.filter((key) => all.explain(key).server === address);
    assertEquals([...found.keys()].sort(), expected.sort());
  }
}

Deno.test("Client refuses an empty list, unless it has the option discovery", async () => {
  assertThrows(() => new Client([]), ValidationException, "at least one server");
  const registry = new Registry(() => ["127.0.0.1:1"]);
  await using client = discovering(registry);
  assertEquals(client.servers, []);
  assertThrows(() => client.explain("key"), SocketError, "none has been discovered yet");
  await assertRejects(() => client.setServers([]), ValidationException);
  assertEquals(registry.count, 0);
});

Deno.test("Client refuses a discovery of the wrong type", () => {
  const lookUp = () => Promise.resolve({ servers: [] });
  const refused = [
    null,
    "cfg.example",
    {},
    { name: "registry" },
    { lookUp },
    { name: "registry", lookUp, interval: 0 },
    { name: "registry", lookUp, interval: Infinity },
  ];
  for (const discovery of refused) {
    assertThrows(
      () => new Client([], { discovery: discovery as Discovery }),
      ValidationException,
    );
  }
});

Deno.test("Client looks nothing up before its first operation, and then once", async () => {
  await using fleet = await Fleet.listen(2);
  await using endpoint = await MemcachedServer.listen({ cluster: fleet.addresses });
  await using client = discovering(elastiCache(endpoint.address));
  assertEquals(endpoint.connectionCount, 0);
  await Promise.all([client.set("a", 1), client.get("b"), client.stats(), client.version()]);
  await client.get("a");
  await using observer = new Client(endpoint.address);
  assertEquals((await observer.stats())[0]?.total_connections, "2");
});

Deno.test("Client lets operations wait for the first list of servers, and then sends them in order", async () => {
  await using fleet = await Fleet.listen(3);
  const { promise, resolve } = deferred<Servers>();
  await using client = discovering(new Registry(() => promise));
  const keys = Array.from({ length: 300 }, (_, i) => `key${i}`);
  const stored = keys.map((key) => client.set(key, key));
  const last = client.set("key0", "last");
  const read = client.get("key0");
  const many = client.getMany(["key1", "key2"]);
  const stats = client.stats();
  resolve(fleet.addresses);
  await Promise.all([...stored, last]);
  assertEquals(await read, "last");
  assertEquals(await many, new Map([["key1", "key1"], ["key2", "key2"]]));
  assertEquals((await stats).length, 3);
  await assertPlaced(fleet.addresses, keys);
});

Deno.test("Client lets commands to all servers wait as well", async () => {
  await using fleet = await Fleet.listen(2);
  const each: ((client: Client) => Promise<unknown>)[] = [
    (client) => client.version(),
    (client) => client.flushAll(),
    (client) => client.verbosity(0),
    async (client) => {
      for await (const _ of client.items()) { /* Whatever is there. */ }
    },
    async (client) => {
      const events = client.watch(["mutations"]);
      await events.ready;
      const stored = client.set("key", "value");
      for await (const event of events) if (event.type === "item_store") break;
      await stored;
    },
    async (client) => {
      const events = client.watch(["mutations"]);
      await events.cancel();
      await assertRejects(() => events.ready);
    },
  ];
  for (const use of each) {
    await using client = discovering(new Registry(() => fleet.addresses));
    await use(client);
    assertEquals(names(client), fleet.addresses);
  }
  await using client = discovering(new Registry(() => fleet.addresses));
  await assertRejects(() => client.items({ server: "another" }).next(), ValidationException);
});

Deno.test("Client uses the list it is made with until the first answer", async () => {
  await using fleet = await Fleet.listen(2);
  const [before = "", after = ""] = fleet.addresses;
  const { promise, resolve } = deferred<Servers>();
  await using client = new Client(before, { discovery: new Registry(() => promise) });
  await client.set("key", "value");
  assertEquals(names(client), [before]);
  resolve([after]);
  await until(() => names(client)[0] === after);
  assertEquals(await client.get("key"), undefined);
});

Deno.test("Client rejects what waits when the servers cannot be discovered, and finds them later", async () => {
  await using server = await MemcachedServer.listen();
  const endpoint = await MemcachedServer.listen();
  await endpoint.close();
  await using client = discovering(elastiCache(endpoint.address), { connectTimeout: 20_000 });
  const events: ServerEvent[] = [];
  client.addEventListener("error", (event) => events.push(event));
  const failures = await Promise.all(
    ["a", "b"].map((key) =>
      assertRejects(() => client.get(key), SocketError, "Cannot discover servers through")
    ),
  );
  const [error] = failures;
  assertInstanceOf(error!.cause, SocketError);
  assertEquals(error!.server, endpoint.address);
  assert(error!.message.includes(events[0]!.error!.message), error!.message);
  assertEquals(events[0]!.server, endpoint.address);

  await using _ = await MemcachedServer.listen({ port: endpoint.port, cluster: [server.address] });
  await until(() => {
    client.set("key", "value").catch(() => {});
    return names(client).length > 0;
  });
  await client.set("key", "value");
  assertEquals(await client.get("key"), "value");
});

Deno.test("Client waits for a hanging endpoint no longer than for a connection", async () => {
  await using peer = new ScriptedPeer(answering(() => undefined));
  for (const options of [{ timeout: 30 }, { connectTimeout: 30, timeout: 60_000 }]) {
    await using client = discovering(elastiCache(peer.address), options);
    const error = await assertRejects(() => client.get("key"), TimeoutError);
    assertEquals(
      error.message,
      `Cannot discover servers through ${peer.address}: no answer within 30 ms, not sent: get key "key"`,
    );
    await assertRejects(() => client.stats(), TimeoutError, "30 ms, not sent: stats");
  }
});

Deno.test("Client counts the waiting for servers as part of an operation's time", async () => {
  await using peer = new ScriptedPeer(answering(() => undefined));
  const { promise, resolve } = deferred<Servers>();
  const clock = new FakeClock();
  await using client = discovering(new Registry(() => promise), { timeout: 1000, clock });
  const begun = clock.now();
  const failing = assertRejects(() => client.get("key"), TimeoutError, "No reply from");
  await clock.tickSlowly(600);
  resolve([peer.address]);
  while (peer.connectionCount === 0) await clock.tickSlowly(0);
  let isSettled = false;
  const settled = failing.finally(() => isSettled = true);
  while (!isSettled) await clock.tickSlowly(50);
  await settled;
  const took = clock.now() - begun;
  // Counted again from when the servers were known, it would be 1,600.
  assert(took < 1_500, `${took} ms`);
});

Deno.test("Client ends the wait for servers when a signal is aborted", async () => {
  const { promise, resolve } = deferred<Servers>();
  await using client = discovering(new Registry(() => promise));
  const ending = new AbortController();
  const { signal } = ending;
  const waiting = [
    client.get("key", { signal }),
    client.stats(undefined, { signal }),
    client.items({ signal }).next(),
    client.watch(["mutations"], { signal }).ready,
  ];
  ending.abort(new Error("given up"));
  for (const each of waiting) await assertRejects(() => each, Error, "given up");
  for (const use of [() => client.get("key", { signal }), () => client.stats("", { signal })]) {
    await assertRejects(use, Error, "given up");
  }
  resolve(["127.0.0.1:1"]);
});

Deno.test("Client bounds how many operations wait for servers", async () => {
  await using server = await MemcachedServer.listen();
  const { promise, resolve } = deferred<Servers>();
  await using client = discovering(new Registry(() => promise), { maxPending: 2 });
  const ending = new AbortController();
  const given = assertRejects(() => client.get("a", { signal: ending.signal }));
  const waiting = client.get("b");
  await assertRejects(() => client.get("c"), SocketError, "as many as maxPending allows");
  ending.abort();
  await given;
  const other = client.get("c");
  resolve([server.address]);
  assertEquals(await Promise.all([waiting, other]), [undefined, undefined]);
});

Deno.test("Client bounds the bytes of values that wait for servers, and counts what waits", async () => {
  await using server = await MemcachedServer.listen();
  const { promise, resolve } = deferred<Servers>();
  const options = { maxPendingBytes: 1000, transcoder: rawTranscoder };
  await using client = discovering(new Registry(() => promise), options);
  const value = new Uint8Array(600);
  const ending = new AbortController();
  const given = assertRejects(() => client.set("a", value, 0, { signal: ending.signal }));
  const refused = () => client.set("b", value);
  await assertRejects(
    refused,
    SocketError,
    "600 bytes of values wait for it, and 600 more",
  );
  assertEquals(client.metrics().pending, 1);
  ending.abort();
  await given;
  assertEquals(client.metrics().pending, 0);
  const other = client.set("b", value);
  const read = client.get("b");
  assertEquals(client.metrics().pending, 2);
  resolve([server.address]);
  await other;
  assertEquals(await read, value);
  assertEquals(client.metrics().pending, 0);
});

Deno.test("Client rejects what waits for servers when it is closed", async () => {
  const { promise, resolve } = deferred<Servers>();
  const registry = new Registry(() => promise);
  const client = discovering(registry);
  const waiting = [client.get("key"), client.stats()];
  await until(() => registry.count === 1);
  const closing = client.close();
  for (const each of waiting) await assertRejects(() => each, SocketError, "the client is closed");
  resolve(["127.0.0.1:1"]);
  await closing;
  await assertRejects(() => client.get("key"), SocketError, "the client is closed");
  await assertRejects(() => client.stats(), SocketError, "the client is closed");
  assertEquals([registry.count, client.servers], [1, []]);
});

Deno.test("Client waits no longer than a second for a look-up that ignores its signal when it is closed", async () => {
  const registry = new Registry(() => new Promise(() => {}));
  const client = new Client([], { discovery: registry });
  const waiting = assertRejects(() => client.get("key"), SocketError, "the client is closed");
  await until(() => registry.count > 0);
  // It waited for ever, as it did not for a dialer.
  await client.close();
  await waiting;
});

Deno.test("Client keeps its servers and dispatches an event when discovery fails later", async () => {
  await using server = await MemcachedServer.listen();
  const registry = new Registry(() => [server.address], 10);
  await using client = discovering(registry);
  const events: ServerEvent[] = [];
  client.addEventListener("error", (event) => events.push(event));
  await client.set("key", "value");
  registry.answer = () => Promise.reject(new Error("gone"));
  await until(() => events.length > 1);
  assertEquals(await client.get("key"), "value");
  assertEquals(names(client), [server.address]);
  for (const event of events) {
    assertEquals(event.server, "registry");
    assertEquals(event.error?.message, "Cannot discover servers through registry: gone");
  }
  registry.answer = () => ["not an address:"];
  await until(() => events.some(({ error }) => error?.cause instanceof ValidationException));
  assertEquals(names(client), [server.address]);
});

Deno.test("Client keeps servers and connections while the version of the list is the same", async () => {
  await using fleet = await Fleet.listen(2);
  let asked = 0;
  await using peer = new ScriptedPeer(answering(() => {
    asked++;
    const nodes = fleet.addresses.map((address) => address.replace(":", "||")).join(" ");
    return `CONFIG cluster 0 ${nodes.length + 3}\r\n7\n${nodes}\n\r\nEND\r\n`;
  }));
  await using client = discovering(elastiCache(peer.address, { interval: 5 }));
  await client.stats();
  await until(() => asked > 5);
  await client.stats();
  for (const server of fleet.servers) assertEquals(server.connectionCount, 1);
  assertEquals(
    (await client.stats()).map((stats) => stats.total_connections),
    ["1", "1"],
  );
});

Deno.test("Client moves a fleet under load without losing an operation, and keys land on the ring", async () => {
  await using fleet = await Fleet.listen(5);
  const [a = "", b = "", c = "", d = "", e = ""] = fleet.addresses;
  await using endpoint = await MemcachedServer.listen({ cluster: [a, b, c] });
  await using client = discovering(elastiCache(endpoint.address, { interval: 10 }));
  const keys = Array.from({ length: 200 }, (_, i) => `key${i}`);
  let isOver = false;
  let operations = 0;
  const load = Array.from({ length: 8 }, async (_, worker) => {
    for (let i = worker; !isOver; i++) {
      const key = keys[i % keys.length]!;
      await client.set(key, key);
      const value = await client.get(key);
      // Its server may have changed between the two.
      assert(value === key || value === undefined, `${value}`);
      operations += 2;
    }
  });
  for (const cluster of [[b, c, d], [d, e], [a, b, c, d, e], [e], [a, c, e]]) {
    const before = operations;
    await until(() => operations > before + 100);
    endpoint.setCluster(cluster);
    await until(() => names(client).join() === cluster.join());
  }
  isOver = true;
  await Promise.all(load);
  await client.flushAll();
  await Promise.all(keys.map((key) => client.set(key, key)));
  await assertPlaced([a, c, e], keys);
  // Those that left are let go.
  await until(() => fleet.servers[1]!.connectionCount + fleet.servers[3]!.connectionCount === 0);
});

Deno.test("Client keeps the connections to servers that stay", async () => {
  await using fleet = await Fleet.listen(3);
  const [a = "", b = "", c = ""] = fleet.addresses;
  const registry = new Registry(() => [a, b], 10);
  await using client = discovering(registry);
  await client.stats();
  registry.answer = () => [c, b];
  await until(() => names(client)[0] === c);
  assertEquals((await client.stats()).map((stats) => stats.total_connections), ["1", "1"]);
});

Deno.test("Client looks up the servers soon after one of them has failed", async () => {
  const before = await MemcachedServer.listen();
  await using after = await MemcachedServer.listen();
  const registry = new Registry(() => [before.address]);
  await using client = discovering(registry);
  await client.set("key", "value");
  await before.close();
  registry.answer = () => [after.address];
  await until(() => {
    client.get("key").catch(() => {});
    return names(client)[0] === after.address;
  });
  assertEquals(registry.count, 2);
  assertEquals(await client.get("key"), undefined);
});

Deno.test("Client.setServers works before the first answer of discovery, and until there is another list", async () => {
  await using fleet = await Fleet.listen(3);
  const [a = "", b = "", c = ""] = fleet.addresses;
  const { promise, resolve } = deferred<Servers>();
  const registry = new Registry(() => promise, 10);
  await using client = discovering(registry);
  const waiting = client.set("key", "by hand");
  await client.setServers(a);
  await waiting;
  assertEquals(names(client), [a]);
  resolve([b]);
  await until(() => names(client)[0] === b);
  await client.setServers(a);
  const { count } = registry;
  await until(() => registry.count > count + 1);
  assertEquals(names(client), [a]);
  registry.answer = () => [c];
  await until(() => names(client)[0] === c);
});

Deno.test("Client opens the socket to an endpoint with dial as well, and reads it as io says", async () => {
  await using server = await MemcachedServer.listen();
  await using endpoint = await MemcachedServer.listen({ cluster: ["node.test:11211"] });
  for (const io of ["direct", "streams"] as const) {
    const dialled: string[] = [];
    await using client = discovering(elastiCache("cfg.test"), {
      io,
      dial: ({ hostname }, { signal }) => {
        dialled.push(hostname!);
        const { port } = hostname === "cfg.test" ? endpoint : server;
        return Deno.connect({ hostname: "127.0.0.1", port, signal });
      },
    });
    await client.set("key", io);
    assertEquals(await client.get("key"), io);
    assertEquals(dialled, ["cfg.test", "node.test"]);
  }
});

Deno.test("Client follows a name that moves, through failures of the resolver", async () => {
  await using fleet = await Fleet.listen(2);
  const ports = new Map(fleet.servers.map(({ port }, i) => [`10.0.0.${i + 1}`, port]));
  let resolve = (): Promise<string[]> => Promise.resolve(["10.0.0.1"]);
  const discovery = dns("cache.test", { family: 4, interval: 10, resolve: () => resolve() });
  await using client = discovering(discovery, {
    dial: ({ hostname }, { signal }) =>
      Deno.connect({ hostname: "127.0.0.1", port: ports.get(hostname!)!, signal }),
  });
  let failures = 0;
  client.addEventListener("error", () => failures++);
  await client.set("key", "value");
  assertEquals(names(client), ["10.0.0.1:11211"]);
  resolve = () => Promise.reject(new Error("SERVFAIL"));
  await until(() => failures > 1);
  assertEquals(await client.get("key"), "value");
  resolve = () => Promise.resolve(["10.0.0.2", "10.0.0.1"]);
  await until(() => names(client).length === 2);
  assertEquals(names(client), ["10.0.0.1:11211", "10.0.0.2:11211"]);
  resolve = () => Promise.resolve(["10.0.0.2"]);
  await until(() => names(client).length === 1);
  assertEquals(await client.get("key"), undefined);
});

Deno.test("Client gives the weights of SRV records to its ring", async () => {
  await using fleet = await Fleet.listen(2);
  const records = fleet.servers.map(({ port }, i) => ({
    ...{ target: "127.0.0.1", port, priority: 0, weight: i === 0 ? 1 : 3 },
  }));
  const resolve = () => Promise.resolve(records);
  await using client = discovering(dns("_memcache._tcp.test", { srv: true, resolve }));
  await client.get("key");
  const weights = new Map(client.servers.map(({ name, weight }) => [name, weight]));
  assertEquals(weights, new Map(fleet.addresses.map((address, i) => [address, i === 0 ? 1 : 3])));
});

Deno.test("one discovery serves several clients", async () => {
  await using fleet = await Fleet.listen(2);
  await using endpoint = await MemcachedServer.listen({ cluster: fleet.addresses });
  const discovery = elastiCache(endpoint.address);
  await using first = discovering(discovery);
  await using second = discovering(discovery);
  await first.set("key", "value");
  assertEquals(await second.get("key"), "value");
});
