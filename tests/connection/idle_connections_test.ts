/** What becomes of connections that have been idle when one of them turns out to be lost. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { SocketError, TimeoutError } from "../../mod.ts";
import { type Play, play, until } from "./manual_socket.ts";

/** Waits until a socket has been written to once more, which is looked at first when it was idle. */
function asked({ sockets }: Play, at: number, times: number): Promise<void> {
  return until(() => (sockets[at]?.sent.split("\r\n").length ?? 0) > times);
}

/** Opens two connections, which are idle then. */
async function openTwo(playing: Play): Promise<void> {
  const { client, sockets } = playing;
  const first = client.get("a");
  await asked(playing, 0, 1);
  const second = client.get("b");
  await asked(playing, 1, 1);
  for (const socket of sockets) await socket.answer("END\r\n");
  assertEquals(await Promise.all([first, second]), [undefined, undefined]);
  assertEquals(sockets.length, 2);
}

for (const idle of [1, 50, 350_000]) {
  Deno.test(`Client retries over a fresh connection when one that was idle for ${idle} ms is lost`, async () => {
    const playing = play({ connections: 2, retries: 1 });
    const { client, clock, sockets } = playing;
    await openTwo(playing);
    clock.tick(idle);
    const value = client.get("a");
    await asked(playing, 0, 2);
    await sockets[0]!.reset();
    assert(sockets[1]!.isClosed, "the other is as lost");
    await asked(playing, 2, 1);
    await sockets[2]!.answer("VALUE a 274 1\r\nv\r\nEND\r\n");
    assertEquals(await value, "v");
    await client.close();
  });
}

Deno.test("Client ends idle connections with one that was idle and is overdue", async () => {
  for (const options of [{ timeout: 1000 }, { stallTimeout: 1000 }]) {
    const playing = play({ connections: 2, ...options });
    const { client, clock, sockets } = playing;
    await openTwo(playing);
    clock.tick(350_000);
    const failed = assertRejects(() => client.get("a"), TimeoutError);
    await asked(playing, 0, 2);
    clock.tick(1000);
    await failed;
    assert(sockets[1]!.isClosed);
    await client.close();
  }
});

Deno.test("Client keeps the others when a connection is lost that was in use", async () => {
  const playing = play({ connections: 2 });
  const { client, clock, sockets } = playing;
  await openTwo(playing);
  clock.tick(50);
  const value = client.get("a");
  await asked(playing, 0, 2);
  const other = client.get("b");
  await asked(playing, 1, 2);
  const failed = assertRejects(() => client.incr("a"), SocketError);
  await asked(playing, 0, 3);
  await sockets[1]!.answer("END\r\n");
  clock.tick(1);
  await sockets[0]!.answer("END\r\n");
  assertEquals(await Promise.all([value, other]), [undefined, undefined]);
  await sockets[0]!.reset();
  await failed;
  assert(!sockets[1]!.isClosed);
  await client.close();
});

Deno.test("Client keeps connections that have something to do, or whose server was heard meanwhile", async () => {
  const playing = play({ connections: 2 });
  const { client, clock, sockets } = playing;
  await openTwo(playing);
  clock.tick(350_000);
  const failed = assertRejects(() => client.get("a"), SocketError);
  await asked(playing, 0, 2);
  const value = client.get("b");
  await asked(playing, 1, 2);
  clock.tick(1);
  await sockets[1]!.answer("END\r\n");
  assertEquals(await value, undefined);
  await sockets[0]!.reset();
  await failed;
  assert(!sockets[1]!.isClosed);
  await client.close();
});

for (const [what, end] of [["closed", "close"], ["reset", "reset"]] as const) {
  Deno.test(`Client does not count it as a failure that the server has ${what} an idle connection`, async () => {
    const playing = play({ failuresBeforeDead: 1, failover: "remove" });
    const { client, clock, sockets } = playing;
    const first = client.get("a");
    await asked(playing, 0, 1);
    await sockets[0]!.answer("END\r\n");
    await first;
    clock.tick(350_000);
    // It is noticed only behind the next call, as in a process that was suspended. Nothing has been sent.
    const ended = sockets[0]![end]();
    const value = client.get("a");
    await ended;
    await asked(playing, 1, 1);
    await sockets[1]!.answer("VALUE a 274 1\r\nv\r\nEND\r\n");
    assertEquals(await value, "v");
    await client.close();
  });
}
