/** How long a client waits for a server that sends nothing: the option `stallTimeout`. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Client, type ClientOptions, rawTranscoder, SocketError, TimeoutError } from "../../mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { ManualSocket, play, settle, until } from "./manual_socket.ts";

Deno.test("Client ends a connection on which nothing has come for 10 s, as a failure of the server", async () => {
  const { clock, sockets, client } = play();
  const operations = [client.get("a"), client.set("b", 1)].map((operation) =>
    assertRejects(
      () => operation,
      TimeoutError,
      "No reply from cache.test:11211: it has sent nothing for 10000 ms",
    )
  );
  await settle();
  clock.tick(9_999);
  await settle();
  assert(!sockets[0]!.isClosed);
  clock.tick(1);
  await Promise.all(operations);
  const [server] = client.servers;
  assertEquals([sockets[0]!.isClosed, server!.failures], [true, 1]);
  await client.close();
});

Deno.test("Client keeps a connection on which something comes, however slowly", async () => {
  const { clock, sockets, client } = play();
  const value = client.get("a");
  await settle();
  for (const part of ["VAL", "UE a 274 5\r\n", "v", "al", "ue", "\r\n", "END"]) {
    clock.tick(9_999);
    await sockets[0]!.answer(part);
  }
  await sockets[0]!.answer("\r\n");
  assertEquals(await value, "value");
  await client.close();
});

Deno.test("Client keeps a connection on which a large value comes slowly", async () => {
  const transcoder = rawTranscoder();
  const { clock, sockets, client } = play({ transcoder });
  const value = client.get("a");
  await settle();
  await sockets[0]!.answer("VALUE a 0 400000\r\n");
  for (let part = 0; part < 8; part++) {
    clock.tick(9_000);
    await sockets[0]!.answer("x".repeat(50_000));
  }
  await sockets[0]!.answer("\r\nEND\r\n");
  assertEquals((await value as Uint8Array).length, 400_000);
  await client.close();
});

Deno.test("Client keeps a connection that takes a large value slowly, and no other", async () => {
  const { clock, sockets, client } = play();
  const first = client.get("a");
  await settle();
  await sockets[0]!.answer("END\r\n");
  assertEquals(await first, undefined);
  const [socket] = sockets;
  socket!.isStuck = true;
  const stored = client.set("b", "x".repeat(4_000_000));
  stored.catch(() => {});
  await settle();
  for (let portion = 0; portion < 3; portion++) {
    clock.tick(9_000);
    await socket!.takePortion();
    assert(!socket!.isClosed);
  }
  clock.tick(12_500);
  await assertRejects(() => stored, TimeoutError, "it has sent nothing");
  await client.close();
});

Deno.test("Client does not wait for a server that reads everything and sends nothing", async () => {
  const { clock, sockets, client } = play();
  let failures = 0;
  const ask = () => void client.get("a").catch(() => failures++);
  ask();
  await settle();
  for (let time = 0; time < 15_000; time += 500) {
    clock.tick(500);
    ask();
    await settle();
  }
  assert(sockets[0]!.isClosed);
  assert(failures > 0);
  await client.close();
});

Deno.test("Client keeps an idle connection on which nothing is sent", async () => {
  const { clock, sockets, client } = play({ stallTimeout: 100 });
  for (let i = 0; i < 3; i++) {
    const value = client.get("a");
    await until(() => sockets[0]?.sent === "get a\r\n".repeat(i + 1));
    await sockets[0]!.answer("END\r\n");
    assertEquals(await value, undefined);
    clock.tick(60_000);
    assertEquals(clock.pending, 0);
  }
  assertEquals(sockets.length, 1);
  await client.close();
});

Deno.test("Client waits without a limit if stallTimeout is Infinity", async () => {
  const { clock, sockets, client } = play({ stallTimeout: Infinity });
  const value = client.get("a");
  await settle();
  assertEquals(clock.pending, 0);
  clock.tick(1e9);
  await sockets[0]!.answer("END\r\n");
  assertEquals(await value, undefined);
  await client.close();
});

Deno.test("Client gives up connecting after 10 s, unless it or timeout says otherwise", async () => {
  const cases: [ClientOptions, number][] = [
    [{}, 10_000],
    [{ stallTimeout: Infinity }, 10_000],
    [{ timeout: 30 }, 30],
    [{ timeout: 60_000 }, 60_000],
    [{ timeout: 30, connectTimeout: 500 }, 500],
    [{ connectTimeout: 20_000 }, 20_000],
  ];
  for (const [options, limit] of cases) {
    const { clock, client } = play({ ...options, dial: () => new Promise(() => {}) });
    const failed = assertRejects(
      () => client.get("a"),
      TimeoutError,
      `no answer within ${limit} ms`,
    );
    await settle();
    clock.tick(limit - 1);
    await settle();
    assertEquals(client.servers[0]!.state, "connecting");
    clock.tick(1);
    await failed;
  }
});

Deno.test("Client sets a timer for an operation only when its request is on its way", async () => {
  for (const options of [{}, { timeout: 1000 }, { timeout: 1000, connectTimeout: 1000 }]) {
    const order: string[] = [];
    const clock = new FakeClock();
    const socket = new ManualSocket();
    const client = new Client("cache.test", {
      ...options,
      clock: {
        now: () => clock.now(),
        after(delay, callback) {
          order.push("timer");
          return clock.after(delay, callback);
        },
      },
      dial() {
        order.push("dial");
        return Promise.resolve({
          readable: socket.readable,
          writable: socket.writable,
          read: socket.read,
          write(bytes) {
            order.push("write");
            return socket.write(bytes);
          },
          close: () => socket.close(),
        });
      },
    });
    const failed = assertRejects(() => client.get("a"), SocketError);
    await settle();
    const timers = "timeout" in options ? ["timer", "timer"] : ["timer"];
    // The first is that of the dial.
    assertEquals(order, ["dial", "timer", "write", ...timers]);
    await client.close();
    await failed;
  }
});
