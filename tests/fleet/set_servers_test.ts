/** What becomes of operations when the list of servers changes. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Client, type ClientOptions, SocketError, ValidationException } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { play, settle } from "../connection/manual_socket.ts";
import { ScriptedPeer } from "../support/scripted_peer.ts";
import { SwitchedFleet } from "../support/switched_fleet.ts";

const NAMES = [1, 2, 3, 4, 5].map((i) => `10.0.0.${i}:11211`);

async function start(options: ClientOptions = {}) {
  const fleet = await SwitchedFleet.start(NAMES);
  const client = new Client(NAMES.slice(0, 4), { dial: fleet.dial, ...options });
  return { fleet, client };
}

Deno.test("Client.setServers lets operations under way end on the old servers, and starts others on the new", async () => {
  await using old = await MemcachedServer.listen();
  await using next = await MemcachedServer.listen();
  await using client = new Client(old.address);
  // One has a connection that is still being opened, the other stands behind it.
  const stored = Promise.all([client.set("key", "old"), client.get("key")]);
  const changed = client.setServers(next.address);
  await client.set("key", "next");
  assertEquals(await stored, [undefined, "old"]);
  await changed;
  assertEquals(await client.get("key"), "next");
  await using direct = new Client(old.address);
  assertEquals(await direct.get("key"), "old");
});

Deno.test("Client.setServers loses no operation under load, and keeps the connections of those that stay", async () => {
  for (const failover of ["error", "remove"] as const) {
    const { fleet, client } = await start({ failover, timeout: 10_000 });
    await using _ = fleet;
    await using __ = client;
    const lists = [NAMES.slice(1), NAMES.slice(0, 4), NAMES.slice(1, 3), NAMES];
    let done = false;
    let operations = 0;
    const load = Array.from({ length: 20 }, async (_, worker) => {
      for (let i = 0; !done; i++, operations += 2) {
        const key = `${worker}:${i % 50}`;
        const [, value] = await Promise.all([client.set(key, `${key} ${i}`), client.get(key)]);
        // Both went where the ring said in one turn.
        assertEquals(value, `${key} ${i}`);
      }
    });
    for (let i = 0; i < 40; i++) {
      await client.setServers(lists[i % lists.length]!);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    done = true;
    await Promise.all(load);
    assert(operations > 100);
    const { servers } = fleet;
    // The second and third stand in every list.
    assertEquals(servers.slice(1, 3).map(({ dialled }) => dialled), [1, 1]);
    await client.setServers(NAMES.slice(1, 3));
    assertEquals(servers.map(({ sockets }) => sockets), [0, 1, 1, 0, 0]);
  }
});

Deno.test("Client.setServers keeps a node for each place of a server that is listed twice", async () => {
  const { fleet, client } = await start();
  await using _ = fleet;
  await using __ = client;
  const twice = [NAMES[0]!, NAMES[0]!, NAMES[1]!];
  await client.setServers(twice);
  await client.version();
  assertEquals(fleet.servers[0]!.dialled, 2);
  await client.setServers(twice.toReversed());
  await client.version();
  assertEquals(fleet.servers[0]!.dialled, 2);
  await client.setServers([NAMES[0]!]);
  assertEquals([fleet.servers[0]!.sockets, fleet.servers[1]!.sockets], [1, 0]);
});

Deno.test("Client.setServers keeps the connection of a server whose weight changes", async () => {
  const { fleet, client } = await start();
  await using _ = fleet;
  await using __ = client;
  await client.version();
  const heavy = NAMES.slice(0, 4).map((name) => ({
    ...{ hostname: name.split(":")[0]!, port: 11211 },
    weight: 3,
  }));
  await client.setServers(heavy);
  await client.version();
  assertEquals(fleet.servers.map(({ dialled }) => dialled), [1, 1, 1, 1, 0]);
  assertEquals(client.servers.map(({ weight }) => weight), [3, 3, 3, 3]);
});

Deno.test("Client.setServers leaves the old list when the new one cannot be used", async () => {
  const { fleet, client } = await start({
    locator: ({ length }) => {
      if (length === 5) throw new RangeError("five are too many");
      return { locate: () => 0 };
    },
  });
  await using _ = fleet;
  await using __ = client;
  await assertRejects(() => client.setServers("a b"), ValidationException);
  await assertRejects(() => client.setServers(NAMES), RangeError, "five are too many");
  assertEquals(client.servers.map(({ name }) => name), NAMES.slice(0, 4));
  await client.set("key", "value");
  assertEquals(await client.get("key"), "value");
});

Deno.test("Client.setServers keeps servers that are down out of the ring", async () => {
  const { fleet, client } = await start({ failover: "remove", failuresBeforeDead: 1 });
  await using _ = fleet;
  await using __ = client;
  await fleet.servers[1]!.become("refusing");
  await assertRejects(() => client.version(), SocketError);
  await client.setServers(NAMES);
  const used = new Set(Array.from({ length: 500 }, (_, i) => client.explain(`${i}`).server));
  assertEquals([...used].sort(), NAMES.filter((_, i) => i !== 1));
});

Deno.test("Client.setServers resolves when what it waits for has been given up", async () => {
  let open = () => {};
  const opened = new Promise<void>((resolve) => open = resolve);
  const { fleet, client } = await start({
    dial: async (endpoint, settings) => {
      await opened;
      return await fleet.dial(endpoint, settings);
    },
  });
  await using _ = fleet;
  await using __ = client;
  const abort = new AbortController();
  const waiting = assertRejects(() => client.get("key", { signal: abort.signal }), RangeError);
  const changed = client.setServers(NAMES[4]!);
  abort.abort(new RangeError("no more"));
  await waiting;
  open();
  await changed;
});

Deno.test("Client.setServers closes the connection of what continues on a server that has left the list", async () => {
  const { client, sockets } = play({}, "old.test");
  const lost = [client.get("a")];
  await settle();
  sockets[0]!.isStuck = true;
  lost.push(client.get("b"));
  await settle();
  const unwritten = client.get("c");
  await settle();
  const changed = client.setServers("next.test");
  await sockets[0]!.reset();
  for (const operation of lost) await assertRejects(() => operation, SocketError, "reset");
  assertEquals([sockets[1]!.hostname, sockets[1]!.sent], ["old.test", "get c\r\n"]);
  await sockets[1]!.answer("END\r\n");
  assertEquals(await unwritten, undefined);
  await changed;
  assertEquals(sockets[1]!.isClosed, true);
  await client.close();
});

Deno.test("Client.watch continues after setServers, until the client is closed", async () => {
  await using old = await MemcachedServer.listen();
  await using next = await MemcachedServer.listen();
  const client = new Client(old.address);
  const events = client.watch(["mutations"]);
  await events.ready;
  await client.setServers(next.address);
  await using direct = new Client(old.address);
  await direct.set("key", "value");
  const reader = events.getReader();
  while ((await reader.read()).value?.type !== "item_store");
  const waiting = assertRejects(() => reader.read(), SocketError, "the client is closed");
  await client.close();
  await waiting;
});

Deno.test("Client.items continues on its servers after setServers, until the client is closed", async () => {
  await using first = await MemcachedServer.listen();
  await using second = await MemcachedServer.listen();
  await using next = await MemcachedServer.listen();
  await using direct = new Client([first.address, second.address]);
  await direct.setMany(Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`${i}`, i])));
  const client = new Client([first.address, second.address]);

  const late = client.items();
  const cut = client.items();
  await cut.next();
  let count = 0;
  for await (const _ of client.items()) if (count++ === 0) await client.setServers(next.address);
  assertEquals(count, 50);
  await assertRejects(() => late.next(), SocketError, "it has left the list of servers");

  await client.close();
  await assertRejects(
    async () => {
      for await (const _ of cut);
    },
    SocketError,
    "the client is closed",
  );
});

Deno.test("Client.close closes what setServers waits for", async () => {
  const { promise: asked, resolve: wasAsked } = Promise.withResolvers<void>();
  await using silent = new ScriptedPeer(async (connection) => {
    await connection.request();
    wasAsked();
  });
  await using next = await MemcachedServer.listen();
  const client = new Client(silent.address);
  const waiting = assertRejects(() => client.get("key"), SocketError, "the client is closed");
  await asked;
  const changed = client.setServers(next.address);
  await client.get("key");
  await client.close();
  await Promise.all([waiting, changed]);
  await assertRejects(() => client.setServers(next.address), SocketError, "the client is closed");
});
