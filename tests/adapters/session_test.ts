import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Client, SocketError, ValidationException } from "../../mod.ts";
import {
  honoSessionsStore,
  honoSessionStorage,
  type HonoSessionStorageOptions,
  type MoecacheSession,
  type MoecacheSessionMethods,
  type MoecacheSessionOptions,
  moecacheSessionStore,
  sessionIdStrategy,
} from "../../src/adapters/session.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
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
      await promise((done) => store.touch(id, session, done));
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

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`moecacheSessionStore() stores the cookie of a session that is touched on ${kind}`, async () => {
    await using server = await start();
    await using client = new Client(server.address, { timeout: 10_000 });
    const store = moecacheSessionStore({ Store }, { client });
    const touch = (session: MoecacheSession) =>
      promise((callback) => store.touch("id", session, callback));
    const later = new Date(Date.now() + 600_000).toISOString();
    const cookie = { originalMaxAge: 600_000, expires: later };
    const stored = { cookie: { expires: new Date(Date.now() + 60_000) }, user: "Ada" };
    await set(store, "id", stored);
    // Only the cookie counts: what else the request has may be old.
    const old = { cookie, user: "nobody" };
    await touch(old);
    assertEquals(await get(store, "id"), { ...stored, cookie });
    const exptimes = await Array.fromAsync(client.items(), ({ exptime }) => Number(exptime ?? 0));
    const early = Date.now() + 500_000;
    assert(exptimes.some((exptime) => exptime > early), "it lives as long as the cookie");

    // What is written between the reading and the writing of the cookie stays.
    const written = { cookie, user: "Grace" };
    await Promise.all([touch({ cookie: { expires: null } }), set(store, "id", written)]);
    assertEquals(await get(store, "id"), written);
    await promise((done) => store.destroy("id", done));
    await touch({ cookie });
    assertEquals(await get(store, "id"), undefined);
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

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`honoSessionsStore() keeps sessions until they expire on ${kind}`, async () => {
    await using server = await start();
    await using store = honoSessionsStore({ servers: server.address });
    const later = new Date(Date.now() + 60_000).toISOString();
    for (const id of ["id", "a b", "long".repeat(100)]) {
      assertEquals(await store.getSessionById(id), null);
      const data = { _expire: later, _data: { user: { value: "Ada €", flash: false } } };
      await store.createSession(id, { _expire: null });
      assertEquals(await store.getSessionById(id), { _expire: null });
      await store.persistSessionData(id, data);
      assertEquals(await store.getSessionById(id), data);
      await store.persistSessionData(id, { _expire: new Date(1000).toISOString() });
      assertEquals(await store.getSessionById(id), null);
      await store.createSession(id, data);
      await store.deleteSession(id);
      assertEquals(await store.getSessionById(id), null);
    }
    assertEquals(await store.getSessionById(undefined), null);
  });

  Deno.test(`honoSessionStorage() writes in order, and reads after it, on ${kind}`, async () => {
    await using server = await start();
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    await using storage = honoSessionStorage({ servers: server.address, onError });
    await using other = honoSessionStorage({ servers: server.address, onError });
    assertEquals(await storage.get("id"), null);
    for (let n = 0; n < 20; n++) storage.set("id", { n });
    assertEquals(await storage.get("id"), { n: 19 });
    storage.set("id", { n: 20 });
    storage.delete("id");
    storage.set("other", "kept");
    storage.set("id", undefined);
    await storage.written();
    assertEquals([await other.get("id"), await other.get("other")], [null, "kept"]);
    assert(errors.length === 1 && errors[0] instanceof ValidationException);
    const last = honoSessionStorage({ servers: server.address, onError });
    last.set("last", 1);
    await last.close();
    assertEquals(await other.get("last"), 1);
    assertEquals(errors.length, 1);
  });

  Deno.test(`sessionIdStrategy() makes ids of its own on ${kind}`, async () => {
    await using server = await start();
    await using strategy = sessionIdStrategy({ servers: server.address });
    const later = new Date(Date.now() + 60_000);
    const ids = await Promise.all(
      Array.from({ length: 10 }, (_, n) => strategy.createData({ n }, later)),
    );
    assertEquals(new Set(ids).size, 10);
    const [id = ""] = ids;
    assertEquals(await strategy.readData(id), { n: 0 });
    await strategy.updateData(id, { n: 100 });
    assertEquals(await strategy.readData(id), { n: 100 });
    await strategy.updateData(id, { n: 100 }, new Date(1000));
    assertEquals(await strategy.readData(id), null);
    await strategy.deleteData(ids[1] ?? "");
    assertEquals(await strategy.readData(ids[1] ?? ""), null);
    assertEquals(await strategy.readData("forged \r\n"), null);
  });
}

