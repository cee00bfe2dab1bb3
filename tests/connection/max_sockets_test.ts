/** A bound on all sockets of a client: the option `maxSockets`. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Client, type Locator, SocketError, TimeoutError, ValidationException } from "../../mod.ts";
import { lock } from "../../src/patterns/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { deferred } from "../../src/waiting/promises.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { turn, turns } from "../support/turns.ts";
import { ManualSocket, type Play, play, settle, until } from "./manual_socket.ts";

/** Key `3` lives on the fourth server. */
function byNumber(): Locator {
  return { locate: (key) => Number(key[0]) };
}

const SERVERS = Array.from({ length: 8 }, (_, i) => `s${i}`);

function playBounded(maxSockets: number, options = {}): Play {
  return play({ maxSockets, locator: byNumber, ...options }, SERVERS);
}

/** Waits until a socket to a server has been written to, and answers. */
async function answer({ sockets }: Play, hostname: string, times = 1): Promise<void> {
  const find = () => sockets.findLast((socket) => socket.hostname === hostname && !socket.isClosed);
  await until(() => (find()?.sent.split("\r\n").length ?? 0) > times);
  await find()!.answer("END\r\n");
}

function open({ sockets }: Play): (string | undefined)[] {
  return sockets.filter(({ isClosed }) => !isClosed).map(({ hostname }) => hostname);
}

Deno.test("Client closes the socket that has been idle for longest for another", async () => {
  const playing = playBounded(2);
  const { client, clock } = playing;
  for (const key of ["0", "1", "0"]) {
    const value = client.get(key);
    await answer(playing, `s${key}`, key === "0" && clock.now() > 0 ? 2 : 1);
    assertEquals(await value, undefined);
    clock.tick(10);
  }
  assertEquals(open(playing), ["s0", "s1"]);
  const value = client.get("2");
  await answer(playing, "s2");
  assertEquals(await value, undefined);
  assertEquals(open(playing), ["s0", "s2"]);
  await client.close();
});

Deno.test("Client lets operations wait for a socket in their order, with a time limit", async () => {
  const playing = playBounded(2);
  const { client } = playing;
  const order: string[] = [];
  const operations = ["0", "1", "2", "3", "4"].map((key) =>
    client.get(key).then(() => order.push(key))
  );
  for (const i of [1, 0, 2, 3, 4]) {
    await answer(playing, `s${i}`);
    assert(open(playing).length <= 2);
  }
  await Promise.all(operations);
  assertEquals(order, ["1", "0", "2", "3", "4"]);
  await client.close();
});

Deno.test("Client closes an open socket for another, and not one that its server has closed", async () => {
  const playing = playBounded(1);
  const { client, sockets } = playing;
  const first = client.get("0");
  await answer(playing, "s0");
  assertEquals(await first, undefined);
  await sockets[0]!.reset();
  for (const key of ["1", "2"]) {
    const value = client.get(key);
    await answer(playing, `s${key}`);
    assertEquals(await value, undefined);
  }
  assertEquals(open(playing), ["s2"]);
  await client.close();
});

Deno.test("Client closes a busy server's socket for another server when its turn ends", async () => {
  const playing = playBounded(1);
  const { client, sockets } = playing;
  const first = client.get("0");
  await until(() => sockets.length === 1 && sockets[0]!.sent !== "");
  const other = client.get("1");
  // The server is asked more and more, and would never be idle. Its socket is chosen within a few turns.
  await turns(20);
  const later = client.get("0");
  await answer(playing, "s0");
  assertEquals(await first, undefined);
  await answer(playing, "s1");
  assertEquals(await other, undefined);
  await answer(playing, "s0");
  assertEquals(await later, undefined);
  assertEquals(sockets.map(({ hostname }) => hostname), ["s0", "s1", "s0"]);
  await client.close();
});

Deno.test("Client closes a socket that has become idle, and not only a busy one that it chose before", async () => {
  const playing = playBounded(2);
  const { client, sockets } = playing;
  const silent = assertRejects(() => client.get("0"), SocketError, "the client is closed");
  const first = client.get("1");
  await until(() => sockets.length === 2 && sockets.every(({ sent }) => sent !== ""));
  // Both are busy. The one that is chosen for the third server may be the silent one.
  const other = client.get("2");
  await until(() => true);
  await answer(playing, "s1");
  assertEquals(await first, undefined);
  await answer(playing, "s2");
  assertEquals(await other, undefined);
  await client.close();
  await silent;
});

