/** Errors of the network name the operation that has failed, and are no other operation's. */

import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { Client, type PartialSocketError, SocketError } from "../../mod.ts";
import { ScriptedPeer } from "../support/scripted_peer.ts";
import { ManualSocket, play, settle, until } from "./manual_socket.ts";

async function failure(operation: Promise<unknown>): Promise<SocketError> {
  const error = await operation.then(() => undefined, (error) => error);
  assertInstanceOf(error, SocketError);
  return error;
}

for (const failover of ["error", { gutter: ["127.0.0.1:2"] }] as const) {
  const kind = failover === "error" ? "" : ", and of its gutter";
  Deno.test(`Errors of a server that is down${kind} name the command and the key`, async () => {
    await using client = new Client("127.0.0.1:1", { failuresBeforeDead: 1, failover });
    for (let times = 0; times < 3; times++) {
      const [get, set] = await Promise.all([client.get("a"), client.set("b", 1)].map(failure));
      assert(get!.message.endsWith('not sent: get key "a"'), get!.message);
      assert(set!.message.endsWith('not sent: set key "b"'), set!.message);
    }
  });
}

Deno.test("Errors of a lost connection are each operation's own", async () => {
  await using peer = new ScriptedPeer(async (connection) => {
    await connection.request();
    await connection.close();
  });
  await using client = new Client(peer.address);
  const keys = Array.from({ length: 300 }, (_, i) => `key${i}`);
  const [many, ...errors] = await Promise.all([
    client.getMany(keys),
    ...keys.map((key) => client.get(key)),
  ].map(failure));
  assertEquals(new Set(errors).size, errors.length);
  for (const [i, { message }] of errors.entries()) {
    assert(message.includes(`get key "key${i}"`), message);
  }
  const { failures } = many as PartialSocketError;
  assertEquals(new Set(failures.values()).size, keys.length);
});

for (const isLost of [false, true]) {
  const kind = isLost ? "whose connection is lost" : "behind a request that is not taken";
  Deno.test(`the error of an operation ${kind} says that it was not sent when its time is over`, async () => {
    const socket = new ManualSocket();
    let dials = 0;
    const { client, clock } = play({
      timeout: 1000,
      dial: (_, { signal }) =>
        dials++ === 0 ? Promise.resolve(socket) : new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    });
    const first = client.get("a");
    await until(() => socket.sent !== "");
    await socket.answer("END\r\n");
    await first;
    socket.isStuck = true;
    const sent = failure(client.set("a", "v".repeat(1 << 18)));
    const waiting = failure(client.get("b"));
    await settle();
    if (isLost) await socket.reset();
    clock.tick(1000);
    assertStringIncludes((await sent).message, 'under way: set key "a"');
    assertStringIncludes((await waiting).message, 'not sent: get key "b"');
    await client.close();
  });
}
