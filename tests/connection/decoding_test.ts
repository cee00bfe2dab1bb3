/** Values that take a while to decode: they are within the operation's time, and end with the client. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ClientOptions, SocketError, TimeoutError, type Transcoder } from "../../mod.ts";
import { deferred } from "../../src/waiting/promises.ts";
import { play, settle, until } from "./manual_socket.ts";

const VALUE = "VALUE a 0 5\r\nvalue\r\nEND\r\n";

/** A client whose values are decoded when the test says so. */
function playDecoding(options: ClientOptions = {}) {
  const decoded = deferred<string>();
  const transcoder: Transcoder = {
    encode: () => ({ flags: 0, data: new Uint8Array() }),
    decode: () => decoded.promise,
  };
  return { ...play({ transcoder, ...options }), decoded };
}

Deno.test("Client resolves to a value as soon as it is decoded", async () => {
  const { client, clock, sockets, decoded } = playDecoding({ timeout: 1000 });
  const value = client.get("a");
  await settle();
  await sockets[0]!.answer(VALUE);
  clock.tick(999);
  decoded.resolve("value");
  assertEquals(await value, "value");
  clock.tick(1000);
  assertEquals(client.servers[0]!.failures, 0);
  await client.close();
});

Deno.test("Client counts decoding as part of an operation's time, and not as a failure of the server", async () => {
  const { client, clock, sockets } = playDecoding({ timeout: 1000 });
  const values = [
    client.get("a"),
    client.gets("a"),
    client.getAndTouch("a", 1),
    client.getMany(["a"]),
  ];
  const late = values.slice(0, 3).map((value) =>
    assertRejects(() => value, TimeoutError, "still being decoded after 1000 ms")
  );
  for (const [i, command] of ["get", "gets", "gat"].entries()) {
    const named = `after 1000 ms, under way: ${command} key "a"`;
    late.push(assertRejects(() => values[i]!, TimeoutError, named));
  }
  late.push(assertRejects(() => values[3]!, SocketError, "still being decoded"));
  await settle();
  const cas = VALUE.replace("5\r\n", "5 1\r\n");
  await sockets[0]!.answer(VALUE + cas + VALUE + VALUE);
  clock.tick(999);
  await settle();
  const next = client.delete("b");
  await until(() => sockets[0]!.sent.includes("delete"));
  clock.tick(1);
  await Promise.all(late);
  await sockets[0]!.answer("DELETED\r\n");
  assertEquals(await next, true);
  assertEquals([sockets.length, client.servers[0]!.failures], [1, 0]);
  await client.close();
});

Deno.test("Client continues decoding when the connection is lost", async () => {
  const { client, clock, sockets, decoded } = playDecoding({ timeout: 1000 });
  const value = client.get("a");
  await settle();
  await sockets[0]!.answer(VALUE);
  await sockets[0]!.reset();
  assert(sockets[0]!.isClosed);
  clock.tick(500);
  decoded.resolve("value");
  assertEquals(await value, "value");
  await client.close();
});

Deno.test("Client.close ends what is being decoded, also of servers that have left the list", async () => {
  for (const leaves of [false, true]) {
    const { client, sockets } = playDecoding();
    const value = client.get("a");
    await settle();
    await sockets[0]!.answer(VALUE);
    if (leaves) await client.setServers("other.test");
    const ended = assertRejects(() => value, SocketError, "the client is closed");
    await client.close();
    await ended;
  }
});