Deno.test("Client closes the socket of a silent server for another when its operations were aborted", async () => {
  const playing = playBounded(1, { stallTimeout: Infinity });
  const { client, clock, sockets } = playing;
  const aborted = new AbortController();
  const given = assertRejects(() => client.get("0", { signal: aborted.signal }), Error, "enough");
  await until(() => sockets.length === 1 && sockets[0]!.sent !== "");
  const other = client.get("1");
  await until(() => true);
  aborted.abort(new Error("enough"));
  await given;
  clock.tick(1000);
  await answer(playing, "s1");
  assertEquals(await other, undefined);
  await client.close();
});

Deno.test("Client closes the socket whose operations were aborted, and not only the one that it chose before", async () => {
  const playing = playBounded(2, { stallTimeout: Infinity });
  const { client, clock, sockets } = playing;
  const silent = assertRejects(() => client.get("0"), SocketError, "the client is closed");
  const aborted = new AbortController();
  const { signal } = aborted;
  const given = [client.get("1a", { signal }), client.set("1b", 1, 0, { signal })].map((
    operation,
  ) => assertRejects(() => operation, Error, "enough"));
  await until(() => sockets.length === 2 && sockets.every(({ sent }) => sent !== ""));
  // The first server has fewer operations, so its socket is chosen for the third.
  const other = client.get("2");
  await until(() => true);
  aborted.abort(new Error("enough"));
  await Promise.all(given);
  await until(() => true);
  clock.tick(1000);
  await answer(playing, "s2");
  assertEquals(await other, undefined);
  await client.close();
  await silent;
});

Deno.test("Client opens no further connection to a server when there is no socket left for it", async () => {
  const playing = playBounded(3, { connections: 4 });
  const { client, sockets } = playing;
  const operations: Promise<unknown>[] = [];
  for (let i = 0; i < 4; i++) {
    operations.push(client.get("0"), client.get("1"));
    await until(() => true);
  }
  await until(() => sockets.length === 3);
  assertEquals(open(playing).length, 3);
  let answered = 0;
  const all = Promise.all(operations).then(() => answered = operations.length);
  while (answered === 0) {
    for (const socket of sockets) {
      const asked = socket.sent.split("\r\n").length - 1;
      socket.sent = "";
      if (asked > 0 && !socket.isClosed) await socket.answer("END\r\n".repeat(asked));
    }
    // A socket is closed for another server only after some turns of the event loop.
    await turn();
  }
  await all;
  assert(sockets.length <= 4, `${sockets.length} sockets`);
  await client.close();
});

Deno.test("Client says that its sockets are all in use, and does not blame the server", async () => {
  const playing = playBounded(1, { connectTimeout: 500, stallTimeout: 10_000, timeout: 60_000 });
  const { client, clock, sockets } = playing;
  const busy = client.get("0");
  await until(() => sockets.length === 1 && sockets[0]!.sent !== "");
  const waiting = assertRejects(
    () => client.get("1"),
    TimeoutError,
    "Cannot connect to s1:11211: no socket was free for 500 ms: maxSockets is 1",
  );
  await until(() => true);
  clock.tick(500);
  await waiting;
  assertEquals(client.servers.map(({ failures }) => failures), SERVERS.map(() => 0));
  await sockets[0]!.answer("END\r\n");
  assertEquals(await busy, undefined);
  // What gave up takes no socket any more.
  const next = client.get("2");
  await answer(playing, "s2");
  assertEquals(await next, undefined);
  await client.close();
});

Deno.test("Client gives the socket of a dial that fails to the next", async () => {
  const clock = new FakeClock();
  const dials = new Map<string, ReturnType<typeof deferred<ManualSocket>>>();
  const client = new Client(SERVERS, {
    ...{ clock, maxSockets: 1, locator: byNumber },
    dial({ hostname }) {
      dials.set(hostname!, deferred());
      return dials.get(hostname!)!.promise;
    },
  });
  const failed = assertRejects(() => client.get("0"), SocketError, "refused");
  await until(() => dials.has("s0"));
  const aborted = new AbortController();
  const givenUp = assertRejects(() => client.get("1", { signal: aborted.signal }), Error, "enough");
  const value = client.get("2");
  await until(() => true);
  assertEquals(dials.size, 1);
  aborted.abort(new Error("enough"));
  await givenUp;
  dials.get("s0")!.reject(new Error("refused"));
  await failed;
  await until(() => dials.has("s1") || dials.has("s2"));
  dials.get("s1")?.resolve(new ManualSocket());
  await until(() => dials.has("s2"));
  const socket = new ManualSocket();
  dials.get("s2")!.resolve(socket);
  await until(() => socket.sent !== "");
  await socket.answer("END\r\n");
  assertEquals(await value, undefined);
  await client.close();
});

