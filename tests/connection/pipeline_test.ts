/** What a connection does with its socket: how it ends over it, and what it counts. */

import { assertEquals, assertRejects } from "@std/assert";
import { rawTranscoder, SocketError } from "../../mod.ts";
import { ManualSocket, play, settle } from "./manual_socket.ts";

Deno.test("Client ends a connection that cannot be written to, although nothing more is read from it", async () => {
  const socket = new ManualSocket();
  const { client } = play({
    dial: () =>
      Promise.resolve({
        readable: socket.readable,
        writable: socket.writable,
        read: socket.read,
        write: () => Promise.reject(new Error("broken pipe")),
        close: () => socket.close(),
      }),
  });
  await assertRejects(() => client.get("a"), SocketError, "broken pipe");
  assertEquals(socket.isClosed, true);
  await client.close();
});

Deno.test("Client leaves no timer of a connection that ended while an operation waited", async () => {
  for (const way of ["closed", "reset"]) {
    const { clock, sockets, client } = play({ timeout: 1000 });
    const failed = assertRejects(() => client.get("a"), SocketError, way);
    await settle();
    if (way === "reset") await sockets[0]!.reset();
    else await client.close();
    await failed;
    assertEquals(clock.pending, 0, way);
    await client.close();
  }
});

Deno.test("Client counts the bytes of a large value that are read to their place", async () => {
  const { sockets, client } = play({ transcoder: rawTranscoder() });
  const value = client.get("a");
  await settle();
  const replies = ["VALUE a 0 400000\r\n", "x".repeat(300_000), "x".repeat(100_000), "\r\nEND\r\n"];
  for (const reply of replies) await sockets[0]!.answer(reply);
  await value;
  assertEquals(client.metrics().bytesIn, replies.join("").length);
  await client.close();
});
