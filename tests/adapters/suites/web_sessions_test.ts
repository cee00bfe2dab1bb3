/** Sessions of hono-sessions, @hono/session, React Router and Remix on memcached. */

import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { useSession, useSessionStorage } from "@hono/session";
import { createCookieFactory, createSessionStorageFactory } from "@remix-run/server-runtime";
import { type Context, Hono } from "hono";
import { sessionMiddleware } from "hono-sessions";
import { createSessionStorage } from "react-router";
import { Client, SocketError } from "@moecache/moecache";
import {
  honoSessionsStore,
  honoSessionStorage,
  sessionIdStrategy,
} from "@moecache/moecache/session";
import { SERVERS } from "./servers.ts";

const AWAY = "127.0.0.1:1";
const SECRET = "0123456789abcdef".repeat(4);

/** What is used of an application of Hono. */
interface App {
  request(path: string, init: RequestInit): Response | Promise<Response>;
}

/** A visitor, whose browser has one cookie. */
class Visitor {
  cookie = "";

  async asks(app: App, path: string): Promise<[status: number, text: string]> {
    const response = await app.request(path, { headers: { Cookie: this.cookie } });
    // The last one counts: hono-sessions sets a cookie twice when it changes the id.
    const cookie = response.headers.getSetCookie().at(-1);
    if (cookie !== undefined) this.cookie = cookie.split(";", 1)[0] ?? "";
    return [response.status, await response.text()];
  }
}

// deno-lint-ignore no-explicit-any -- the packages put a session of their own into each context
type AnyContext = Context<any>;

function honoSessionsApp(servers: string) {
  const store = honoSessionsStore({ servers });
  const app = new Hono();
  app.use("*", sessionMiddleware({ store, expireAfterSeconds: 60 }));
  app.get("/", (context: AnyContext) => {
    const session = context.get("session");
    session.set("views", (session.get("views") ?? 0) + 1);
    return context.text(`${session.get("views")}`);
  });
  app.get("/out", (context: AnyContext) => {
    context.get("session").deleteSession();
    return context.text("out");
  });
  app.get("/rotate", (context: AnyContext) => {
    context.set("session_key_rotation", true);
    return context.text("rotated");
  });
  app.onError((_error, context) => context.text("no sessions", 500));
  return { app, store };
}

