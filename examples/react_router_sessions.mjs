/**
 * Sessions of React Router on Node, as its loaders and actions use them; Remix has the same functions. Here they are
 * called by an HTTP server. Several such servers share the sessions of their visitors.
 *
 * ```sh
 * npx jsr add @moecache/moecache
 * npm install react react-router
 * SESSION_SECRET=… node examples/react_router_sessions.mjs
 * ```
 *
 * @module
 */

// deno-lint-ignore-file no-console

import { createServer } from "node:http";
import process from "node:process";
import { sessionIdStrategy } from "@moecache/moecache/session";
import { createSessionStorage } from "react-router";

const { MEMCACHED = "127.0.0.1:11211", PORT = "3000", SESSION_SECRET } = process.env;
const HOUR = 60 * 60;

if (!SESSION_SECRET) throw new Error("Set SESSION_SECRET, the same for all servers");

const { getSession, commitSession, destroySession } = createSessionStorage({
  cookie: { name: "session", secrets: [SESSION_SECRET], maxAge: HOUR, httpOnly: true },
  ...sessionIdStrategy({ servers: MEMCACHED, clientOptions: { timeout: 1000 } }),
});

/** What a loader does: the cookie has the id of the session, memcached the rest. */
async function visit(cookie) {
  const session = await getSession(cookie);
  const views = (session.get("views") ?? 0) + 1;
  session.set("views", views);
  return [await commitSession(session), `You have been here ${views} times\n`];
}

async function logOut(cookie) {
  return [await destroySession(await getSession(cookie)), "Goodbye\n"];
}

const server = createServer(async ({ url, headers }, response) => {
  try {
    const [cookie, text] = await (url === "/logout" ? logOut : visit)(headers.cookie);
    response.writeHead(200, { "Set-Cookie": cookie }).end(text);
  } catch (error) {
    // While memcached is down, a visitor gets this.
    console.error(error.message);
    response.writeHead(503).end("Please try again\n");
  }
});
server.listen(Number(PORT), () => {
  console.log(`Listening on http://localhost:${server.address().port}/`);
});