Deno.test("Client.close ends what waits for a socket", async () => {
  const playing = playBounded(1);
  const { client, sockets } = playing;
  const operations = ["0", "1", "2"].map((key) =>
    assertRejects(() => client.get(key), SocketError, "the client is closed")
  );
  await until(() => sockets.length === 1);
  await client.close();
  await Promise.all(operations);
  assertEquals(open(playing), []);
});

Deno.test("Client serves more servers than it may have sockets, over real ones", async () => {
  const servers = await Promise.all(SERVERS.map(() => MemcachedServer.listen()));
  await using _ = {
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
  const addresses = servers.map(({ address }) => address);
  await using client = new Client(addresses, {
    ...{ maxSockets: 3, connections: 2, locator: byNumber },
  });
  for (let round = 0; round < 3; round++) {
    await Promise.all(servers.map((_, i) => client.set(`${i}key`, round)));
    const values = await Promise.all(servers.map((_, i) => client.get(`${i}key`)));
    assertEquals(values, servers.map(() => round));
  }
  // What lists items has a socket of its own, which is not closed for others.
  const items = client.items({ server: 0 });
  const first = await items.next();
  assertEquals(first.value?.key, "0key");
  assertEquals(await client.get("7key"), 2);
  await items.return();
  assert(client.servers.reduce((sum, { connections }) => sum + connections, 0) <= 3);
  await settle();
});

Deno.test("Client.watch is refused where it would leave no socket for operations", async () => {
  await using first = await MemcachedServer.listen();
  await using second = await MemcachedServer.listen();
  const addresses = [first.address, second.address];
  await using small = new Client(addresses, { maxSockets: 2 });
  const refused = small.watch(["mutations"]);
  await assertRejects(
    () => refused.ready,
    ValidationException,
    "Cannot watch: it would leave no socket for operations: 2 would watch, and maxSockets is 2",
  );
  await assertRejects(() => refused.getReader().read(), ValidationException, "Cannot watch");
  const keys = Array.from({ length: 20 }, (_, i) => `key${i}`);
  assertEquals((await small.getMany(keys)).size, 0);

  await using client = new Client(addresses, { maxSockets: 3 });
  for (let times = 0; times < 2; times++) {
    const events = client.watch(["mutations"]);
    await events.ready;
    await assertRejects(
      () => client.watch(["mutations"]).ready,
      ValidationException,
      "Cannot watch",
    );
    assertEquals((await client.getMany(keys)).size, 0);
    await events.cancel();
  }
});

Deno.test("what is computed is stored, and a lock released, where other servers wait for the socket", async () => {
  // The steps of such an operation are tied to one connection, which must not be closed in between for another server.
  await using servers = new AsyncDisposableStack();
  const addresses: string[] = [];
  for (let i = 0; i < 3; i++) addresses.push(servers.use(await MemcachedServer.listen()).address);
  for (const maxSockets of [1, 2]) {
    await using client = new Client(addresses, { maxSockets, locator: byNumber });
    const keys = Array.from({ length: 60 }, (_, i) => `${i % 3}:${maxSockets}:${i}`);
    await Promise.all(keys.map((key) => client.getOrSet(key, () => settle().then(() => key))));
    assertEquals((await client.getMany(keys)).size, keys.length);
    for (let times = 0; times < 2; times++) {
      const held = await Promise.all(
        keys.map((key) => lock(client, `${key}:lock`, { ttl: 30, waitFor: 0 })),
      );
      await Promise.all(held.map((lock) => lock!.release()));
    }
  }
});

Deno.test("update calls change once where that asks another server, for which the connection is closed", async () => {
  // A cas unique counts on its connection only: each attempt would lose it again.
  await using one = await MemcachedServer.listen();
  await using other = await MemcachedServer.listen();
  const options = { maxSockets: 1, locator: byNumber };
  await using client = new Client([one.address, other.address], options);
  await client.set("0", "old");
  let calls = 0;
  const change = async (old: string | undefined) => {
    calls++;
    await client.get("1");
    return `${old}, changed`;
  };
  assertEquals(await client.update<string>("0", change), "old, changed");
  assertEquals([await client.get("0"), calls], ["old, changed", 1]);
});
