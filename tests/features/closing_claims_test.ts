/** A client that is closed while it claims something does not leave the claim behind. */

import { assert, assertEquals } from "@std/assert";
import { Client, type KeyCommands, SocketError } from "../../mod.ts";
import { lock, once } from "../../src/patterns/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { deferred } from "../../src/waiting/promises.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { ScriptedPeer } from "../support/scripted_peer.ts";
import { turns, until } from "../support/turns.ts";

/** Claims a key and waits; `begun` is called when something runs that cannot be undone. */
type Claim = (commands: KeyCommands, key: string, begun: () => void) => Promise<unknown>;

const never = new Promise<never>(() => {});

const CLAIMS: Readonly<Record<string, Claim>> = {
  lock: (commands, key) => lock(commands, key, { ttl: 60, waitFor: 0 }),
  getOrSet: (commands, key) => commands.getOrSet(key, () => never, { lockFor: 60 }),
  "getOrSet of a stale value": async (commands, key) => {
    await commands.set(key, "old");
    await commands.invalidate(key, { staleFor: 60 });
    return await commands.getOrSet(key, () => never, { lockFor: 60, staleFor: 60 });
  },
  once: (commands, key, begun) => once(commands, key, () => (begun(), never), { lockFor: 60 }),
};

/** The items that block others, of all that a server holds. */
async function claimsOn(client: Client): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of client.items()) {
    // What locks and generations count with stays.
    if (!/-(token|generation)$/.test(key) && await client.get(key) === undefined) keys.push(key);
  }
  return keys;
}

for (const [name, claim] of Object.entries(CLAIMS)) {
  for (const place of ["a client", "a namespace"]) {
    Deno.test(`Client.close leaves no claim of ${name} in ${place}, whenever it is called`, async () => {
      await using server = await MemcachedServer.listen();
      await using other = new Client(server.address);
      let claimed = 0;
      for (let waited = 0; waited < 24; waited++) {
        // On a busy machine, what `close` waits for takes longer than the second that it waits at most.
        const client = new Client(server.address, { clock: new FakeClock() });
        const commands = place === "a client" ? client : client.namespace("ns:");
        await commands.get("other");
        let hasBegun = false;
        const claiming = claim(commands, `key${waited}`, () => hasBegun = true).then(
          () => "claimed",
          (error) => {
            assert(error instanceof SocketError, `${error}`);
            return "closed";
          },
        );
        await turns(waited);
        await client.close();
        const outcome = name === "once" && hasBegun ? "begun" : await claiming;
        // A lock that is held is its holder's, and so is an action that runs.
        if (outcome === "closed") assertEquals(await claimsOn(other), [], `after ${waited} turns`);
        else claimed++;
        await other.flushAll();
      }
      assert(claimed < 24, "it was always closed too late");
    });
  }
}

Deno.test("getOrSet stores what was being stored when the client is closed", async () => {
  await using server = await MemcachedServer.listen();
  await using other = new Client(server.address);
  for (let waited = 0; waited < 30; waited++) {
    const client = new Client(server.address, { clock: new FakeClock() });
    const loaded = deferred<void>();
    const reading = client.getOrSet(`key${waited}`, () => {
      loaded.resolve();
      return "value";
    });
    reading.catch(() => {});
    await loaded.promise;
    await Promise.resolve();
    for (let i = 0; i < waited; i++) await Promise.resolve();
    await client.close();
    const { flags } = await other.inspect(`key${waited}`) ?? {};
    const value = await other.get(`key${waited}`);
    assert(flags === undefined || value === "value", `a lease was left after ${waited} turns`);
  }
});

Deno.test("Client.close waits for a silent server for a second, and only if a claim is under way", async () => {
  const requests: string[] = [];
  await using peer = new ScriptedPeer(async (connection) => {
    for (;;) {
      const request = await connection.request();
      if (request === undefined) return;
      requests.push(request);
      if (request.startsWith("get")) await connection.send("END\r\n");
    }
  });
  const clock = new FakeClock();
  const client = new Client(peer.address, { clock });
  await client.get("key");
  const locking = lock(client, "key", { ttl: 60 }).catch((error) => error);
  await until(() => requests.some((request) => request.startsWith("add")));
  let isClosed = false;
  const closing = client.close().then(() => isClosed = true);
  await clock.tickSlowly(999);
  assertEquals(isClosed, false);
  await clock.tickSlowly(1);
  await closing;
  assert(await locking instanceof SocketError);

  const idle = new Client(peer.address, { clock });
  await idle.get("key");
  // Its clock stands still.
  await idle.close();
});
