/** Generations of namespaces whose counter's server leaves and comes back, and that are asked for at once. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  Client,
  ClientException,
  type ClientOptions,
  Namespace,
  PartialSocketError,
  rawTranscoder,
  SocketError,
} from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { deferred } from "../../src/waiting/promises.ts";
import { memcachedPath, MemcachedProcess } from "../support/memcached.ts";
import { SwitchedFleet } from "../support/switched_fleet.ts";
import { until } from "../support/turns.ts";

const COUNTERS = "a:1";
const VALUES = "b:1";

/**
 * Two servers. The counter of a namespace lives on the first one as long as it is there, all else on the second
 * one.
 */
async function withFleet(
  options: ClientOptions,
  body: (fleet: SwitchedFleet, connect: () => Client) => Promise<void>,
): Promise<void> {
  await using fleet = await SwitchedFleet.start([COUNTERS, VALUES]);
  await using clients = new AsyncDisposableStack();
  await body(fleet, () =>
    clients.use(
      new Client(fleet.names, {
        dial: fleet.dial,
        timeout: 10_000,
        locator: ({ length }) => ({
          locate: (key) => key.endsWith("~moecache-generation") ? 0 : length - 1,
        }),
        ...options,
      }),
    ));
}

Deno.test("an invalidated generation stays invalid when the server of its counter leaves the list and comes back", async () => {
  await withFleet({}, async (fleet, connect) => {
    const [first, second] = [connect(), connect()];
    const [mine, theirs] = [first.namespace("n:"), second.namespace("n:")];
    await mine.set("key", "old");
    assertEquals(await theirs.get("key"), "old");
    await first.setServers([VALUES]);
    await mine.invalidateAll();
    await mine.set("key", "new");
    await first.setServers(fleet.names);
    // The client that knows better raises the counter, which is right for the other then.
    assertEquals(await mine.get("key"), undefined);
    assertEquals(await theirs.get("key"), undefined);
    await theirs.set("key", "newest");
    assertEquals(await mine.get("key"), "newest");
  });
});

Deno.test("operations of a namespace that wait for its generation are bounded as those that wait for a server", async () => {
  const silent = () => new Promise<never>(() => {});
  const client = new Client(COUNTERS, { dial: silent, maxPending: 3, maxPendingBytes: 1000 });
  const names = client.namespace("n:");
  const value = "x".repeat(400);
  const over =
    'Cannot use namespace "n:": 800 bytes of values wait for it, and 400 more are above ' +
    "the 1000 of maxPendingBytes, not sent: ";
  const waiting = [names.set("a", value), names.setMany({ b: value })];
  await assertRejects(() => names.set("c", value), SocketError, `${over}set key "c"`);
  await assertRejects(() => names.append("c", value), SocketError, `${over}append key "c"`);
  waiting.push(names.get("c").then(() => {}));
  await assertRejects(
    () => names.getMany(["d", "e"]),
    SocketError,
    'Cannot use namespace "n:": operations wait for it, as many as maxPending allows: 3, not sent: ' +
      'get key "d" and 1 more',
  );
  const ended = Promise.allSettled(waiting);
  await client.close();
  for (const { status } of await ended) assertEquals(status, "rejected");
});

Deno.test("operations of a namespace whose generation cannot be read make room for later ones", async () => {
  await using client = new Client("127.0.0.1:1", { maxPending: 3, maxPendingBytes: 1000 });
  const names = client.namespace("n:");
  for (let round = 0; round < 3; round++) {
    const sets = ["a", "b"].map((key) => names.set(key, "x".repeat(400)));
    await Promise.all(sets.map((set) => assertRejects(() => set, SocketError, "Cannot connect")));
  }
});

Deno.test("as many operations of a namespace wait for its generation as may wait for all servers", async () => {
  const locator = () => ({ locate: (key: string) => /[13579]$/.test(key) ? 1 : 0 });
  const options = { locator, maxPending: 10, maxPendingBytes: 4000 };
  await withFleet(options, async (_fleet, connect) => {
    const value = "x".repeat(400);
    const names = connect().namespace("n:");
    const sets = Array.from({ length: 20 }, (_, i) => names.set(`${i}`, value));
    await assertRejects(() => names.get("more"), SocketError, "maxPending allows: 20");
    // Each server gets ten of them, which it may have.
    await Promise.all(sets);
    // Of twelve for each server, two are too many, as when the generation is known.
    const values = Object.fromEntries(Array.from({ length: 24 }, (_, i) => [`${i}`, value]));
    const setAll = () => connect().namespace("m:").setMany(values);
    const { failures } = await assertRejects(setAll, PartialSocketError);
    assertEquals(failures.size, 4);
  });
});

Deno.test("a client shares the generations of a prefix between all namespaces with it", async () => {
  await withFleet({}, async (fleet, connect) => {
    const client = connect();
    const raw = new Namespace(client.withTranscoder(rawTranscoder), "n:");
    const inner = new Namespace(client.namespace("outer:"), "n:");
    await client.namespace("n:").set("key", "old");
    await inner.set("key", "inner");
    await client.setServers([VALUES]);
    await raw.invalidateAll();
    await client.setServers(fleet.names);
    assertEquals(await client.namespace("n:").get("key"), undefined);
    // Another one within another one is not the same.
    const before = await inner.currentPrefix();
    await client.namespace("n:").invalidateAll();
    assertEquals(await inner.currentPrefix(), before);
  });
});

Deno.test("invalidateAll counts on from what is known when an old counter comes back", async () => {
  await withFleet({}, async (fleet, connect) => {
    const client = connect();
    const names = client.namespace("n:");
    await names.get("key");
    await client.setServers([VALUES]);
    await names.set("key", "old");
    const before = await names.currentPrefix();
    await client.setServers(fleet.names);
    await names.invalidateAll();
    assert(generationOf(await names.currentPrefix()) > generationOf(before));
    assertEquals(await connect().namespace("n:").get("key"), undefined);
  });
});

