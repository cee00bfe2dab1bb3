/**
 * An Express 5 server which answers each caller five times in a minute, however many such servers there are.
 *
 * ```sh
 * npx jsr add @moecache/moecache
 * npm install express express-rate-limit
 * node examples/express_rate_limit.mjs
 * ```
 *
 * @module
 */

// deno-lint-ignore-file no-console

import process from "node:process";
import { RateLimitStore } from "@moecache/moecache/rate-limit";
import express from "express";
import { rateLimit } from "express-rate-limit";

const { MEMCACHED = "127.0.0.1:11211", PORT = "3000", WINDOW_MS = "60000" } = process.env;

const store = new RateLimitStore({ servers: MEMCACHED, clientOptions: { timeout: 1000 } });
const app = express();
app.use(rateLimit({
  store,
  windowMs: Number(WINDOW_MS),
  limit: 5,
  standardHeaders: "draft-8",
  legacyHeaders: false,
  passOnStoreError: true, // while memcached is down, no request is counted, and none is refused
}));

app.get("/", (_request, response) => {
  response.send("Welcome\n");
});

const server = app.listen(Number(PORT), () => {
  console.log(`Listening on http://localhost:${server.address().port}/`);
});
