/**
 * An Express 5 server whose visitors keep their sessions, whichever of such servers they reach.
 *
 * ```sh
 * npx jsr add @moecache/moecache
 * npm install express express-session
 * SESSION_SECRET=… node examples/express_sessions.mjs
 * ```
 *
 * @module
 */

// deno-lint-ignore-file no-console

import process from "node:process";
import { moecacheSessionStore } from "@moecache/moecache/session";
import express from "express";
import session from "express-session";

const { MEMCACHED = "127.0.0.1:11211", PORT = "3000", SESSION_SECRET } = process.env;
const HOUR = 60 * 60 * 1000;

if (!SESSION_SECRET) throw new Error("Set SESSION_SECRET, the same for all servers");

const store = moecacheSessionStore(session, {
  servers: MEMCACHED,
  clientOptions: { timeout: 1000 },
});
const app = express();
app.use(session({
  store,
  secret: SESSION_SECRET,
  cookie: { maxAge: HOUR },
  resave: false, // a session that has not changed is touched, not stored again
  saveUninitialized: false, // visitors without a session leave nothing in memcached
}));

app.get("/", (request, response) => {
  request.session.views = (request.session.views ?? 0) + 1;
  response.send(`You have been here ${request.session.views} times\n`);
});

app.get("/logout", (request, response, next) => {
  request.session.destroy((error) => error ? next(error) : response.send("Goodbye\n"));
});

// While memcached is down, a visitor with a session gets this. Express needs all four parameters.
app.use((error, _request, response, next) => {
  console.error(error.message);
  // express-session reports after the answer what it could not store.
  if (response.headersSent) next(error);
  else response.status(503).send("Please try again\n");
});

const server = app.listen(Number(PORT), () => {
  console.log(`Listening on http://localhost:${server.address().port}/`);
});
