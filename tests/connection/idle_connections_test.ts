/** What becomes of connections that have been idle when one of them turns out to be lost. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { SocketError, TimeoutError } from "../../mod.ts";
import { type Play, play, until } from "./manual_socket.ts";
import { turns } from "../support/turns.ts";

/** Waits until a socket has been written to once more, which is looked at first when it was idle. */
function asked({ sockets }: Play, at: number, times: number): Promise<void> {
  return until(() => (sockets[at]?.sent.split("\r\n").length ?? 0) > times);
}

/** Opens connections, which are idle then. */
async function open(playing: Play, count: number): Promise<void> {
  const { client, sockets } = playing;
  const values = [];
  for (let i = 0; i < count; i++) {
    values.push(client.get("a"));
    await asked(playing, i, 1);
  }
  for (const socket of sockets) await socket.answer("END\r\n");
  assertEquals(await Promise.all(values), Array(count).fill(undefined));
  assertEquals(sockets.length, count);
}

for (const idle of [1, 50, 350_000]) {
  Deno.test(`Client retries over a fresh connection when one that was idle for ${idle} ms is lost`, async () => {
    const playing = play({ connections: 2, retries: 1 });
    const { client, clock, sockets } = playing;
    await open(playing, 2);
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
    for (const idle of [1, 350_000]) {
      const playing = play({ connections: 2, ...options });
      const { client, clock, sockets } = playing;
      await open(playing, 2);
      clock.tick(idle);
      const failed = assertRejects(() => client.get("a"), TimeoutError);
      await asked(playing, 0, 2);
      // A silent server is noticed at most half as late again.
      clock.tick(1500);
      await failed;
      assert(sockets[1]!.isClosed);
      await client.close();
    }
  }
});

for (const [idle, isKept] of [[100, true], [101, false]] as const) {
  const does = isKept ? "keeps" : "ends";
  Deno.test(`Client ${does} idle connections when the server is late on one that was idle for ${idle} ms and answers on another`, async () => {
    const playing = play({ connections: 3, timeout: 1000 });
    const { client, clock, sockets } = playing;
    await open(playing, 3);
    clock.tick(idle);
    const late = assertRejects(() => client.get("a"), TimeoutError);
    await asked(playing, 0, 2);
    clock.tick(1);
    const answered = client.get("b");
    await asked(playing, 1, 2);
    await sockets[1]!.answer("END\r\n");
    assertEquals(await answered, undefined);
    clock.tick(999);
    await late;
    assertEquals(sockets.map(({ isClosed }) => isClosed), [true, false, !isKept]);
    await client.close();
  });
}

Deno.test("Client keeps the others when a connection is lost that was in use", async () => {
  const playing = play({ connections: 2 });
  const { client, clock, sockets } = playing;
  await open(playing, 2);
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
  await open(playing, 2);
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

Deno.test("Client writes to an idle connection in a process whose turns take long", async () => {
  let now = 0;
  const clock = { now: () => now += 200, after: () => () => {} };
  const { client, sockets } = play({ clock });
  for (const times of [1, 2]) {
    const value = client.get("a");
    await turns(20);
    assertEquals(sockets[0]?.sent, "get a\r\n".repeat(times));
    await sockets[0]!.answer("END\r\n");
    assertEquals(await value, undefined);
  }
  await client.close();
});
