/**
 * A Fastify 5 server which answers each caller five times in a minute, however many such servers there are.
 *
 * ```sh
 * npx jsr add @moecache/moecache
 * npm install fastify @fastify/rate-limit
 * node examples/fastify_rate_limit.mjs
 * ```
 *
 * @module
 */

// deno-lint-ignore-file no-console

import process from "node:process";
import fastifyRateLimit from "@fastify/rate-limit";
import { fastifyRateLimitStore } from "@moecache/moecache/rate-limit";
import fastify from "fastify";

const { MEMCACHED = "127.0.0.1:11211", PORT = "3000", WINDOW_MS = "60000" } = process.env;

const store = fastifyRateLimitStore({ servers: MEMCACHED, clientOptions: { timeout: 1000 } });
const app = fastify();
await app.register(fastifyRateLimit, {
  store,
  max: 5,
  timeWindow: Number(WINDOW_MS),
  skipOnError: true, // while memcached is down, no request is counted, and none is refused
});
app.addHook("onClose", () => store.close());

app.get("/", () => "Welcome\n");

console.log(`Listening on ${await app.listen({ port: Number(PORT) })}/`);
