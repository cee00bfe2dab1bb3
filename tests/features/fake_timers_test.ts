/** What waits, in the tests of a program that replaces the timers. */

import { assertEquals, assertRejects } from "@std/assert";
import { Client, SocketError } from "../../mod.ts";
import { lock, once } from "../../src/patterns/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { deferred } from "../../src/waiting/promises.ts";
import { withFakeTimers } from "../support/fake_timers.ts";
import { answering, ScriptedPeer } from "../support/scripted_peer.ts";

/** Two clients of one server. */
class Pair implements AsyncDisposable {
  readonly server: MemcachedServer;
  readonly first: Client;
  readonly second: Client;

  constructor(server: MemcachedServer) {
    this.server = server;
    this.first = new Client(server.address);
    this.second = new Client(server.address);
  }

  static async open(): Promise<Pair> {
    return new Pair(await MemcachedServer.listen());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.first.close(), this.second.close()]);
    await this.server.close();
  }
}

Deno.test("lock waits for another under fake timers", async () => {
  await using pair = await Pair.open();
  using _ = withFakeTimers();
  const held = await lock(pair.first, "key", { ttl: 30 });
  const waiting = lock(pair.second, "key", { ttl: 30 });
  assertEquals(await held.release(), true);
  assertEquals(await (await waiting).release(), true);
});

Deno.test("once and getOrSet wait for another client under fake timers", async () => {
  await using pair = await Pair.open();
  const { first, second } = pair;
  using _ = withFakeTimers();
  for (
    const act of [
      (client: Client, load: () => Promise<string>) => once(client, "once", load),
      (client: Client, load: () => Promise<string>) => client.getOrSet("load", load),
    ]
  ) {
    const { promise, resolve } = deferred<string>();
    const begun = deferred<void>();
    const acting = act(first, () => {
      begun.resolve();
      return promise;
    });
    await begun.promise;
    const waiting = act(second, () => Promise.reject(new Error("it waits")));
    // By then the other one has found that the value is being computed.
    for (let i = 0; i < 20; i++) await first.get("another");
    resolve("value");
    assertEquals(await Promise.all([acting, waiting]), ["value", "value"]);
  }
});

Deno.test("update tries again under fake timers", async () => {
  await using pair = await Pair.open();
  const { first, second } = pair;
  using _ = withFakeTimers();
  const count = (client: Client) => client.update<number>("key", (value = 0) => value + 1);
  await Promise.all(Array.from({ length: 10 }, (_, i) => count(i % 2 === 0 ? first : second)));
  assertEquals(await first.get("key"), 10);
});

Deno.test("namespaces and tokens begin at a fake time between two milliseconds", async () => {
  await using pair = await Pair.open();
  const { now } = Date;
  Date.now = () => 1_796_000_000_000.25;
  try {
    const names = pair.first.namespace("names:");
    assertEquals(await names.currentPrefix(), "names:1796000000001:");
    assertEquals((await lock(pair.first, "key", { ttl: 30 })).token, 1_796_000_000_001n);
  } finally {
    Date.now = now;
  }
});

Deno.test("items waits for a busy crawler under fake timers", async () => {
  let asked = 0;
  await using peer = new ScriptedPeer(
    answering(() => ++asked < 3 ? "BUSY crawler\r\n" : "END\r\n"),
  );
  await using client = new Client(peer.address);
  using _ = withFakeTimers();
  assertEquals(await Array.fromAsync(client.items()), []);
  assertEquals(asked, 3);
});

Deno.test("discovery looks up again under fake timers", async () => {
  await using pair = await Pair.open();
  let count = 0;
  await using client = new Client([], {
    discovery: {
      name: "registry",
      lookUp: async () => {
        if (++count < 3) throw await Promise.resolve(new Error("not now"));
        return { servers: [pair.server.address] };
      },
    },
  });
  using _ = withFakeTimers();
  await assertRejects(() => client.get("key"), SocketError, "not now");
  while (count < 3) await client.get("key").catch(() => {});
  assertEquals(await client.get("key"), undefined);
});

Deno.test("MemcachedServer delays answers and ends idle connections under fake timers", async () => {
  using _ = withFakeTimers();
  await using server = await MemcachedServer.listen({
    idleTimeout: 20,
    fault: () => ({ delay: 5 }),
  });
  await using client = new Client(server.address);
  assertEquals(await client.get("key"), undefined);
  while (server.connectionCount > 0) await pairOfTurns();
});

/** Lets the event loop go round, without a timer. */
function pairOfTurns(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      port2.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