function honoSessionApp(servers: string) {
  const errors: unknown[] = [];
  const storage = honoSessionStorage({ servers, onError: (error) => errors.push(error) });
  const app = new Hono();
  app.use(useSessionStorage(storage), useSession({ secret: SECRET }));
  app.get("/", async (context: AnyContext) => {
    const { views } = await context.var.session.get() ?? { views: 0 };
    await context.var.session.update({ views: views + 1 });
    return context.text(`${views + 1}`);
  });
  app.get("/out", async (context: AnyContext) => {
    await context.var.session.get();
    context.var.session.delete();
    return context.text("out");
  });
  app.onError((_error, context) => context.text("no sessions", 500));
  return { app, storage, errors };
}

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`hono-sessions: two processes share sessions on ${kind}`, async () => {
    await using memcached = await start();
    const [one, two] = [honoSessionsApp(memcached.address), honoSessionsApp(memcached.address)];
    await using _one = one.store;
    await using _two = two.store;
    const [ada, bob] = [new Visitor(), new Visitor()];
    assertEquals(await ada.asks(one.app, "/"), [200, "1"]);
    assertEquals(await ada.asks(two.app, "/"), [200, "2"]);
    assertEquals(await bob.asks(one.app, "/"), [200, "1"]);
    const { cookie } = ada;
    assertEquals(await ada.asks(one.app, "/rotate"), [200, "rotated"]);
    assertEquals(await ada.asks(two.app, "/"), [200, "3"]);
    assertNotEquals(ada.cookie, cookie);
    assertEquals(await ada.asks(two.app, "/out"), [200, "out"]);
    assertEquals(await ada.asks(one.app, "/"), [200, "1"]);
  });

  Deno.test(`@hono/session: two processes share sessions on ${kind}`, async () => {
    await using memcached = await start();
    const [one, two] = [honoSessionApp(memcached.address), honoSessionApp(memcached.address)];
    await using _one = one.storage;
    await using _two = two.storage;
    const [ada, bob] = [new Visitor(), new Visitor()];
    assertEquals(await ada.asks(one.app, "/"), [200, "1"]);
    assertEquals(await ada.asks(one.app, "/"), [200, "2"]);
    await one.storage.written();
    assertEquals(await ada.asks(two.app, "/"), [200, "3"]);
    assertEquals(await bob.asks(one.app, "/"), [200, "1"]);
    assertEquals(await ada.asks(two.app, "/out"), [200, "out"]);
    await two.storage.written();
    assertEquals(await ada.asks(one.app, "/"), [200, "1"]);
    assertEquals([one.errors, two.errors], [[], []]);
  });

  for (const [name, makeStorage] of Object.entries(storages())) {
    Deno.test(`${name}: two processes share sessions on ${kind}`, async () => {
      await using memcached = await start();
      await using one = sessionIdStrategy({ servers: memcached.address });
      await using two = sessionIdStrategy({ servers: memcached.address });
      const [first, second] = [makeStorage(one), makeStorage(two)];
      const session = await first.getSession();
      session.set("user", "Ada");
      session.flash("notice", "Welcome");
      const cookie = (await first.commitSession(session)).split(";", 1)[0] ?? "";
      const found = await second.getSession(cookie);
      assertEquals([found.get("user"), found.get("notice")], ["Ada", "Welcome"]);
      await second.commitSession(found);
      assertEquals((await first.getSession(cookie)).data, { user: "Ada" });
      assertEquals((await first.getSession("session=forged")).data, {});
      await first.destroySession(found);
      assertEquals((await second.getSession(cookie)).data, {});
      // A cookie that has expired ends the session.
      const last = await first.getSession();
      last.set("user", "Bob");
      const short = await first.commitSession(last, { expires: new Date(1000), maxAge: undefined });
      assertEquals((await second.getSession(short.split(";", 1)[0] ?? "")).data, {});
    });
  }
}

/** What makes a session storage of React Router, and of Remix. */
function storages() {
  const name = "session";
  const secrets = ["a secret"];
  // Remix leaves signing to its packages for each runtime.
  const createCookie = createCookieFactory({
    sign: (value) => Promise.resolve(`${value}.signed`),
    unsign: (value) => Promise.resolve(value.endsWith(".signed") && value.slice(0, -7)),
  });
  const createRemixStorage = createSessionStorageFactory(createCookie);
  return {
    "React Router": (strategy: ReturnType<typeof sessionIdStrategy>) =>
      createSessionStorage({ cookie: { name, secrets, maxAge: 60 }, ...strategy }),
    "Remix": (strategy: ReturnType<typeof sessionIdStrategy>) =>
      createRemixStorage({ cookie: { name, secrets, maxAge: 60 }, ...strategy }),
  };
}

Deno.test("sessions of the web: without memcached a request fails, or each visitor is new", async () => {
  await using strategy = sessionIdStrategy({ servers: AWAY });
  const storage = createSessionStorage({
    cookie: { name: "session", secrets: ["a secret"] },
    ...strategy,
  });
  const session = await storage.getSession();
  await assertRejects(() => storage.commitSession(session), SocketError);

  const { app, store } = honoSessionsApp(AWAY);
  await using _store = store;
  assertEquals(await new Visitor().asks(app, "/"), [500, "no sessions"]);

  const hono = honoSessionApp(AWAY);
  await using _storage = hono.storage;
  const ada = new Visitor();
  assertEquals(await ada.asks(hono.app, "/"), [200, "1"]);
  await hono.storage.written();
  assertEquals(hono.errors.length, 1);
  assert(hono.errors[0] instanceof SocketError);
  assertEquals(await ada.asks(hono.app, "/"), [500, "no sessions"]);

  await using client = new Client(AWAY, { failover: "miss" });
  const missing = createSessionStorage({
    cookie: { name: "session", secrets: ["a secret"] },
    ...sessionIdStrategy({ client }),
  });
  const cookie = await missing.commitSession(await missing.getSession());
  assertEquals((await missing.getSession(cookie.split(";", 1)[0] ?? "")).data, {});
});
