/** Express 5 with express-session and express-rate-limit, and Fastify with its rate limit, on memcached. */

import { assertEquals } from "@std/assert";
import express from "express";
import fastifyRateLimit from "@fastify/rate-limit";
import { rateLimit } from "express-rate-limit";
import session from "express-session";
import fastify from "fastify";
import { CookieJar } from "tough-cookie";
import { fastifyRateLimitStore, RateLimitStore } from "@moecache/moecache/rate-limit";
import { moecacheSessionStore } from "@moecache/moecache/session";
import { SERVERS } from "./servers.ts";

/** A day, so that no test meets the end of a window, but at midnight. */
const DAY = 86_400_000;

/** What is used of an application of Express. */
interface App {
  listen(port: number, hostname: string, done: () => void): {
    address(): { port: number };
    close(done: () => void): void;
  };
}

/** Runs an application, and gives its URL. */
async function serving(app: unknown, body: (url: string) => Promise<void>): Promise<void> {
  const listening = Promise.withResolvers<void>();
  const server = (app as App).listen(0, "127.0.0.1", () => listening.resolve());
  await listening.promise;
  try {
    await body(`http://127.0.0.1:${server.address().port}/`);
  } finally {
    await new Promise<void>((done) => server.close(done));
  }
}

/** Asks as a browser does that has closed its connection after each answer. */
async function ask(url: string, jar: CookieJar): Promise<[status: number, text: string]> {
  const headers = { Cookie: await jar.getCookieString(url), Connection: "close" };
  const response = await fetch(url, { headers });
  for (const cookie of response.headers.getSetCookie()) await jar.setCookie(cookie, url);
  return [response.status, await response.text()];
}

function sessionApp(servers: string) {
  const store = moecacheSessionStore(session, { servers });
  const app = express();
  const cookie = { maxAge: 60_000 };
  app.use(session({ store, cookie, secret: "s", resave: false, saveUninitialized: false }));
  // deno-lint-ignore no-explicit-any -- a session has whatever the program puts there
  type Request = { session: any };
  type Response = {
    headersSent: boolean;
    send(text: string): void;
    status(code: number): Response;
  };
  app.get("/", ({ session }: Request, response: Response) => {
    session.views = (session.views ?? 0) + 1;
    response.send(`${session.views}`);
  });
  app.get("/look", ({ session }: Request, response: Response) => {
    response.send(`${session.views}`);
  });
  app.get("/remember", ({ session }: Request, response: Response) => {
    session.cookie.maxAge = 600_000;
    response.send("remembered");
  });
  app.get("/age", ({ session }: Request, response: Response) => {
    response.send(`${session.cookie.originalMaxAge}`);
  });
  app.get("/new", ({ session }: Request, response: Response) => {
    session.regenerate(() => response.send("new"));
  });
  app.get("/out", ({ session }: Request, response: Response) => {
    session.destroy(() => response.send("out"));
  });
  app.use((_error: unknown, _request: Request, response: Response, _next: unknown) => {
    // What cannot be stored is noticed after the answer has begun.
    if (!response.headersSent) response.status(500).send("no sessions");
  });
  return { app, store };
}

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`express-session: two processes share sessions on ${kind}`, async () => {
    await using memcached = await start();
    const [one, two] = [sessionApp(memcached.address), sessionApp(memcached.address)];
    await using _one = one.store;
    await using _two = two.store;
    const [ada, bob] = [new CookieJar(), new CookieJar()];
    await serving(one.app, async (first) => {
      await serving(two.app, async (second) => {
        // A cookie is for a host, whatever the port.
        assertEquals(await ask(first, ada), [200, "1"]);
        assertEquals(await ask(second, ada), [200, "2"]);
        assertEquals(await ask(`${first}look`, ada), [200, "2"]);
        // What changes the cookie alone is a touch.
        assertEquals(await ask(`${second}remember`, ada), [200, "remembered"]);
        assertEquals(await ask(`${first}age`, ada), [200, "600000"]);
        assertEquals(await ask(first, bob), [200, "1"]);
        assertEquals(await ask(`${second}new`, ada), [200, "new"]);
        assertEquals(await ask(first, ada), [200, "1"]);
        assertEquals(await ask(`${first}out`, ada), [200, "out"]);
        assertEquals(await ask(`${second}look`, ada), [200, "undefined"]);
        assertEquals(await ask(second, bob), [200, "2"]);
      });
    });
  });

  Deno.test(`express-rate-limit: two processes count together on ${kind}`, async () => {
    await using memcached = await start();
    await using one = new RateLimitStore({ servers: memcached.address });
    await using two = new RateLimitStore({ servers: memcached.address });
    const makeApp = (store: RateLimitStore) => {
      const app = express();
      app.use(rateLimit({ windowMs: DAY, limit: 3, store, standardHeaders: "draft-7" }));
      app.get("/", (_request: unknown, response: { send(text: string): void }) => {
        response.send("Welcome");
      });
      return app;
    };
    await serving(makeApp(one), async (first) => {
      await serving(makeApp(two), async (second) => {
        const statuses = [];
        for (const url of [first, second, first, second, first]) {
          statuses.push((await ask(url, new CookieJar()))[0]);
        }
        assertEquals(statuses, [200, 200, 200, 429, 429]);
      });
    });
  });

  Deno.test(`@fastify/rate-limit: two processes count together on ${kind}`, async () => {
    await using memcached = await start();
    const makeApp = async () => {
      const store = fastifyRateLimitStore({ servers: memcached.address });
      const app = fastify();
      await app.register(fastifyRateLimit, { max: 2, timeWindow: DAY, store });
      app.get("/", () => "Welcome");
      const config = { rateLimit: { max: 1, timeWindow: DAY } };
      app.get("/slow", { config }, () => "Welcome");
      app.addHook("onClose", () => store.close());
      return app;
    };
    const [one, two] = [await makeApp(), await makeApp()];
    const statuses = [];
    for (const [app, url] of [[one, "/"], [two, "/"], [one, "/"], [two, "/slow"], [one, "/slow"]]) {
      // deno-lint-ignore no-explicit-any -- a list of pairs has no types of its parts
      statuses.push((await (app as any).inject(url)).statusCode);
    }
    assertEquals(statuses, [200, 200, 429, 200, 429]);
    await one.close();
    await two.close();
  });
}

Deno.test("express: without memcached sessions fail, and limits let pass where they may", async () => {
  const { app, store } = sessionApp("127.0.0.1:1");
  await using _store = store;
  const jar = new CookieJar();
  await serving(app, async (url) => {
    // express-session answers what it could not store, and hands the error on when it next reads.
    await ask(url, jar);
    assertEquals(await ask(`${url}look`, jar), [500, "no sessions"]);
  });
  await using limits = new RateLimitStore({ servers: "127.0.0.1:1" });
  const open = express();
  const logger = { error() {}, warn() {} };
  open.use(rateLimit({ limit: 1, store: limits, passOnStoreError: true, logger }));
  open.get("/", (_request: unknown, response: { send(text: string): void }) => response.send("in"));
  await serving(open, async (url) => {
    for (let i = 0; i < 3; i++) assertEquals(await ask(url, jar), [200, "in"]);
  });
});