for (const condition of ["refusing", "hanging"] as const) {
  Deno.test(`an invalidated generation stays invalid when the server of its counter fails over, ${condition}`, async () => {
    const probing = { probeDelay: 5, maxProbeDelay: 20, failuresBeforeDead: 1 };
    await withFleet({ failover: "remove", timeout: 400, ...probing }, async (fleet, connect) => {
      const client = connect();
      const names = client.namespace("n:");
      const [counters] = fleet.servers;
      await names.set("key", "old");
      await counters!.become(condition);
      // The first one may fail with its server.
      await names.get("key").catch(() => {});
      await names.invalidateAll();
      const up = new Promise((resolve) => client.addEventListener("up", resolve, { once: true }));
      await counters!.become("up");
      await up;
      assertEquals(await names.get("key"), undefined);
      assertEquals(await connect().namespace("n:").get("key"), undefined);
    });
  });
}

function generationOf(prefix: string): bigint {
  return BigInt(prefix.split(":").at(-2)!);
}

Deno.test("a counter that is lost does not start again at an earlier number", async () => {
  await withFleet({}, async (_fleet, connect) => {
    const client = connect();
    const names = client.namespace("n:");
    for (let round = 0; round < 100; round++) {
      await names.set("key", "old");
      await client.delete("n:~moecache-generation");
      assertEquals(await names.get("key"), undefined);
    }
  });
});

Deno.test("clients that raise a counter at once raise it once", async () => {
  await withFleet({}, async (fleet, connect) => {
    const clients = Array.from({ length: 10 }, connect);
    const all = clients.map((client) => client.namespace("n:"));
    await all[0]!.get("key");
    await Promise.all(clients.map((client) => client.setServers([VALUES])));
    await Promise.all(all.map((names) => names.invalidateAll()));
    await Promise.all(all.map((names) => names.get("key")));
    const known = Number(generationOf(await all[0]!.currentPrefix()));
    await Promise.all(clients.map((client) => client.setServers(fleet.names)));
    // Ten clients that raise it within a few milliseconds raise it beyond the present time.
    await until(() => Date.now() > known);
    const start = Date.now();
    await Promise.all(all.map((names) => names.get("key")));
    const prefixes = await Promise.all(all.map((names) => names.currentPrefix()));
    assertEquals(new Set(prefixes).size, 1);
    const generation = Number(generationOf(prefixes[0]!));
    assert(generation >= start && generation <= Date.now(), `${generation}`);
  });
});

Deno.test({
  name: "an operation does not take a generation that was asked for before it began",
  ignore: memcachedPath() === undefined,
  fn: async () => {
    await using memcached = await MemcachedProcess.start();
    await using client = new Client(memcached.address, { timeout: 10_000 });
    const names = client.namespace("n:");
    await names.set("key", "old");
    const values = await new Promise<unknown[]>((resolve) => {
      // What is written in one turn leaves here, together with the first read.
      const before = client.get("other");
      queueMicrotask(() => {
        invalidateElsewhere(memcached.port);
        resolve(Promise.all([before, first, names.get("key")]));
      });
      const first = names.get("key");
    });
    assertEquals(values[2], undefined);
  },
});

/** Begins the next generation from another process, while this one does nothing else. */
function invalidateElsewhere(port: number): void {
  const code = `
    const socket = await Deno.connect({ hostname: "127.0.0.1", port: ${port} });
    await socket.write(new TextEncoder().encode("incr n:~moecache-generation 1\\r\\n"));
    await socket.read(new Uint8Array(100));`;
  const { success } = new Deno.Command(Deno.execPath(), { args: ["eval", code] }).outputSync();
  assert(success);
}

/** A counter that is refused from some time on, and a write on another server that takes a while. */
async function withRefusedCounter(
  body: (
    client: Client,
    server: { isDown: boolean; readonly started: Promise<void> },
    values: Client,
  ) => Promise<void>,
): Promise<void> {
  const { promise: started, resolve: start } = deferred<void>();
  const server = { isDown: false, started };
  await using counters = await MemcachedServer.listen({
    fault: () => server.isDown ? { reply: "SERVER_ERROR down" } : undefined,
  });
  await using values = await MemcachedServer.listen({
    fault: ({ command }) => {
      if (!server.isDown || command !== "set") return undefined;
      start();
      return { delay: 50 };
    },
  });
  await using client = new Client([counters.address, values.address], {
    locator: ({ length }) => ({
      locate: (key) => key.endsWith("~moecache-generation") ? 0 : length - 1,
    }),
  });
  await using other = new Client(values.address);
  await body(client, server, other);
}

Deno.test("a write under an unknown generation has ended when it fails", async () => {
  await withRefusedCounter(async (client, server, values) => {
    const names = client.namespace("n:");
    await names.set("key", "old");
    const key = `${await names.currentPrefix()}key`;
    server.isDown = true;
    await assertRejects(() => names.set("key", "new"), ClientException, `Cannot set key "key"`);
    // Nothing is written any more: what was sent has been carried out.
    assertEquals(await values.get(key), "new");
  });
});

Deno.test("a write under an unknown generation ends at once when it is aborted", async () => {
  await withRefusedCounter(async (client, server) => {
    const names = client.namespace("n:");
    await names.set("key", "old");
    server.isDown = true;
    const aborting = new AbortController();
    const writing = names.set("key", "new", 0, { signal: aborting.signal });
    await server.started;
    aborting.abort(new Error("no longer"));
    await assertRejects(() => writing, Error, "no longer");
  });
});
