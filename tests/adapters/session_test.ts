import { assert, assertEquals, assertThrows } from "@std/assert";
import { Client, SocketError, ValidationException } from "../../mod.ts";
import {
  type MoecacheSession,
  type MoecacheSessionMethods,
  type MoecacheSessionOptions,
  moecacheSessionStore,
} from "../../src/adapters/session.ts";
import { SERVERS } from "../support/every_server.ts";

class Store {
  generate = "set by express-session";
}

/** Resolves to what a callback gets, and rejects with its error. */
function promise<Result>(
  call: (callback: (error?: unknown, result?: Result | null) => void) => void,
): Promise<Result | null | undefined> {
  return new Promise((resolve, reject) =>
    call((error, result) => error ? reject(error) : resolve(result))
  );
}

function get(store: MoecacheSessionMethods, id: string) {
  return promise<MoecacheSession>((callback) => store.get<MoecacheSession>(id, callback));
}

function set(store: MoecacheSessionMethods, id: string, session: MoecacheSession) {
  return promise((callback) => store.set(id, session, callback));
}

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`moecacheSessionStore() keeps, touches and deletes sessions on ${kind}`, async () => {
    await using server = await start();
    await using client = new Client(server.address, { timeout: 10_000 });
    const store = moecacheSessionStore({ Store }, { client });
    assert(store instanceof Store);
    assertEquals(store.generate, "set by express-session");
    const session = { cookie: { expires: new Date(Date.now() + 60_000) }, user: "Ada €" };
    for (const id of ["id", "a b", "long".repeat(100)]) {
      assertEquals(await get(store, id), undefined);
      await set(store, id, session);
      assertEquals(await get(store, id), JSON.parse(JSON.stringify(session)));
      await promise((done) => store.touch(id, { cookie: {} }, done));
      assertEquals(await get(store, id), JSON.parse(JSON.stringify(session)));
      // A cookie that has expired ends the session.
      await promise((done) => store.touch(id, { cookie: { expires: new Date(1000) } }, done));
      assertEquals(await get(store, id), undefined);
      await set(store, id, { cookie: { expires: null } });
      await promise((done) => store.destroy(id, done));
      assertEquals(await get(store, id), undefined);
    }
    await client.set("other", 1);
    await set(store, "a", { cookie: {} });
    await promise((done) => store.clear(done));
    assertEquals([await get(store, "a"), await client.get("other")], [undefined, 1]);
    const touched = { cookie: {} };
    await promise((done) => store.touch("none", touched, done));
    assertEquals(await get(store, "none"), undefined);
  });
}

Deno.test("moecacheSessionStore() gives a fault to the callback, and a miss with failover", async () => {
  await using store = moecacheSessionStore({ Store }, { servers: "127.0.0.1:1" });
  const fault = await get(store, "id").catch((error) => error);
  assert(fault instanceof SocketError);
  assert(await set(store, "id", { cookie: {} }).catch((error) => error) instanceof SocketError);
  await using client = new Client("127.0.0.1:1", { failover: "miss" });
  const missing = moecacheSessionStore({ Store }, { client });
  await set(missing, "id", { cookie: {} });
  assertEquals(await get(missing, "id"), undefined);
});

Deno.test("moecacheSessionStore() refuses what it cannot use", async () => {
  const servers = "127.0.0.1:1";
  const wrong: Record<string, unknown>[] = [
    {},
    { servers, ttl: 0 },
    { servers, ttl: "60" },
    { servers, prefix: "a b" },
    { servers, tll: 1 },
  ];
  for (const options of wrong) {
    const make = () => moecacheSessionStore({ Store }, options as MoecacheSessionOptions);
    assertThrows(make, ValidationException);
  }
  const none = undefined as unknown as { Store: typeof Store };
  assertThrows(() => moecacheSessionStore(none, { servers }), ValidationException, "session");
  await using store = moecacheSessionStore({ Store }, { servers });
  const id = 5 as unknown as string;
  assert(await get(store, id).catch((error) => error) instanceof ValidationException);
});
