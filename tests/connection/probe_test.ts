/** How a server that is down is asked again. */

import { assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { SocketError, TimeoutError } from "../../mod.ts";
import { type Play, play, settle } from "./manual_socket.ts";

/** Lets a server fail once, and so go down. */
async function goDown({ client, clock, sockets }: Play): Promise<void> {
  const failed = assertRejects(() => client.get("a"), TimeoutError);
  await settle();
  clock.tick(1000);
  await failed;
  assertEquals([sockets.length, client.servers[0]!.state], [1, "down"]);
}

Deno.test("Client probes a server that is down, and uses it again when it answers", async () => {
  const playing = play({ timeout: 1000, failuresBeforeDead: 1 });
  const { client, clock, sockets } = playing;
  await goDown(playing);
  clock.tick(100);
  await settle();
  assertMatch(sockets[1]!.sent, /^get ~moecache-probe-\d\r\n$/);
  await sockets[1]!.answer("END\r\n");
  assertEquals(client.servers[0]!.state, "up");
  await client.close();
});

Deno.test("Client probes no server when it is closed, or when the server has left the list", async () => {
  for (const end of ["close", "setServers"] as const) {
    const playing = play({ timeout: 1000, failuresBeforeDead: 1 });
    const { client, clock, sockets } = playing;
    await goDown(playing);
    await (end === "close" ? client.close() : client.setServers("other.test"));
    await clock.tickSlowly(100_000);
    assertEquals(sockets.length, 1, end);
    await client.close();
  }
});

Deno.test("Client treats a server as up if it answers the probe with a refusal or a value", async () => {
  for (const answer of ["SERVER_ERROR backend failure\r\n", "VALUE %s 0 1\r\nx\r\nEND\r\n"]) {
    const playing = play({ timeout: 1000, failuresBeforeDead: 1 });
    const { client, clock, sockets } = playing;
    await goDown(playing);
    clock.tick(100);
    await settle();
    await sockets[1]!.answer(answer.replace("%s", sockets[1]!.sent.trim().slice(4)));
    assertEquals(client.servers[0]!.state, "up");
    await client.close();
  }
});

Deno.test("Client probes a server with several keys in turn, because behind a proxy one may be on a server that is down", async () => {
  const playing = play({ timeout: 1000, failuresBeforeDead: 1, maxProbeDelay: 1 });
  const { client, clock, sockets } = playing;
  await goDown(playing);
  for (let probe = 1; probe <= 20; probe++) {
    clock.tick(1);
    await settle();
    assertMatch(sockets[probe]!.sent, /^get ~moecache-probe-\d\r\n$/);
    clock.tick(1000);
    await settle();
  }
  // By chance alone, all are the same once in 10^19 runs.
  assertNotEquals(new Set(sockets.slice(1).map(({ sent }) => sent)).size, 1);
  await client.close();
});

Deno.test("Client does not rely on a server's version", async () => {
  const events: string[] = [];
  const { client, sockets } = play({
    failuresBeforeDead: 1,
    probeDelay: 2_000_000_000,
    maxProbeDelay: 2_000_000_000,
  });
  for (const type of ["up", "down"] as const) {
    client.addEventListener(type, () => events.push(type));
  }
  for (let round = 0; round < 3; round++) {
    const failed = assertRejects(() => client.get("a"), SocketError);
    await settle();
    // As an old proxy does with what it does not know.
    await sockets.at(-1)!.reset();
    await failed;
    const version = client.version();
    await settle();
    await sockets.at(-1)!.answer("VERSION 1\r\n");
    assertEquals(await version, ["1"]);
    assertEquals(client.servers[0]!.state, "down");
  }
  assertEquals(events, ["down"]);
  await client.close();
});
