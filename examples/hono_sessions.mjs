/**
 * A Hono server on Bun with sessions. Several such servers share the sessions of their visitors.
 *
 * ```sh
 * bunx jsr add @moecache/moecache
 * bun add hono hono-sessions
 * SESSION_SECRET=… bun examples/hono_sessions.mjs
 * ```
 *
 * @module
 */

// deno-lint-ignore-file no-console

import process from "node:process";
import { honoSessionsStore } from "@moecache/moecache/session";
import { Hono } from "hono";
import { sessionMiddleware } from "hono-sessions";

const { MEMCACHED = "127.0.0.1:11211", PORT = "3000", SESSION_SECRET } = process.env;
const HOUR = 60 * 60;

if (!SESSION_SECRET) throw new Error("Set SESSION_SECRET, the same for all servers");

const app = new Hono();
app.use(sessionMiddleware({
  store: honoSessionsStore({ servers: MEMCACHED, clientOptions: { timeout: 1000 } }),
  encryptionKey: SESSION_SECRET, // at least 32 characters
  expireAfterSeconds: HOUR,
}));

app.get("/", (context) => {
  const session = context.get("session");
  session.set("views", (session.get("views") ?? 0) + 1);
  return context.text(`You have been here ${session.get("views")} times\n`);
});

app.get("/logout", (context) => {
  context.get("session").deleteSession();
  return context.text("Goodbye\n");
});

// While memcached is down, every visitor gets this.
app.onError((error, context) => {
  console.error(error.message);
  return context.text("Please try again\n", 503);
});

const server = Bun.serve({ port: Number(PORT), fetch: app.fetch });
console.log(`Listening on ${server.url}`);