Deno.test("the stores of the web's sessions fail without memcached, and miss with failover", async () => {
  const servers = "127.0.0.1:1";
  await using client = new Client(servers, { failover: "miss" });
  await using store = honoSessionsStore({ servers });
  await assertRejects(() => store.getSessionById("id"), SocketError);
  await assertRejects(() => store.createSession("id", { _expire: null }), SocketError);
  const missingStore = honoSessionsStore({ client });
  await missingStore.createSession("id", { _expire: null });
  assertEquals(await missingStore.getSessionById("id"), null);

  await using strategy = sessionIdStrategy({ servers });
  await assertRejects(() => strategy.createData({}), SocketError);
  await assertRejects(() => strategy.readData("id"), SocketError);
  await assertRejects(() => strategy.updateData("id", {}), SocketError);
  await assertRejects(() => strategy.deleteData("id"), SocketError);
  const missingStrategy = sessionIdStrategy({ client });
  assertEquals(await missingStrategy.readData(await missingStrategy.createData({})), null);

  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  await using storage = honoSessionStorage({ servers, onError });
  storage.set("id", {});
  storage.delete("id");
  await storage.written();
  assertEquals(errors.map((error) => error instanceof SocketError), [true, true]);
  await assertRejects(() => storage.get("id"), SocketError);
  const missing = honoSessionStorage({ client, onError });
  missing.set("id", {});
  assertEquals(await missing.get("id"), null);
  assertEquals(errors.length, 2);
});

Deno.test("the stores of the web's sessions refuse what they cannot use", () => {
  const servers = "127.0.0.1:1";
  const onError = () => {};
  for (const options of [{}, { servers, ttl: 0 }, { servers, prefix: "" }, { servers, tll: 1 }]) {
    const given = options as MoecacheSessionOptions;
    assertThrows(() => honoSessionsStore(given), ValidationException);
    assertThrows(() => sessionIdStrategy(given), ValidationException);
    assertThrows(() => honoSessionStorage({ ...given, onError }), ValidationException);
  }
  const silent = { servers } as unknown as HonoSessionStorageOptions;
  assertThrows(() => honoSessionStorage(silent), ValidationException, "onError");
});

Deno.test("the stores of sessions refuse a time that is none, and callbacks that are no functions", async () => {
  // Nothing listens there: whatever is sent fails with another error.
  await using client = new Client("127.0.0.1:1");
  const express = moecacheSessionStore({ Store }, { client });
  const hono = honoSessionsStore({ client });
  const strategy = sessionIdStrategy({ client });
  // Other types had the lifetime of a session without a time.
  for (const time of [Date.now() + 60_000, 60n, "soon", new Date(NaN), {}, Symbol("time")]) {
    const expires = time as never;
    for (
      const store of [
        () => promise((done) => express.set("id", { cookie: { expires } }, done)),
        () => promise((done) => express.touch("id", { cookie: { expires } }, done)),
        () => hono.createSession("id", { _expire: expires }),
        () => strategy.createData({}, expires),
      ]
    ) {
      await assertRejects(store, ValidationException, "Cannot use expires ");
    }
  }
  for (const wrong of [5, "callback", {}, true] as never[]) {
    assertThrows(() => express.get("id", wrong), ValidationException, "callback");
    assertThrows(() => express.set("id", { cookie: {} }, wrong), ValidationException, "callback");
    assertThrows(() => express.destroy("id", wrong), ValidationException, "callback");
    assertThrows(() => express.clear(wrong), ValidationException, "callback");
  }
});

Deno.test("the stores of sessions refuse an invalid session", async () => {
  const servers = "127.0.0.1:1";
  await using express = moecacheSessionStore({ Store }, { servers });
  await using hono = honoSessionsStore({ servers });
  await using strategy = sessionIdStrategy({ servers });
  const holding = [new Map([["a", 1]]), new Set([1]), new Date(), Promise.resolve({}), new Error()];
  const wrong: unknown[] = [undefined, null, "session", 5, [], () => {}, ...holding];
  for (const session of wrong as never[]) {
    await assertRejects(() => set(express, "id", session), ValidationException, "session");
    await assertRejects(() => hono.createSession("id", session), ValidationException, "session");
    await assertRejects(() => strategy.createData(session), ValidationException, "session");
    await assertRejects(() => strategy.updateData("id", session), ValidationException, "session");
  }
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  await using storage = honoSessionStorage({ servers, onError });
  for (const session of [undefined, () => {}, ...holding]) storage.set("id", session);
  await storage.written();
  await Promise.resolve();
  assertEquals(errors.length, holding.length + 2);
  for (const error of errors) assert(error instanceof ValidationException, `${error}`);
});

Deno.test("the stores of sessions store an instance of a class, and one without a prototype", async () => {
  await using server = await MemcachedServer.listen();
  await using strategy = sessionIdStrategy({ servers: server.address });
  class Session {
    user = "Ada";
  }
  const bare = Object.assign(Object.create(null), { user: "Ada" });
  for (const session of [new Session(), bare]) {
    assertEquals(await strategy.readData(await strategy.createData(session)), { user: "Ada" });
  }
});
