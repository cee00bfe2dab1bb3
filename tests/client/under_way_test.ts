/** A lost connection tells which commands were under way, for a proxy may hang up on one that it does not know. */

import { assert, assertEquals } from "@std/assert";
import { Client, SocketError } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { ScriptedPeer } from "../support/scripted_peer.ts";

Deno.test("what a proxy hangs up on is named by all that it took along", async () => {
  await using server = await MemcachedServer.listen({ imitate: "twemproxy 0.5" });
  await using client = new Client(server.address);
  const outcomes = await Promise.allSettled([
    client.getAndTouch("culprit", 1),
    ...Array.from({ length: 3 }, (_, i) => client.get(`key${i}`)),
    client.delete("bystander"),
  ]);
  for (const outcome of outcomes) {
    assert(outcome.status === "rejected" && outcome.reason instanceof SocketError);
    assertEquals(
      outcome.reason.message,
      `Connection to ${server.address} ended: the server closed it, under way: ` +
        `gat key "culprit", get key "key2", delete key "bystander" and 2 more`,
    );
    assertEquals(outcome.reason.server, server.address);
  }
});

for (
  const [action, use] of Object.entries({
    'get key "a"': (client: Client) => client.get("a"),
    'gets key "a"': (client: Client) => client.gets("a"),
    'set key "a"': (client: Client) => client.set("a", 1),
    'append key "a"': (client: Client) => client.append("a", "b"),
    'incr key "a"': (client: Client) => client.incr("a"),
    'touch key "a"': (client: Client) => client.touch("a", 1),
    'delete key "a"': (client: Client) => client.delete("a"),
    flush_all: (client: Client) => client.flushAll(),
  })
) {
  Deno.test(`a server that hangs up on "${action}" is told of so`, async () => {
    await using peer = new ScriptedPeer(async (connection) => {
      await connection.request();
      await connection.close();
    });
    await using client = new Client(peer.address);
    const error = await use(client).catch((error) => error);
    assert(error instanceof SocketError, `${error}`);
    assert(error.message.includes(`, under way: ${action}`), error.message);
  });
}
