/**
 * A Hono server on Bun whose pages are rendered once for several such servers. Without memcached each request renders
 * its page.
 *
 * ```sh
 * bunx jsr add @moecache/moecache
 * bun add hono
 * bun examples/hono_cache.mjs
 * ```
 *
 * @module
 */

// deno-lint-ignore-file no-console

import process from "node:process";
import { Client } from "@moecache/moecache";
import { MoecacheCacheStorage } from "@moecache/moecache/cache";
import { Hono } from "hono";
import { cache } from "hono/cache";

const { MEMCACHED = "127.0.0.1:11211", PORT = "3000" } = process.env;

// With `failover: "miss"`, pages are rendered while memcached is down.
const client = new Client(MEMCACHED, { timeout: 1000, failover: "miss" });
client.addEventListener("error", ({ error }) => console.error(error?.message));
// Hono looks for it when `cache` is called.
Object.defineProperty(globalThis, "caches", { value: new MoecacheCacheStorage(client) });

const app = new Hono();
app.get(
  "/:page",
  // Only a worker can store a page after it has answered: others have to wait.
  cache({ cacheName: "pages", cacheControl: "max-age=60", wait: true }),
  async (context) => context.text(await render(context.req.path)),
);

/** The work that is worth remembering. */
async function render(path) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  return `${path} rendered at ${new Date().toISOString()} by ${process.pid}\n`;
}

const server = Bun.serve({ port: Number(PORT), fetch: app.fetch });
console.log(`Listening on ${server.url}`);
