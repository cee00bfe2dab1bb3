/** Errors of the network name the operation that has failed, and are no other operation's. */

import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { Client, type PartialSocketError, SocketError } from "../../mod.ts";
import { ScriptedPeer } from "../support/scripted_peer.ts";

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
